//! The jobs of one account at one provider.

use super::ask::Key;
use ledger::Position;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Messages that are out and not claimed.
    pub out: usize,
    /// The first of those that wait. Some may have been settled since; whoever takes one looks.
    pub waiting: VecDeque<Key>,
    /// The newest job that waits and is not in `waiting`, for it was full. It and others are in the read model.
    pub spilled: Option<Position>,
    /// The read model may know of jobs that this lane does not.
    pub is_doubtful: bool,
    /// Models on which its jobs are made.
    pub models: BTreeSet<Arc<str>>,
    /// Whether it stands in the ring of its provider.
    pub in_ring: bool,
}

impl Lane {
    /// Whether jobs of it may be in the read model alone.
    pub(super) fn has_more(&self) -> bool {
        self.spilled.is_some() || self.is_doubtful
    }

    pub(super) fn is_idle(&self) -> bool {
        self.out == 0 && self.waiting.is_empty() && !self.has_more()
    }
}
