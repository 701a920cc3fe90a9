//! What the duty keeps in mind of one action between two steps, and the step.

use super::bucket::Bucket;
use super::item;
use super::judge::{Next, next};
use crate::error::Error;
use crate::station::Station;
use futures::stream::{self, StreamExt, TryStreamExt};
use projections::bulk::{self, Action, Item, Settled};
use tokio::time::Instant;

/// Commands at once: enough to fill the lanes' batches, few enough to leave room for users.
const AT_ONCE: usize = 64;

/// Retried jobs whose end is looked for in one step.
const FOLLOWED: i64 = 2_000;

pub(super) struct Course {
    fencing: i64,
    bucket: Bucket,
    /// Begun, and the ledger has not told what became of them.
    begun: Vec<Item>,
    /// Up to which job ends were looked for.
    followed: u32,
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
        Ok(Course { fencing, bucket: Bucket::empty(Instant::now()), begun, followed: 0 })
    }

    /// Settles what was begun, looks for ends, and does what comes next.
    pub(super) async fn step(&mut self, station: &Station, action: &Action) -> Result<(), Error> {
        self.settle(station, action).await?;
        let client = station.writer.get().await?;
        (self.followed, _) =
            bulk::follow(&**client, action.id, self.fencing, self.followed, FOLLOWED).await?;
        let tally = bulk::counts(&**client, action.id, action.judged_from).await?;
        let (id, fencing) = (action.id, self.fencing);
        match next(action, &tally) {
            Next::Wait => {}
            Next::Begin(most) => {
                let most = self.bucket.take(Instant::now(), action.rate, most);
                if most > 0 {
                    self.begun.extend(bulk::begin(&**client, id, fencing, most).await?);
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
                bulk::close(&**client, id, fencing, &tally).await?;
                tracing::info!(action = %id, state = action.state.as_str(), "a bulk action is over");
            }
        }
        Ok(())
    }

    /// Asks the ledger about what is begun, and notes what it says.
    async fn settle(&mut self, station: &Station, action: &Action) -> Result<(), Error> {
        if self.begun.is_empty() {
            return Ok(());
        }
        let begun = stream::iter(self.begun.clone());
        let asked = begun.map(|item| async move { item::perform(station, action, &item).await });
        let told: Vec<Option<Settled>> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut settled: Vec<Settled> = told.into_iter().flatten().collect();
        // In order, since whoever locks rows in another order might wait for this in vain.
        settled.sort_unstable_by_key(|one| one.ordinal);
        bulk::settle(&**station.writer.get().await?, action.id, self.fencing, &settled).await?;
        self.begun.retain(|item| settled.binary_search_by_key(&item.ordinal, |one| one.ordinal).is_err());
        for one in &settled {
            let labels = [("kind", action.deed.as_str()), ("outcome", one.outcome.as_str())];
            metrics::counter!("cooly_bulk_jobs_total", &labels).increment(1);
        }
        Ok(())
    }
}
