//! The loop of the relay that leads: begins what can be begun, hears what has ended.
//!
//! Reading, sending, moving the checkpoint and searching run side by side, each in its own future, and none of them waits
//! for another. All decisions fall between them, on the board.

use super::board::{Board, Limits};
use super::checkpoint;
use super::news::{self, Coming, News, never};
use super::outbox::Outbox;
use super::search::Found;
use super::suspects::Verdict;
use super::tail::Step;
use crate::error::Error;
use crate::queue::MOST_REQUESTS;
use crate::runner::most_of_one;
use crate::station::Station;
use chrono::{DateTime, Utc};
use futures::stream::{FuturesUnordered, StreamExt};

use ledger::Position;
use projections::pending::Lane;
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
const FILL_EVERY: Duration = Duration::from_millis(20);

/// Between two questions whether the read model is far enough.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Most lanes that are filled by one question.
const MOST_LANES: usize = 100;

const LAST_CALL: Duration = Duration::from_secs(1);

/// Waiting jobs of one account at one provider that are remembered.
const KEPT: usize = 256;

/// Twice what one provider gets of a worker's slots: they are busy for a round trip longer, and a newcomer starts within
/// three job times.
fn limits(station: &Station) -> Limits {
    let slots = most_of_one(station.concurrency, station.has_several_providers());
    Limits { of_lane: slots * 2, of_provider: station.most_out_of_provider(), kept: KEPT }
}

/// Leads while the lease is held.
pub(super) async fn follow(
    station: Arc<Station>,
    fencing: i64,
    held: CancellationToken,
) -> Result<(), Error> {
    let safe = checkpoint::claim(&station.writer, fencing).await?;
    let mut leader = Leader::new(station, fencing, safe);
    let ended = held.run_until_cancelled(leader.lead()).await;
    metrics::gauge!("cooly_relay_waiting_jobs").set(0.0);
    ended.unwrap_or(Ok(()))?;
    leader.say_goodbye().await;
    Ok(())
}

/// Something that runs at times, and once at a time.
struct Timed {
    is_running: bool,
    next: Instant,
}

impl Timed {
    fn at(next: Instant) -> Timed {
        Timed { is_running: false, next }
    }

    /// Whether it is to begin now.
    fn is_due(&self, now: Instant) -> bool {
        !self.is_running && self.next <= now
    }

    fn ended(&mut self, pause: Duration) {
        *self = Timed::at(Instant::now() + pause);
    }

    /// When it may begin, unless it runs.
    fn next(&self) -> Option<Instant> {
        (!self.is_running).then_some(self.next)
    }
}

struct Leader {
    station: Arc<Station>,
    fencing: i64,
    mark: watch::Receiver<Position>,
    board: Board,
    outbox: Outbox,
    work: FuturesUnordered<Coming>,
    requests: usize,
    /// Up to here the board was told all.
    read: Position,
    is_reading: bool,
    /// Where the checkpoint is, and where it was when this relay took over.
    safe: Position,
    taken_over_at: Position,
    /// Messages were acknowledged since it was moved.
    is_behind: bool,
    moving: Timed,
    filling: Timed,
    searching: Timed,
    /// Where the search goes on.
    searched: Option<Lane>,
    judging: Timed,
    telling: Timed,
}

impl Leader {
    fn new(station: Arc<Station>, fencing: i64, safe: Position) -> Leader {
        let now = Instant::now();
        Leader {
            mark: station.mark.clone(),
            board: Board::new(limits(&station), safe),
            outbox: Outbox::default(),
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
        self.board.wake(self.station.now());
        self.send(now);
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
            self.telling.ended(LAZY_CHECKPOINT);
        }
    }

    fn send(&mut self, now: Instant) {
        while self.requests < MOST_REQUESTS {
            let request = self.outbox.next_request(&mut self.board, now);
            if request.is_empty() {
                return;
            }
            self.requests += 1;
            self.work.push(news::send(Arc::clone(&self.station), request));
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
        if !self.filling.is_due(now) || !self.board.has_more() {
            return;
        }
        let (lanes, each) = self.board.short(MOST_LANES);
        if lanes.is_empty() {
            return self.filling.ended(FILL_EVERY);
        }
        self.filling.is_running = true;
        self.work.push(news::fronts(Arc::clone(&self.station), lanes, each));
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
            self.filling.next().filter(|_| self.board.has_more()),
            self.searching.next(),
            self.judging.next(),
            self.telling.next(),
        ];
        times.into_iter().flatten().min().unwrap_or(now + LAZY_CHECKPOINT)
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Read(page) => {
                let now = self.station.now();
                self.is_reading = false;
                for step in page.steps {
                    match step {
                        Step::Ask(ask) => self.board.ask(ask, now),
                        Step::Settle { key, position, claimed } => self.board.settle(key, position, claimed),
                    }
                }
                self.read = page.until;
            }
            News::Answered(answers) => {
                self.requests -= 1;
                self.is_behind |= measure(&self.station, &answers) > 0;
                for parcel in self.outbox.answered(&mut self.board, answers, Instant::now()) {
                    self.work.push(news::set_aside(Arc::clone(&self.station), parcel));
                }
            }
            News::Aside(parcel, true) => {
                self.board.drop_ask(&parcel.ask);
                self.is_behind = true;
            }
            News::Aside(parcel, false) => self.outbox.rest(parcel, Instant::now()),
            News::Moved(position) => {
                self.safe = position;
                self.board.moved(position);
                self.moving.ended(Duration::ZERO);
            }
            News::Fronts(fronts) => {
                for front in fronts {
                    self.board.refill(&front.lane, front.asks, front.is_all, front.at);
                }
                self.filling.ended(FILL_EVERY);
            }
            News::Found(found) => self.take_in(found),
            News::Judged(verdicts) => self.carry_out(verdicts.unwrap_or_default()),
        }
    }

    fn take_in(&mut self, found: Option<Found>) {
        let Some(found) = found else { return self.searching.ended(ASK_AGAIN) };
        for (lane, model) in found.lanes {
            self.board.doubt(lane, model);
        }
        let now = self.station.now();
        found.coming.into_iter().for_each(|ask| self.board.ask(ask, now));
        self.searched = found.next;
        let is_over = self.searched.is_none();
        if is_over {
            self.board.forget_gone(found.at);
        }
        self.searching.ended(if is_over { self.station.timings.reconcile_after } else { Duration::ZERO });
    }

    fn carry_out(&mut self, verdicts: Vec<(super::board::Ask, Verdict)>) {
        let mut lost: u64 = 0;
        for (ask, verdict) in verdicts {
            match verdict {
                Verdict::Settled => self.board.drop_ask(&ask),
                Verdict::Lost if self.board.send_again(&ask) => {
                    lost += 1;
                    self.outbox.add(ask);
                }
                Verdict::Lost => {}
            }
        }
        if lost > 0 {
            tracing::warn!(jobs = lost, "jobs that nobody claimed are sent again");
            metrics::counter!("cooly_reconciled_total").increment(lost);
        }
        self.judging.ended(self.station.timings.reconcile_every);
    }

    /// Spares the next relay what this one has done. Best effort.
    async fn say_goodbye(self) {
        let Leader { board, station, fencing, read, .. } = self;
        let safe = board.safe_until(read);
        if safe > self.safe {
            let moving = checkpoint::move_to(&station.writer, fencing, safe);
            if let Ok(Err(_)) | Err(_) = timeout(LAST_CALL, moving).await {
                tracing::debug!("the relay's checkpoint is left where it was");
            }
        }
    }
}

/// Counts the messages that were taken.
fn measure(station: &Station, answers: &[(super::outbox::Parcel, Result<(), crate::queue::Fault>)]) -> u64 {
    let taken = answers.iter().filter(|(_, answer)| answer.is_ok());
    let ages = taken.map(|(parcel, _)| (station.now() - parcel.ask.since).to_std().unwrap_or_default());
    let mut count = 0;
    for age in ages {
        metrics::histogram!("cooly_relay_seconds").record(age.as_secs_f64());
        count += 1;
    }
    metrics::counter!("cooly_relay_messages_total").increment(count);
    count
}
