//! What the leading relay makes of what it hears: the log read, requests answered, jobs found.

use super::board::Ask;
use super::leader::{FILL_EVERY, Leader};
use super::news::{self, News};
use super::outbox::Parcel;
use super::search::Found;
use super::suspects::Verdict;
use super::tail::{Page, Step};
use crate::queue::Fault;
use crate::station::Station;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Between two questions whether the read model is far enough.
const ASK_AGAIN: Duration = Duration::from_millis(200);

impl Leader {
    /// Takes in what has ended.
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Read(page) => self.learn(page),
            News::Answered(queue, answers) => {
                self.requests -= 1;
                self.is_behind |= measure(&self.station, &answers) > 0;
                let class = queue.class_label();
                for parcel in self.outbox.answered(&mut self.board, class, answers, Instant::now()) {
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
                    self.board.refill(&front.shelf, front.asks, front.is_all, front.at);
                }
                self.filling.ended(FILL_EVERY);
            }
            News::Found(found) => self.take_in(found),
            News::Judged(verdicts) => self.carry_out(verdicts.unwrap_or_default()),
            News::Seen(sight) => self.see(sight),
        }
    }

    fn learn(&mut self, page: Page) {
        let now = self.station.now();
        self.is_reading = false;
        for step in page.steps {
            match step {
                Step::Ask(ask) => self.board.ask(ask, now),
                Step::Settle { key, position, claimed } => self.board.settle(key, position, claimed),
            }
        }
        self.doubt(page.paused);
        self.read = page.until;
    }

    fn take_in(&mut self, found: Option<Found>) {
        let Some(found) = found else { return self.searching.ended(ASK_AGAIN) };
        found.shelves.into_iter().for_each(|shelf| self.board.doubt(shelf));
        let now = self.station.now();
        found.coming.into_iter().for_each(|ask| self.board.ask(ask, now));
        self.searched = found.next;
        let is_over = self.searched.is_none();
        if is_over {
            self.board.forget_gone(found.at);
        }
        self.searching.ended(if is_over { self.station.timings.reconcile_after } else { Duration::ZERO });
    }

    fn carry_out(&mut self, verdicts: Vec<(Ask, Verdict)>) {
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
}

/// Counts the messages that were taken.
fn measure(station: &Station, answers: &[(Parcel, Result<(), Fault>)]) -> u64 {
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
