//! Which messages may be lost: out for long, and nobody has claimed their jobs.

use super::{Ask, Board, Stage};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Intervals double up to this many times.
const MOST_DOUBLINGS: u32 = 6;

/// What is out for longer than it should be.
#[derive(Debug, Default)]
pub(in crate::relay) struct Overdue {
    /// Messages that others of their provider have overtaken which were sent much later.
    pub overtaken: Vec<Ask>,
    /// Messages that may merely wait their turn.
    pub others: Vec<Ask>,
    /// How many messages about jobs of each model are out and acknowledged.
    pub out: HashMap<Arc<str>, usize>,
}

impl Board {
    /// What has been out for longer than `after`, or twice that if it was sent again, and so on.
    pub(in crate::relay) fn overdue(&self, now: Instant, after: Duration) -> Overdue {
        let mut overdue = Overdue::default();
        for entry in self.entries.values() {
            let Stage::Out { at: Some(at), times } = entry.stage else { continue };
            *overdue.out.entry(Arc::clone(&entry.ask.model)).or_default() += 1;
            if now.saturating_duration_since(at) < after * (1 << times.min(MOST_DOUBLINGS)) {
                continue;
            }
            let newest = self.newest_claimed.get(&entry.ask.via);
            let is_overtaken = newest.is_some_and(|newest| *newest > at + after);
            if is_overtaken { &mut overdue.overtaken } else { &mut overdue.others }.push(entry.ask.clone());
        }
        overdue
    }

    /// The message is sent again. Whether it still is to be.
    pub(in crate::relay) fn send_again(&mut self, ask: &Ask) -> bool {
        if !self.is_out(ask) {
            return false;
        }
        if let Some(entry) = self.entries.get_mut(&ask.key)
            && let Stage::Out { at, times } = &mut entry.stage
        {
            (*at, *times) = (None, *times + 1);
        }
        true
    }
}
