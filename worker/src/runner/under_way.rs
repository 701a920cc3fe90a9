//! The attempts that run here, and cutting off those that no longer count.
//!
//! A user who cancels, and whoever takes a job away, write to the log and tell nobody. So the log is asked about all that
//! runs here, with one question for all of it. A submit that is under way is heard out for a moment. What was sent to a
//! provider by then is otherwise not looked after here: the recaller has it stopped when its job was cancelled, and the
//! next attempt finds it when the job goes on.

use super::Runner;
use crate::error::Error;
use crate::provider::Task;
use ledger::read::{self, AttemptOver};
use ledger::{AccountId, JobId, error_chain};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Why an attempt no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Its job was cancelled.
    Cancelled,
    /// Its job was given to somebody else, or ended.
    TakenAway,
}

impl Over {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Over::Cancelled => "job_cancelled",
            Over::TakenAway => "job_taken_away",
        }
    }
}

/// A job and the token of one attempt at it.
type Key = (JobId, i64);

/// Whose each of them is, and how it is told that it no longer counts.
type Attempts = HashMap<Key, (AccountId, watch::Sender<Option<Over>>)>;

/// The attempts that run here. Cheap to clone; the clones are one.
#[derive(Clone, Default)]
pub(super) struct UnderWay {
    attempts: Arc<Mutex<Attempts>>,
}

/// An attempt that is looked after until this is dropped.
pub(super) struct Watched {
    under_way: UnderWay,
    key: Key,
    over: watch::Receiver<Option<Over>>,
}

impl UnderWay {
    pub(super) fn watch(&self, task: &Task) -> Watched {
        let (key, (sender, over)) = ((task.job_id, task.fencing), watch::channel(None));
        self.lock().insert(key, (task.account_id, sender));
        Watched { under_way: self.clone(), key, over }
    }

    fn all(&self) -> Vec<(AccountId, JobId, i64)> {
        self.lock().iter().map(|((job, fencing), (account, _))| (*account, *job, *fencing)).collect()
    }

    fn cut_off(&self, over: AttemptOver) {
        let why = if over.is_cancelled { Over::Cancelled } else { Over::TakenAway };
        if let Some((_, attempt)) = self.lock().get(&(over.job, over.fencing)) {
            attempt.send_if_modified(|before| before.replace(why).is_none());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// Why it no longer counts; `None` as far as is known.
    pub(super) fn why_over(&self) -> Option<Over> {
        *self.over.borrow()
    }

    /// Waits until it no longer counts.
    pub(super) async fn over(&self) {
        // Its sender goes only with itself.
        let _ = self.over.clone().wait_for(Option::is_some).await;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.key);
    }
}

/// Looks until `ended`.
pub(super) async fn look(runner: Arc<Runner>, ended: CancellationToken) -> Result<(), Error> {
    let looks = async {
        loop {
            sleep(runner.station.timings.look_every).await;
            if let Err(error) = round(&runner).await {
                tracing::debug!(error = %error_chain(&error), "it cannot be told whether running attempts still count");
            }
        }
    };
    ended.run_until_cancelled(looks).await;
    Ok(())
}

async fn round(runner: &Runner) -> Result<(), Error> {
    let attempts = runner.under_way.all();
    if attempts.is_empty() {
        return Ok(());
    }
    let client = runner.station.reader.get().await?;
    for over in read::attempts_over(&**client, &attempts).await? {
        runner.under_way.cut_off(over);
    }
    Ok(())
}
