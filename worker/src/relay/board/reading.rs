//! What is to be read of the read model: shelves that run out of remembered jobs.

use super::lane::Shelf;
use super::places::{Places, ShelfKey};
use ledger::Position;

impl Places {
    /// The read model knows of waiting jobs of this account on this model.
    pub(super) fn doubt(&mut self, key: ShelfKey) {
        self.lanes.entry(key.0.clone()).or_default().shelf(&key.1).is_doubtful = true;
        self.note(&key);
    }

    /// Notes whether more should be read of a shelf now: few of its jobs are left here, or none if it is held back.
    pub(super) fn note(&mut self, key: &ShelfKey) {
        let most = if self.held.contains(&key.1) { 0 } else { self.limits.kept / 4 };
        let is_short = |shelf: &Shelf| shelf.has_more() && shelf.waiting.len() <= most;
        if self.lanes.get(&key.0).and_then(|lane| lane.shelves.get(&key.1)).is_some_and(is_short) {
            self.short.insert(key.clone());
        } else {
            self.short.remove(key);
        }
    }

    /// Up to so many shelves of which more should be read now.
    pub(super) fn short(&self, most: usize) -> Vec<ShelfKey> {
        self.short.iter().take(most).cloned().collect()
    }

    pub(super) fn is_short(&self) -> bool {
        !self.short.is_empty()
    }

    /// How many jobs must be read of a shelf so that some are not yet known.
    pub(super) fn enough(&self) -> usize {
        let windows = self.limits.windows.values().chain([&self.limits.usual]);
        windows.map(|window| window.of_lane).max().unwrap_or(0) + self.limits.kept * 2
    }

    /// How many more jobs this shelf may remember.
    pub(super) fn room(&self, key: &ShelfKey) -> usize {
        let shelf = self.lanes.get(&key.0).and_then(|lane| lane.shelves.get(&key.1));
        self.limits.kept.saturating_sub(shelf.map_or(0, |shelf| shelf.waiting.len()))
    }

    /// All that the read model knew of this shelf at that position is remembered.
    pub(super) fn is_whole(&mut self, key: &ShelfKey, at: Position) {
        if let Some(shelf) = self.lanes.get_mut(&key.0).and_then(|lane| lane.shelves.get_mut(&key.1)) {
            shelf.is_doubtful = false;
            shelf.spilled = shelf.spilled.filter(|spilled| *spilled > at);
        }
        self.note(key);
        self.forget_if_idle(&key.0);
    }
}
