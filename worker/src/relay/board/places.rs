//! Who may be sent next: so many of each account at each provider, so many of each provider, and in turn.

use super::ask::{Ask, Key};
use super::lane::Lane;
use ledger::{AccountId, Position};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Names the jobs of one account at one provider.
pub(in crate::relay) type LaneKey = (AccountId, Arc<str>);

/// Jobs of one account at one provider, and the models on which they are made.
pub(in crate::relay) type LaneModels = (LaneKey, Vec<Arc<str>>);

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
    /// Waiting jobs of one account at one provider that are remembered; the others are read when their turn comes.
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
    limits: Limits,
    lanes: HashMap<LaneKey, Lane>,
    outlets: HashMap<Arc<str>, Outlet>,
    turns: VecDeque<Arc<str>>,
    /// Lanes of which the read model may know more.
    with_more: HashSet<LaneKey>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Places {
        Places {
            limits,
            lanes: HashMap::new(),
            outlets: HashMap::new(),
            turns: VecDeque::new(),
            with_more: HashSet::new(),
        }
    }

    /// Puts a job at the end of its lane; `false` if it was not remembered, because there are others before it that
    /// are not, or too many that are.
    pub(super) fn push(&mut self, ask: &Ask) -> bool {
        let kept = self.limits.kept;
        let lane = self.lane_of(ask);
        if lane.spilled.is_none() && lane.waiting.len() < kept {
            self.push_read(ask);
            return true;
        }
        lane.spilled = lane.spilled.max(Some(ask.position));
        self.with_more.insert((ask.key.0, Arc::clone(&ask.via)));
        false
    }

    /// Puts a job at the end of its lane that was read from the read model.
    pub(super) fn push_read(&mut self, ask: &Ask) {
        self.lane_of(ask).waiting.push_back(ask.key);
        self.ring_in(&(ask.key.0, Arc::clone(&ask.via)));
    }

    fn lane_of(&mut self, ask: &Ask) -> &mut Lane {
        let lane = self.lanes.entry((ask.key.0, Arc::clone(&ask.via))).or_default();
        if !lane.models.contains(&ask.model) {
            lane.models.insert(Arc::clone(&ask.model));
        }
        lane
    }

    /// The read model knows of waiting jobs of this account on this model.
    pub(super) fn doubt(&mut self, key: LaneKey, model: Arc<str>) {
        let lane = self.lanes.entry(key.clone()).or_default();
        lane.models.insert(model);
        lane.is_doubtful = true;
        self.with_more.insert(key);
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
            while let Some(job) = lane.waiting.pop_front() {
                if is_waiting(&job) {
                    lane.out += 1;
                    outlet.out += 1;
                    self.ring_in(&key);
                    return Some(job);
                }
            }
            self.forget_if_idle(&key);
        }
    }

    /// Lets a lane stand in its provider's ring if it has something to send and a place.
    fn ring_in(&mut self, key: &LaneKey) {
        let most = self.limits.of(&key.1).of_lane;
        let Some(lane) = self.lanes.get_mut(key) else { return };
        if lane.in_ring || lane.waiting.is_empty() || lane.out >= most {
            return;
        }
        lane.in_ring = true;
        if !self.outlets.contains_key(&key.1) {
            self.turns.push_back(Arc::clone(&key.1));
        }
        self.outlets.entry(Arc::clone(&key.1)).or_default().ring.push_back(key.0);
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

    /// Up to so many lanes of which more should be read now, with their models.
    pub(super) fn short(&self, most: usize) -> Vec<LaneModels> {
        let short = self.with_more.iter().filter_map(|key| {
            let lane = self.lanes.get(key).filter(|lane| lane.waiting.len() <= self.limits.kept / 4)?;
            Some((key.clone(), lane.models.iter().cloned().collect()))
        });
        short.take(most).collect()
    }

    pub(super) fn has_more(&self) -> bool {
        !self.with_more.is_empty()
    }

    /// How many jobs must be read of a lane so that some are not yet known.
    pub(super) fn enough(&self) -> usize {
        let windows = self.limits.windows.values().chain([&self.limits.usual]);
        windows.map(|window| window.of_lane).max().unwrap_or(0) + self.limits.kept * 2
    }

    /// How many more jobs this lane may remember.
    pub(super) fn room(&self, key: &LaneKey) -> usize {
        let waiting = self.lanes.get(key).map_or(0, |lane| lane.waiting.len());
        self.limits.kept.saturating_sub(waiting)
    }

    /// All that the read model knew of this lane at that position is remembered.
    pub(super) fn is_whole(&mut self, key: &LaneKey, at: Position) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.is_doubtful = false;
            lane.spilled = lane.spilled.filter(|spilled| *spilled > at);
            if !lane.has_more() {
                self.with_more.remove(key);
            }
        }
        self.forget_if_idle(key);
    }

    fn forget_if_idle(&mut self, key: &LaneKey) {
        if self.lanes.get(key).is_some_and(|lane| lane.is_idle() && !lane.in_ring) {
            self.lanes.remove(key);
        }
    }
}
