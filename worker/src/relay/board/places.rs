//! Who may be sent next: so many of each account at each provider, so many of each provider, and in turn. Models that are
//! held back are passed over, and nobody waits behind their jobs.

use super::ask::{Ask, Key};
use super::lane::{Held, Lane, Shelf};
use ledger::AccountId;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Names the jobs of one account at one provider.
pub(in crate::relay) type LaneKey = (AccountId, Arc<str>);

/// Names those of them that are made on one model.
pub(in crate::relay) type ShelfKey = (LaneKey, Arc<str>);

/// How many messages may be out of one window.
#[derive(Debug, Clone, Copy)]
pub(in crate::relay) struct Window {
    /// Messages of one account at one provider that are out and not claimed.
    pub of_lane: usize,
    /// Messages of one provider that are out and not claimed.
    pub of_provider: usize,
}

/// How many messages may be out, and how many waiting jobs are remembered.
#[derive(Debug, Clone)]
pub(in crate::relay) struct Limits {
    /// Of windows that are not named here.
    pub usual: Window,
    /// Of those that lead to slots of their own.
    pub windows: BTreeMap<Arc<str>, Window>,
    /// Waiting jobs of one account on one model that are remembered; the others are read when their turn comes.
    pub kept: usize,
}

impl Limits {
    fn of(&self, via: &Arc<str>) -> Window {
        self.windows.get(via).copied().unwrap_or(self.usual)
    }
}

/// What one provider's accounts have out, and which of them come next.
#[derive(Debug, Default)]
struct Outlet {
    out: usize,
    ring: VecDeque<AccountId>,
}

#[derive(Debug)]
pub(super) struct Places {
    pub(super) limits: Limits,
    pub(super) lanes: HashMap<LaneKey, Lane>,
    outlets: HashMap<Arc<str>, Outlet>,
    turns: VecDeque<Arc<str>>,
    pub(super) held: Held,
    /// Shelves of which more should be read.
    pub(super) short: HashSet<ShelfKey>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Places {
        Places {
            limits,
            lanes: HashMap::new(),
            outlets: HashMap::new(),
            turns: VecDeque::new(),
            held: Held::new(),
            short: HashSet::new(),
        }
    }

    pub(super) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
        // A window that is larger now has places.
        let lanes: Vec<LaneKey> = self.lanes.keys().cloned().collect();
        lanes.iter().for_each(|lane| self.ring_in(lane));
    }

    /// Puts a job at the end of its shelf; `false` if it was not remembered, because there are others before it that
    /// are not, or too many that are.
    pub(super) fn push(&mut self, ask: &Ask) -> bool {
        let kept = self.limits.kept;
        let key = lane_of(ask);
        let lane = self.lanes.entry(key.clone()).or_default();
        let is_apart = ask.may_be_made && lane.free.len() < kept;
        let shelf = lane.shelf(&ask.model);
        if is_apart || (shelf.spilled.is_none() && shelf.waiting.len() < kept) {
            self.push_read(ask);
            return true;
        }
        shelf.spilled = shelf.spilled.max(Some(ask.position));
        self.note(&(key, Arc::clone(&ask.model)));
        false
    }

    /// Puts a job at the end of its shelf that was read from the read model.
    pub(super) fn push_read(&mut self, ask: &Ask) {
        let key = lane_of(ask);
        self.lanes.entry(key.clone()).or_default().push(ask, self.limits.kept);
        self.ring_in(&key);
        self.note(&(key, Arc::clone(&ask.model)));
    }

    /// Holds back the jobs of these models from now on, and of no others.
    pub(super) fn hold(&mut self, held: Held) {
        if held == self.held {
            return;
        }
        let changed: Held = held.symmetric_difference(&self.held).cloned().collect();
        self.held = held;
        let of_changed = |(key, lane): (&LaneKey, &Lane)| {
            let shelves = lane.shelves.iter().filter(|(model, _)| changed.contains(*model));
            let since = |shelf: &Shelf| shelf.waiting.front().map(|first| first.0);
            let shelves = shelves.map(|(model, shelf)| (since(shelf), (key.clone(), Arc::clone(model))));
            shelves.collect::<Vec<(_, ShelfKey)>>()
        };
        let mut shelves: Vec<(_, ShelfKey)> = self.lanes.iter().flat_map(of_changed).collect();
        // Lanes are in no order; whoever has waited longest stands in the ring first.
        shelves.sort_unstable();
        for (_, shelf) in shelves {
            self.ring_in(&shelf.0);
            self.note(&shelf);
        }
    }

    pub(super) fn is_held(&self, ask: &Ask) -> bool {
        !ask.may_be_made && self.held.contains(&ask.model)
    }

    /// The job whose turn it is, if there is a place for one. Its place is taken.
    pub(super) fn take(&mut self, is_waiting: impl Fn(&Key) -> bool) -> Option<Key> {
        for _ in 0..self.turns.len() {
            let via = self.turns.pop_front()?;
            let taken = self.take_of(&via, &is_waiting);
            let is_idle = |outlet: &Outlet| outlet.out == 0 && outlet.ring.is_empty();
            if self.outlets.get(&via).is_some_and(is_idle) {
                self.outlets.remove(&via);
            } else {
                self.turns.push_back(via);
            }
            if taken.is_some() {
                return taken;
            }
        }
        None
    }

    fn take_of(&mut self, via: &Arc<str>, is_waiting: &impl Fn(&Key) -> bool) -> Option<Key> {
        loop {
            let most = self.limits.of(via).of_provider;
            let outlet = self.outlets.get_mut(via).filter(|outlet| outlet.out < most)?;
            let key = (outlet.ring.pop_front()?, Arc::clone(via));
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            lane.in_ring = false;
            let (mut taken, mut from) = (None, HashSet::new());
            while let Some((model, job)) = lane.pop(&self.held) {
                from.extend(model);
                if is_waiting(&job) {
                    taken = Some(job);
                    lane.out += 1;
                    outlet.out += 1;
                    break;
                }
            }
            from.into_iter().for_each(|model| self.note(&(key.clone(), model)));
            if taken.is_some() {
                self.ring_in(&key);
                return taken;
            }
            self.forget_if_idle(&key);
        }
    }

    /// The job of this model that has waited longest of all accounts, held back or not and whether there is a place for it
    /// or not. Its place is taken.
    pub(super) fn take_of_model(
        &mut self,
        model: &Arc<str>,
        is_waiting: impl Fn(&Key) -> bool,
    ) -> Option<Key> {
        loop {
            let first = |(key, lane): (&LaneKey, &Lane)| {
                Some((lane.shelves.get(model)?.waiting.front()?.0, key.clone()))
            };
            let (_, key) = self.lanes.iter().filter_map(first).min()?;
            let lane = self.lanes.get_mut(&key)?;
            let taken = std::iter::from_fn(|| lane.pop_of(model)).find(|job| is_waiting(job));
            if taken.is_some() {
                lane.out += 1;
                self.outlet(&key.1).out += 1;
            }
            self.note(&(key.clone(), Arc::clone(model)));
            if taken.is_some() {
                return taken;
            }
            self.forget_if_idle(&key);
        }
    }

    /// Lets a lane stand in its provider's ring if it has something to send and a place.
    fn ring_in(&mut self, key: &LaneKey) {
        let most = self.limits.of(&key.1).of_lane;
        let Some(lane) = self.lanes.get_mut(key) else { return };
        if lane.in_ring || lane.out >= most || !lane.has_ready(&self.held) {
            return;
        }
        lane.in_ring = true;
        self.outlet(&key.1).ring.push_back(key.0);
    }

    fn outlet(&mut self, via: &Arc<str>) -> &mut Outlet {
        if !self.outlets.contains_key(via) {
            self.turns.push_back(Arc::clone(via));
        }
        self.outlets.entry(Arc::clone(via)).or_default()
    }

    /// A message is claimed or needed no more: its place is free.
    pub(super) fn free(&mut self, key: &LaneKey) {
        if let Some(outlet) = self.outlets.get_mut(&key.1) {
            outlet.out = outlet.out.saturating_sub(1);
        }
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.out = lane.out.saturating_sub(1);
        }
        self.ring_in(key);
        self.forget_if_idle(key);
    }

    pub(super) fn forget_if_idle(&mut self, key: &LaneKey) {
        if self.lanes.get_mut(key).is_some_and(|lane| lane.is_idle() && !lane.in_ring) {
            self.lanes.remove(key);
        }
    }
}

fn lane_of(ask: &Ask) -> LaneKey {
    (ask.key.0, Arc::clone(&ask.via))
}
