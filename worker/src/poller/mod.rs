//! Asks providers after the work that they accepted, all of it at once.
//!
//! The pending tasks say what is out there; a crash loses nothing, because the next poller reads the same
//! list. The list lags behind the log, so the log is asked before anything is stored. A task that leaves the list
//! is forgotten; whether its provider has something to stop is the recaller's business. What providers report by webhook
//! only brings a question forward.

mod check;
mod holder;
mod list;
mod reports;
mod silence;
mod slots;
mod watchlist;

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use check::{Checked, check};
use futures::FutureExt;
use ledger::{error_chain, failpoint};
use list::{List, Listed};
use projections::pending::PendingTask;
use reports::Reports;
use slots::Slots;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use watchlist::{Key, Watchlist, key_of};

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead("poller", station, shutdown, poll).await
}

async fn poll(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let mut poller = Poller::new(station);
    loop {
        poller.refresh().await?;
        poller.hear().await;
        let refresh = Instant::now() + poller.station.timings.poll_every;
        while Instant::now() < refresh {
            poller.start_due();
            let wake = poller.watchlist.next_due().map_or(refresh, |due| due.min(refresh));
            tokio::select! {
                () = held.cancelled() => return Ok(()),
                Some(Ok((key, checked))) = poller.checks.join_next() => poller.finish(key, checked),
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }
}

struct Poller {
    station: Arc<Station>,
    slots: Slots,
    list: List,
    reports: Reports,
    watchlist: Watchlist,
    checks: JoinSet<(Key, Checked)>,
}

impl Poller {
    fn new(station: Arc<Station>) -> Poller {
        let slots = Slots::new(station.poll_concurrency);
        let (list, reports, watchlist) = (List::unread(), Reports::unread(), Watchlist::default());
        Poller { station, slots, list, reports, watchlist, checks: JoinSet::new() }
    }

    /// Reads which tasks there are.
    async fn refresh(&mut self) -> Result<(), Error> {
        match self.list.read(&self.station).await? {
            Listed::New(tasks) => self.watch(tasks),
            Listed::Whole(tasks) => {
                let listed: HashSet<Key> = tasks.iter().map(key_of).collect();
                self.watch(tasks);
                self.watchlist.keep_only(&listed);
            }
        }
        metrics::gauge!("cooly_provider_tasks").set(self.watchlist.len() as f64);
        Ok(())
    }

    /// Asks at once after tasks of which something was reported. One that is not listed yet is due as soon as it is. Without
    /// reports all are asked after in their own time, so the poller goes on when they cannot be read.
    async fn hear(&mut self) {
        let now = Instant::now();
        match self.reports.read(&self.station).await {
            Ok(reported) => {
                for (account, job) in reported {
                    self.watchlist.hasten(account, job, now);
                }
            }
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), "what providers reported cannot be read");
            }
        }
    }

    fn watch(&mut self, tasks: Vec<PendingTask>) {
        let now = Instant::now();
        for task in tasks {
            self.watchlist.add(task, now);
        }
    }

    /// Starts a check of every due task. Those above the bound wait for a slot of their provider in their own task.
    fn start_due(&mut self) {
        let (now, offer) = (Instant::now(), self.station.offer());
        while let Some((task, silence)) = self.watchlist.take_due(now) {
            let key = key_of(&task);
            let places = self.slots.of(holder::likely(&offer, &task));
            let checked = check(Arc::clone(&self.station), task, silence, places);
            let checked = AssertUnwindSafe(checked).catch_unwind();
            // A provider's panics are caught where it is asked, so one that comes here is ours. The hook prints it.
            self.checks.spawn(async move { (key, checked.await.unwrap_or_else(|_panic| Checked::again())) });
        }
    }

    fn finish(&mut self, key: Key, checked: Checked) {
        failpoint::pass("poller.finished");
        self.watchlist.finish(key, checked, Instant::now());
    }
}
