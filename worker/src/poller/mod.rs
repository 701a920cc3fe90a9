//! Asks providers after the work that they accepted, all of it at once.
//!
//! The pending tasks say what is out there; a crash loses nothing, because the next poller reads the same
//! list. The list lags behind the log, so the log is asked before anything is stored. A task that left the list
//! without us was cancelled or taken over; the provider of a cancelled one is told to stop.

mod check;

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use check::{Checked, check, say_goodbye};
use ledger::{JobId, Position};
use projections::pending::{self, PendingTask};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Tasks read by one query.
const PAGE: i64 = 1_000;

/// A settled task is looked at again after this, should it still be listed.
const SETTLED_REST: Duration = Duration::from_secs(10);

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead("poller", station, shutdown, poll).await
}

async fn poll(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let slots = Arc::new(Semaphore::new(station.poll_concurrency));
    let mut poller = Poller { station, slots, watched: HashMap::new(), checks: JoinSet::new() };
    loop {
        poller.refresh().await?;
        let refresh = Instant::now() + poller.station.timings.poll_every;
        while Instant::now() < refresh {
            poller.start_due();
            let wake = poller.next_due().map_or(refresh, |due| due.min(refresh));
            tokio::select! {
                () = held.cancelled() => return Ok(()),
                Some(ended) = poller.checks.join_next() => poller.finish(ended),
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }
}

/// A task is one submission: the job and the token of the attempt.
type Key = (JobId, i64);

struct Watched {
    task: PendingTask,
    /// When it is asked after next.
    due: Instant,
    busy: bool,
    /// Its end was recorded here.
    settled: bool,
}

struct Poller {
    station: Arc<Station>,
    slots: Arc<Semaphore>,
    watched: HashMap<Key, Watched>,
    checks: JoinSet<(Key, Checked)>,
}

impl Poller {
    /// Reads which tasks there are.
    async fn refresh(&mut self) -> Result<(), Error> {
        let mut listed = HashSet::new();
        for task in self.submitted().await? {
            let key = (task.job_id, task.fencing.unwrap_or_default());
            listed.insert(key);
            self.watched.entry(key).or_insert(Watched {
                task,
                due: Instant::now(),
                busy: false,
                settled: false,
            });
        }
        metrics::gauge!("cooly_provider_tasks").set(listed.len() as f64);
        let gone = self.watched.extract_if(|key, watched| !watched.busy && !listed.contains(key));
        for (_, watched) in gone.filter(|(_, watched)| !watched.settled) {
            tokio::spawn(say_goodbye(Arc::clone(&self.station), watched.task));
        }
        Ok(())
    }

    async fn submitted(&self) -> Result<Vec<PendingTask>, Error> {
        let client = self.station.reader.get().await?;
        let mut tasks = Vec::new();
        let mut after = Position::START;
        loop {
            let page = pending::submitted(&**client, after, PAGE).await?;
            let full = page.len() as i64 == PAGE;
            after = page.last().map_or(after, |last| last.last_position);
            tasks.extend(page);
            if !full {
                return Ok(tasks);
            }
        }
    }

    /// Starts a check of every due task. Those above the bound wait for a slot in their own task.
    fn start_due(&mut self) {
        let now = Instant::now();
        for (key, watched) in
            self.watched.iter_mut().filter(|(_, watched)| !watched.busy && watched.due <= now)
        {
            watched.busy = true;
            let checked = check(Arc::clone(&self.station), watched.task.clone(), Arc::clone(&self.slots));
            let key = *key;
            self.checks.spawn(async move { (key, checked.await) });
        }
    }

    fn next_due(&self) -> Option<Instant> {
        self.watched.values().filter(|watched| !watched.busy).map(|watched| watched.due).min()
    }

    fn finish(&mut self, ended: Result<(Key, Checked), tokio::task::JoinError>) {
        let (key, checked) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // `check` catches a provider's panics, so this is one of ours. Forget all that is not being
                // checked: the next refresh brings it back.
                tracing::error!(%error, "a check ended unexpectedly");
                self.watched.clear();
                return;
            }
        };
        let Some(watched) = self.watched.get_mut(&key) else { return };
        watched.busy = false;
        watched.settled = checked == Checked::Settled;
        watched.due = Instant::now()
            + match checked {
                Checked::Settled => SETTLED_REST,
                Checked::Later(pause) => pause,
            };
    }
}
