//! What the duty keeps in mind of one action between two steps, and the step.

use super::bucket::Bucket;
use super::item;
use super::judge::{Next, next};
use crate::error::Error;
use crate::station::Station;
use deadpool_postgres::Object;
use futures::stream::{self, StreamExt, TryStreamExt};
use ledger::failpoint;
use projections::bulk::{self, Action, Item, Settled, State, Tally};
use tokio::time::Instant;

/// Commands at once: enough to share INSERTs, few enough that little more is done once somebody has stopped the action.
const AT_ONCE: usize = 16;

/// Retried jobs whose end is looked for in one step.
const FOLLOWED: i64 = 2_000;

/// One step in so many looks again at what has not moved: with the usual pause, every five seconds.
const SELDOM: u32 = 20;

pub(super) struct Course {
    fencing: i64,
    bucket: Bucket,
    /// Begun, and the ledger has not told what became of them.
    begun: Vec<Item>,
    /// Up to which job ends were looked for.
    followed: u32,
    /// When ends are to be looked for again.
    follow_at: Instant,
    /// The last count, until something moves.
    counted: Option<Counted>,
}

/// The jobs by outcome as they were.
struct Counted {
    tally: Tally,
    judged_from: u32,
    at: Instant,
}

impl Course {
    /// Takes an action over, with what a process before this one had begun.
    pub(super) async fn take_over(station: &Station, fencing: i64, action: &Action) -> Result<Course, Error> {
        let client = station.writer.get().await?;
        bulk::claim(&**client, action.id, fencing).await?;
        let begun = bulk::begun(&**client, action.id).await?;
        tracing::info!(
            action = %action.id, kind = action.deed.as_str(), jobs = action.items, left_begun = begun.len(),
            "a bulk action is taken up"
        );
        let now = Instant::now();
        Ok(Course { fencing, bucket: Bucket::empty(now), begun, followed: 0, follow_at: now, counted: None })
    }

    /// Settles what was begun, looks for ends, and does what comes next.
    pub(super) async fn step(&mut self, station: &Station, action: &Action) -> Result<(), Error> {
        self.settle(station, action).await?;
        let client = station.writer.get().await?;
        self.follow(&client, station, action).await?;
        if action.state == State::Paused {
            return Ok(());
        }
        let next = next(action, self.tally(&client, station, action).await?);
        let (id, fencing) = (action.id, self.fencing);
        match next {
            Next::Wait => {}
            Next::Begin(most) => {
                let most = self.bucket.take(Instant::now(), action.rate, most);
                if most > 0 {
                    self.begun.extend(bulk::begin(&**client, id, fencing, most).await?);
                    failpoint::pass("bulk.begun");
                    self.counted = None;
                }
                drop(client);
                self.settle(station, action).await?;
            }
            Next::PassCanary => {
                if bulk::pass_canary(&**client, id, fencing).await? {
                    tracing::info!(action = %id, "the canary of a bulk action is over");
                }
            }
            Next::Pause(cause) => {
                if bulk::pause(&**client, id, fencing, &cause).await? {
                    metrics::counter!("cooly_bulk_pauses_total").increment(1);
                    tracing::warn!(action = %id, cause, "a bulk action has paused by itself; somebody should look");
                }
            }
            Next::End => {
                if bulk::end(&**client, id, fencing).await? {
                    tracing::info!(action = %id, jobs = action.items, "every job of a bulk action was begun");
                }
            }
            Next::Close => {
                // What is kept for ever is counted for it.
                let tally = bulk::counts(&**client, id, action.judged_from).await?;
                bulk::close(&**client, id, fencing, &tally).await?;
                tracing::info!(action = %id, state = action.state.as_str(), "a bulk action is over");
            }
        }
        Ok(())
    }

    /// Looks for ends. While nothing is begun and none is found, seldom.
    async fn follow(&mut self, client: &Object, station: &Station, action: &Action) -> Result<(), Error> {
        let now = Instant::now();
        if !is_going(action) && now < self.follow_at {
            return Ok(());
        }
        let (followed, ended) =
            bulk::follow(&***client, action.id, self.fencing, self.followed, FOLLOWED).await?;
        self.followed = followed;
        if ended > 0 {
            self.counted = None;
        } else if followed == 0 {
            self.follow_at = now + SELDOM * station.timings.bulk_every;
        }
        Ok(())
    }

    /// The jobs by outcome. They are counted when something has moved: nobody else moves them.
    async fn tally(&mut self, client: &Object, station: &Station, action: &Action) -> Result<&Tally, Error> {
        let now = Instant::now();
        let known = self.counted.take().filter(|counted| {
            counted.judged_from == action.judged_from
                && now < counted.at + SELDOM * station.timings.bulk_every
        });
        let counted = match known {
            Some(counted) => counted,
            None => {
                let tally = bulk::counts(&***client, action.id, action.judged_from).await?;
                Counted { tally, judged_from: action.judged_from, at: now }
            }
        };
        Ok(&self.counted.insert(counted).tally)
    }

    /// Asks about what is begun, and notes what is said: the ledger, or the log alone once somebody has stopped the action.
    /// What had not been done by then waits again.
    async fn settle(&mut self, station: &Station, action: &Action) -> Result<(), Error> {
        if self.begun.is_empty() {
            return Ok(());
        }
        let (mut is_going, mut settled) = (is_going(action), Vec::new());
        for some in self.begun.chunks(AT_ONCE) {
            is_going = is_going && still_goes_on(station, action).await?;
            let asked = some.iter().map(|item| async move {
                if is_going {
                    item::perform(station, action, item).await
                } else {
                    item::look(station, action, item).await
                }
            });
            let asked = stream::iter(asked.collect::<Vec<_>>());
            let told: Vec<Option<Settled>> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
            settled.extend(told.into_iter().flatten());
        }
        failpoint::pass("bulk.performed");
        // In order, since whoever locks rows in another order might wait for this in vain.
        settled.sort_unstable_by_key(|one| one.ordinal);
        let client = station.writer.get().await?;
        bulk::settle(&**client, action.id, self.fencing, &settled).await?;
        self.counted = None;
        self.follow_at = Instant::now();
        self.begun.retain(|item| settled.binary_search_by_key(&item.ordinal, |one| one.ordinal).is_err());
        if !is_going && !self.begun.is_empty() {
            let left: Vec<u32> = self.begun.iter().map(|item| item.ordinal).collect();
            bulk::put_back(&**client, action.id, self.fencing, &left).await?;
            self.begun.clear();
        }
        for one in &settled {
            let labels = [("kind", action.deed.as_str()), ("outcome", one.outcome.as_str())];
            metrics::counter!("cooly_bulk_jobs_total", &labels).increment(1);
        }
        Ok(())
    }
}

/// The same, as it is at this moment: somebody may have stopped it since the step began.
async fn still_goes_on(station: &Station, action: &Action) -> Result<bool, Error> {
    let now = bulk::get(&**station.reader.get().await?, action.id).await?;
    Ok(now.is_some_and(|now| is_going(&now)))
}

/// Whether anything more of it may be begun.
fn is_going(action: &Action) -> bool {
    matches!(action.state, State::Canary | State::Running)
}
