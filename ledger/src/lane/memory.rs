//! What a lane remembers: the heads of streams, which idempotency keys were used.

use super::Pending;
use super::sharing::Sharing;
use crate::draft::{Draft, Heads, Streams};
use crate::head::HeadCache;
use crate::ids::AccountId;
use quick_cache::unsync::Cache;

/// How many idempotency keys a lane remembers as used, so that a repeat is looked up at once.
const REMEMBERED_KEYS: usize = 10_000;

/// See the module.
pub(super) struct Memory {
    pub(super) heads: HeadCache,
    used_keys: Cache<(Option<AccountId>, String), ()>,
    /// Whether the heads are still so, other processes considered.
    pub(super) sharing: Sharing,
}

impl Memory {
    pub(super) fn new(accounts: usize, jobs: usize) -> Memory {
        Memory {
            heads: HeadCache::new(accounts, jobs),
            used_keys: Cache::new(REMEMBERED_KEYS),
            sharing: Sharing::default(),
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

    pub(super) fn is_used(&self, key: &(Option<AccountId>, String)) -> bool {
        self.used_keys.get(key).is_some()
    }

    pub(super) fn note_used(&mut self, key: (Option<AccountId>, String)) {
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
