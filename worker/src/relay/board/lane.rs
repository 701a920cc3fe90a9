//! The jobs of one account at one provider, a shelf for each model.

use super::ask::{Ask, Key};
use chrono::{DateTime, Utc};
use ledger::Position;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

/// Models whose jobs are held back.
pub(super) type Held = HashSet<Arc<str>>;

/// A job that waits, and since when.
type Waiting = (DateTime<Utc>, Key);

#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Messages that are out and not claimed.
    pub out: usize,
    /// Jobs that are never held back, first come first.
    pub free: VecDeque<Waiting>,
    pub shelves: BTreeMap<Arc<str>, Shelf>,
    /// Whether it stands in the ring of its provider.
    pub in_ring: bool,
}

/// The jobs of one account on one model.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// The first of those that wait. Some may have been settled since; whoever takes one looks.
    pub waiting: VecDeque<Waiting>,
    /// The newest job that waits and is not in `waiting`, for it was full. It and others are in the read model.
    pub spilled: Option<Position>,
    /// The read model may know of jobs that this shelf does not.
    pub is_doubtful: bool,
}

impl Shelf {
    /// Whether jobs of it may be in the read model alone.
    pub(super) fn has_more(&self) -> bool {
        self.spilled.is_some() || self.is_doubtful
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.has_more()
    }
}

impl Lane {
    /// Puts a job at the end of its shelf; of those that are never held back up to `kept` stand apart.
    pub(super) fn push(&mut self, ask: &Ask, kept: usize) {
        let waiting = (ask.since, ask.key);
        if ask.may_be_made && self.free.len() < kept {
            self.free.push_back(waiting);
        } else {
            self.shelf(&ask.model).waiting.push_back(waiting);
        }
    }

    pub(super) fn shelf(&mut self, model: &Arc<str>) -> &mut Shelf {
        self.shelves.entry(Arc::clone(model)).or_default()
    }

    /// Takes the job that has waited longest, and tells of which shelf; `None` of none.
    pub(super) fn pop(&mut self, held: &Held) -> Option<(Option<Arc<str>>, Key)> {
        let open = self.shelves.iter().filter(|(model, _)| !held.contains(*model));
        let first = open.filter_map(|(model, shelf)| Some((shelf.waiting.front()?.0, model))).min();
        if self.free.front().is_some_and(|free| first.is_none_or(|(since, _)| free.0 <= since)) {
            return self.free.pop_front().map(|(_, key)| (None, key));
        }
        let model = Arc::clone(first?.1);
        let key = self.pop_of(&model)?;
        Some((Some(model), key))
    }

    /// Takes the job of this model that has waited longest, held back or not.
    pub(super) fn pop_of(&mut self, model: &Arc<str>) -> Option<Key> {
        self.shelves.get_mut(model)?.waiting.pop_front().map(|(_, key)| key)
    }

    /// Whether it has a job that may go out.
    pub(super) fn has_ready(&self, held: &Held) -> bool {
        let has_ready =
            |(model, shelf): (&Arc<str>, &Shelf)| !shelf.waiting.is_empty() && !held.contains(model);
        !self.free.is_empty() || self.shelves.iter().any(has_ready)
    }

    /// Forgets shelves on which nothing is left, and tells whether nothing at all is.
    pub(super) fn is_idle(&mut self) -> bool {
        self.shelves.retain(|_, shelf| !shelf.is_idle());
        self.out == 0 && self.free.is_empty() && self.shelves.is_empty()
    }
}
