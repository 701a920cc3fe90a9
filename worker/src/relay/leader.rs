//! The loop of the relay that leads: begins what can be begun, hears what has ended.
//!
//! Reading, sending, moving the checkpoint and searching run side by side, each in its own future, and none of them waits
//! for another. All decisions fall between them, on the board.

use super::NAME;
use super::board::{Board, Limits, Window};
use super::depth;
use super::doors::Doors;
use super::news::{self, Coming, never};
use super::outbox::Outbox;
use super::timed::Timed;
use crate::checkpoint;
use crate::error::Error;
use crate::offer::Offer;
use crate::queue::MOST_REQUESTS;
use crate::runner::most_of_one;
use crate::sharing::most_out;
use crate::station::Station;
use chrono::{DateTime, Utc};
use futures::stream::{FuturesUnordered, StreamExt};
use ledger::Position;
use projections::pending::Lane;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// A checkpoint is moved at once past events that became messages. Past others it may lag this long, since
/// reading those again costs nothing.
const LAZY_CHECKPOINT: Duration = Duration::from_secs(1);
/// "At once" lets the answers of a few requests share one move.
const EAGER_CHECKPOINT: Duration = Duration::from_millis(10);

/// Between two looks for lanes that run out of remembered jobs.
pub(super) const FILL_EVERY: Duration = Duration::from_millis(20);

/// Most shelves that are filled by one question.
const MOST_SHELVES: usize = 100;

const LAST_CALL: Duration = Duration::from_secs(1);

/// Waiting jobs of one account on one model that are remembered.
const KEPT: usize = 256;

/// Twice what one provider gets of a worker's slots: they are busy for a round trip longer, and a newcomer starts within
/// three job times.
fn limits(station: &Station) -> Limits {
    let of = |class: Option<&str>| {
        let slots = station.slots_of(class);
        let of_one = most_of_one(slots, station.is_shared(class));
        Window { of_lane: of_one * 2, of_provider: most_out(slots) }
    };
    let offer = station.offer();
    let of_model = |id: &str| Some((station.window_of(id), of(Some(offer.class_of(id)?))));
    let windows = offer.catalogue.models().filter_map(|model| of_model(&model.id)).collect();
    Limits { usual: of(None), windows, kept: KEPT }
}

/// Leads while the lease is held.
pub(super) async fn follow(
    station: Arc<Station>,
    fencing: i64,
    held: CancellationToken,
) -> Result<(), Error> {
    let safe = checkpoint::claim(&**station.writer.get().await?, NAME, fencing).await?;
    let mut leader = Leader::new(station, fencing, safe);
    let queues = Arc::clone(&leader.station);
    let lead = held.run_until_cancelled(leader.lead());
    let ended = depth::while_telling(&queues, lead).await;
    metrics::gauge!("cooly_relay_waiting_jobs").set(0.0);
    leader.forget_held();
    ended.unwrap_or(Ok(()))?;
    leader.say_goodbye().await;
    Ok(())
}

/// The state of the relay that leads.
pub(super) struct Leader {
    pub station: Arc<Station>,
    pub fencing: i64,
    pub mark: watch::Receiver<Position>,
    offers: watch::Receiver<Arc<Offer>>,
    pub board: Board,
    pub outbox: Outbox,
    pub work: FuturesUnordered<Coming>,
    pub requests: usize,
    /// Up to here the board was told all.
    pub read: Position,
    pub is_reading: bool,
    /// Where the checkpoint is, and where it was when this relay took over.
    pub safe: Position,
    pub taken_over_at: Position,
    /// Messages were acknowledged since it was moved.
    pub is_behind: bool,
    pub moving: Timed,
    pub filling: Timed,
    pub searching: Timed,
    /// Where the search goes on.
    pub searched: Option<Lane>,
    pub judging: Timed,
    pub telling: Timed,
    /// Models of which it was told how many of their jobs are held back.
    pub told_held: BTreeSet<String>,
    pub doors: Doors,
    pub looking: Timed,
    /// When the look began that is under way.
    pub looked_at: Instant,
}

impl Leader {
    fn new(station: Arc<Station>, fencing: i64, safe: Position) -> Leader {
        let now = Instant::now();
        Leader {
            mark: station.mark.clone(),
            offers: station.offers(),
            board: Board::new(limits(&station), safe),
            outbox: Outbox::new(station.timings.queue_linger),
            work: FuturesUnordered::new(),
            requests: 0,
            read: safe,
            is_reading: false,
            safe,
            taken_over_at: safe,
            is_behind: false,
            moving: Timed::at(now),
            filling: Timed::at(now),
            searching: Timed::at(now),
            searched: None,
            judging: Timed::at(now + station.timings.reconcile_every),
            telling: Timed::at(now),
            told_held: BTreeSet::new(),
            doors: Doors::default(),
            looking: Timed::at(now),
            looked_at: now,
            station,
            fencing,
        }
    }

    async fn lead(&mut self) -> Result<(), Error> {
        loop {
            self.begin();
            let wake = self.next_wake();
            let (work, mark, is_reading) = (&mut self.work, &mut self.mark, self.is_reading);
            let news = tokio::select! {
                Some(news) = work.next() => Some(news?),
                // The watcher ends only with the process.
                changed = mark.changed(), if !is_reading => if changed.is_err() { never().await } else { None },
                () = sleep_until(wake) => None,
            };
            if let Some(news) = news {
                self.hear(news);
            }
        }
    }

    /// Begins all that can be begun.
    fn begin(&mut self) {
        let now = Instant::now();
        if self.offers.has_changed().unwrap_or(false) {
            self.offers.mark_unchanged();
            self.board.limit(limits(&self.station));
        }
        self.board.wake(self.station.now());
        self.look(now);
        // Not before it is known what would come back.
        if self.doors.has_looked() {
            self.probe(now);
            self.send(now);
        }
        let until = *self.mark.borrow_and_update();
        if !self.is_reading && self.read < until {
            self.is_reading = true;
            self.work.push(news::read(Arc::clone(&self.station), self.read, until));
        }
        self.move_checkpoint(now);
        self.fill(now);
        if self.searching.is_due(now) {
            self.searching.is_running = true;
            let find = news::find(Arc::clone(&self.station), self.searched.take(), self.taken_over_at);
            self.work.push(find);
        }
        self.judge(now);
        if self.telling.is_due(now) {
            metrics::gauge!("cooly_relay_waiting_jobs").set(self.board.waiting() as f64);
            self.measure_held();
            self.telling.ended(LAZY_CHECKPOINT);
        }
    }

    fn send(&mut self, now: Instant) {
        while self.requests < MOST_REQUESTS {
            let request = self.outbox.next_request(&mut self.board, now);
            if request.is_empty() {
                return;
            }
            for (queue, parcels) in self.station.by_queue(request, |parcel| &parcel.ask.model) {
                self.requests += 1;
                self.work.push(news::send(queue, parcels));
            }
        }
    }

    fn move_checkpoint(&mut self, now: Instant) {
        if self.next_move().is_some_and(|next| next <= now) {
            self.moving.is_running = true;
            self.is_behind = false;
            let safe = self.board.safe_until(self.read);
            self.work.push(news::move_to(Arc::clone(&self.station), self.fencing, safe));
        }
    }

    /// When the checkpoint is to be moved, if there is anything to move it over.
    fn next_move(&self) -> Option<Instant> {
        let pause = if self.is_behind { EAGER_CHECKPOINT } else { LAZY_CHECKPOINT };
        let last = self.moving.next().filter(|_| self.board.safe_until(self.read) > self.safe)?;
        Some(last + pause)
    }

    fn fill(&mut self, now: Instant) {
        if !self.filling.is_due(now) || !self.board.is_short() {
            return;
        }
        let (shelves, each) = self.board.short(MOST_SHELVES);
        self.filling.is_running = true;
        self.work.push(news::fronts(Arc::clone(&self.station), shelves, each));
    }

    fn judge(&mut self, now: Instant) {
        if !self.judging.is_due(now) {
            return;
        }
        let overdue = self.board.overdue(now, self.station.timings.reconcile_after);
        if overdue.overtaken.is_empty() && overdue.others.is_empty() {
            return self.judging.ended(self.station.timings.reconcile_every);
        }
        self.judging.is_running = true;
        self.work.push(news::judge(Arc::clone(&self.station), overdue));
    }

    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let until_due = |due: DateTime<Utc>| (due - self.station.now()).to_std().unwrap_or_default();
        let times = [
            self.board.next_due().map(|due| now + until_due(due)),
            self.outbox.next_try().filter(|_| self.requests < MOST_REQUESTS),
            self.next_move(),
            self.filling.next().filter(|_| self.board.is_short()),
            self.searching.next(),
            self.judging.next(),
            self.telling.next(),
            self.looking.next(),
        ];
        times.into_iter().flatten().min().unwrap_or(now + LAZY_CHECKPOINT)
    }

    /// Spares the next relay what this one has done. Best effort.
    async fn say_goodbye(self) {
        let Leader { board, station, fencing, read, .. } = self;
        let safe = board.safe_until(read);
        if safe > self.safe {
            let moving = news::move_checkpoint(&station, fencing, safe);
            if let Ok(Err(_)) | Err(_) = timeout(LAST_CALL, moving).await {
                tracing::debug!("the relay's checkpoint is left where it was");
            }
        }
    }
}
