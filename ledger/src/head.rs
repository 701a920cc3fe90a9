//! The heads of streams: what a lane must know to decide the next command, and the bounded cache of them.
//!
//! A cached head may be out of date, because another process writes too. That is safe: the unique key on
//! (account, stream, version) refuses what was decided on it, and no refusal is answered from a cached head.

use crate::account::AccountState;
use crate::chain::{GENESIS, Hash};
use crate::ids::{AccountId, JobId};
use crate::job::JobState;
use chrono::{DateTime, Utc};
use quick_cache::unsync::Cache;
use std::sync::Arc;

/// End of an account's stream.
#[derive(Debug, Clone)]
pub(crate) struct AccountHead {
    pub version: i64,
    pub hash: Hash,
    /// When its last event happened.
    pub at: DateTime<Utc>,
    pub state: Arc<AccountState>,
}

/// End of a job's stream; `state` is `None` before its first event.
#[derive(Debug, Clone)]
pub(crate) struct JobHead {
    pub version: i64,
    pub hash: Hash,
    pub state: Option<Arc<JobState>>,
}

impl Default for AccountHead {
    fn default() -> AccountHead {
        AccountHead { version: 0, hash: GENESIS, at: DateTime::UNIX_EPOCH, state: Arc::default() }
    }
}

impl Default for JobHead {
    fn default() -> JobHead {
        JobHead { version: 0, hash: GENESIS, state: None }
    }
}

/// Names a job's stream.
pub(crate) type JobKey = (AccountId, JobId);

/// The heads that a lane remembers; the least useful are forgotten.
pub(crate) struct HeadCache {
    accounts: Cache<AccountId, AccountHead>,
    jobs: Cache<JobKey, JobHead>,
}

impl HeadCache {
    pub(crate) fn new(accounts: usize, jobs: usize) -> HeadCache {
        HeadCache { accounts: Cache::new(accounts), jobs: Cache::new(jobs) }
    }

    pub(crate) fn account(&self, id: AccountId) -> Option<&AccountHead> {
        self.accounts.get(&id)
    }

    pub(crate) fn job(&self, key: JobKey) -> Option<&JobHead> {
        self.jobs.get(&key)
    }

    pub(crate) fn keep_account(&mut self, id: AccountId, head: AccountHead) {
        self.accounts.insert(id, head);
    }

    /// Keeps the head of a job that is likely to be written again soon; forgets one that has finished.
    pub(crate) fn keep_job(&mut self, key: JobKey, head: JobHead) {
        if head.state.as_ref().is_some_and(|job| job.status.is_finished()) {
            self.jobs.remove(&key);
        } else {
            self.jobs.insert(key, head);
        }
    }

    pub(crate) fn forget_account(&mut self, id: AccountId) {
        self.accounts.remove(&id);
    }

    pub(crate) fn forget_job(&mut self, key: JobKey) {
        self.jobs.remove(&key);
    }
}
