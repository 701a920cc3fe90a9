//! What a lane remembers: the heads of streams, which idempotency keys were used.

use super::Pending;
use crate::draft::{Draft, Heads, Streams};
use crate::head::HeadCache;
use crate::ids::AccountId;
use quick_cache::unsync::Cache;
use std::time::Duration;
use tokio::time::Instant;

/// How many idempotency keys a lane remembers as used, so that a repeat is looked up at once.
const REMEMBERED_KEYS: usize = 10_000;

/// How long after a lost race a lane takes turns with other processes. Finding out that they have gone costs one
/// more race at most.
const SHARED: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Memory {
    pub(super) heads: HeadCache,
    used_keys: Cache<(AccountId, String), ()>,
    /// Until when other processes must be expected to write to the same accounts.
    shared_until: Option<Instant>,
}

impl Memory {
    pub(super) fn new(accounts: usize, jobs: usize) -> Memory {
        Memory {
            heads: HeadCache::new(accounts, jobs),
            used_keys: Cache::new(REMEMBERED_KEYS),
            shared_until: None,
        }
    }

    /// Remembers the heads as they will be once what was decided is written.
    pub(super) fn expect(&mut self, heads: Heads) {
        for (id, head) in heads.accounts {
            self.heads.keep_account(id, head);
        }
        for (key, head) in heads.jobs {
            self.heads.keep_job(key, head);
        }
    }

    /// Forgets heads that turned out to be otherwise.
    pub(super) fn forget(&mut self, streams: &Streams) {
        streams.accounts.iter().for_each(|id| self.heads.forget_account(*id));
        streams.jobs.iter().for_each(|key| self.heads.forget_job(*key));
    }

    /// Takes note that another process wrote to one of the accounts.
    pub(super) fn note_race(&mut self) {
        self.shared_until = Some(Instant::now() + SHARED);
    }

    /// Whether heads are not worth remembering, because other processes write to the same accounts.
    pub(super) fn is_shared(&self) -> bool {
        self.shared_until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn is_used(&self, key: &(AccountId, String)) -> bool {
        self.used_keys.get(key).is_some()
    }

    pub(super) fn note_used(&mut self, key: (AccountId, String)) {
        self.used_keys.insert(key, ());
    }

    /// Gives the draft every head that the commands name; `false` if one is not remembered.
    pub(super) fn recall(&self, pending: &Pending, draft: &mut Draft) -> bool {
        for account in pending.accounts() {
            if draft.has_account(account) {
                continue;
            }
            match self.heads.account(account) {
                Some(head) => draft.set_account(account, head.clone()),
                None => return false,
            }
        }
        for key in pending.jobs() {
            if draft.has_job(key) {
                continue;
            }
            match self.heads.job(key) {
                Some(head) => draft.set_job(key, head.clone()),
                None => return false,
            }
        }
        true
    }
}
