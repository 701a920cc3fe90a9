//! What the relay knows: which jobs wait for a message, whose message is out, and since when.
//!
//! The log tells it in order: a job asks for a message, and is settled when it is claimed or needs none any more. What
//! does not fit is in the read model and read when its turn comes. Jobs of models that are held back wait without a message.
//! Nothing here waits, reads or sends.

mod ask;
mod lane;
mod overdue;
mod places;
mod reading;
#[cfg(test)]
mod tests;

pub(super) use ask::{Ask, Key};
pub(super) use overdue::Overdue;
pub(super) use places::{Limits, ShelfKey, Window};

use chrono::{DateTime, Utc};
use ledger::Position;
use places::Places;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use tokio::time::Instant;

/// Most jobs that are remembered while they back off. The read model tells of the others in time.
const MOST_LATER: usize = 10_000;

/// Most jobs that are remembered as settled. Without them a message too many may be sent.
const MOST_GONE: usize = 500_000;

#[derive(Debug)]
enum Stage {
    /// It backs off.
    Later,
    Waiting,
    /// Its message is on its way, or acknowledged at that time. `times` counts how often it was sent again.
    Out {
        at: Option<Instant>,
        times: u32,
    },
}

#[derive(Debug)]
struct Entry {
    ask: Ask,
    stage: Stage,
}

#[derive(Debug)]
pub(super) struct Board {
    entries: HashMap<Key, Entry>,
    places: Places,
    later: BTreeSet<(DateTime<Utc>, Key)>,
    /// Where jobs were last settled: what the read model says of them may be older.
    gone: HashMap<Key, Position>,
    /// Events whose messages are on their way.
    unacknowledged: BTreeSet<Position>,
    /// Up to here the checkpoint has been moved.
    safe: Position,
    /// When the newest message of each provider was sent that has been claimed.
    newest_claimed: HashMap<Arc<str>, Instant>,
}

impl Board {
    /// Nothing is known of what came up to `safe`.
    /// From now on so many may be out. What is out stays out.
    pub(super) fn limit(&mut self, limits: Limits) {
        self.places.limit(limits);
    }

    pub(super) fn new(limits: Limits, safe: Position) -> Board {
        Board {
            entries: HashMap::new(),
            places: Places::new(limits),
            later: BTreeSet::new(),
            gone: HashMap::new(),
            unacknowledged: BTreeSet::new(),
            safe,
            newest_claimed: HashMap::new(),
        }
    }

    /// The log asks for a message.
    pub(super) fn ask(&mut self, ask: Ask, now: DateTime<Utc>) {
        if self.is_known(&ask) {
            return;
        }
        self.remove(&ask.key);
        match ask.due.filter(|due| *due > now) {
            Some(due) if self.later.len() < MOST_LATER => {
                self.later.insert((due, ask.key));
                self.entries.insert(ask.key, Entry { ask, stage: Stage::Later });
            }
            Some(_) => {}
            None => self.wait(ask),
        }
    }

    /// Whether the log has told this, or something newer, about the job.
    fn is_known(&self, ask: &Ask) -> bool {
        let told = self.entries.get(&ask.key).map(|entry| entry.ask.position);
        told.max(self.gone.get(&ask.key).copied()).is_some_and(|told| told >= ask.position)
    }

    fn wait(&mut self, ask: Ask) {
        if self.places.push(&ask) {
            self.entries.insert(ask.key, Entry { ask, stage: Stage::Waiting });
        }
    }

    /// Lets jobs wait whose back-off is over.
    pub(super) fn wake(&mut self, now: DateTime<Utc>) {
        while let Some((due, key)) = self.later.first().copied().filter(|(due, _)| *due <= now) {
            self.later.remove(&(due, key));
            if let Some(entry) = self.entries.remove(&key) {
                self.wait(entry.ask);
            }
        }
    }

    /// When the next back-off is over.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.later.first().map(|(due, _)| *due)
    }

    /// The log says that the job needs no message any more; `claimed` if that is because a worker has it.
    pub(super) fn settle(&mut self, key: Key, position: Position, claimed: bool) {
        if let Some(Entry { ask, stage }) = self.entries.get(&key)
            && ask.position < position
        {
            if let (Stage::Out { at: Some(at), .. }, true) = (stage, claimed) {
                let newest = self.newest_claimed.entry(Arc::clone(&ask.via)).or_insert(*at);
                *newest = (*newest).max(*at);
            }
            self.remove(&key);
        }
        if self.gone.len() >= MOST_GONE {
            self.gone.clear();
        }
        self.gone.insert(key, position);
    }

    /// Forgets what was settled up to here: the read model knows it too.
    pub(super) fn forget_gone(&mut self, until: Position) {
        self.gone.retain(|_, position| *position > until);
    }

    /// Takes a job off the board whose message is not to be sent.
    pub(super) fn drop_ask(&mut self, ask: &Ask) {
        if self.is_out(ask) {
            self.remove(&ask.key);
        }
    }

    fn remove(&mut self, key: &Key) {
        let Some(Entry { ask, stage }) = self.entries.remove(key) else { return };
        match stage {
            Stage::Later => {
                ask.due.map(|due| self.later.remove(&(due, *key)));
            }
            Stage::Waiting => {}
            Stage::Out { .. } => {
                self.unacknowledged.remove(&ask.position);
                self.places.free(&(ask.key.0, ask.via));
            }
        }
    }

    /// The next jobs to be sent, up to so many, each in its place from now on.
    pub(super) fn take(&mut self, most: usize) -> Vec<Ask> {
        let mut taken = Vec::new();
        while taken.len() < most {
            let Some(key) = self.places.take(is_waiting(&self.entries)) else { break };
            let Some(ask) = self.send_out(&key) else { break };
            taken.push(ask);
        }
        taken
    }

    /// The job of this model that has waited longest, to be sent although the others are held back.
    pub(super) fn take_probe(&mut self, model: &Arc<str>) -> Option<Ask> {
        let key = self.places.take_of_model(model, is_waiting(&self.entries))?;
        self.send_out(&key)
    }

    fn send_out(&mut self, key: &Key) -> Option<Ask> {
        let entry = self.entries.get_mut(key)?;
        entry.stage = Stage::Out { at: None, times: 0 };
        if entry.ask.position > self.safe {
            self.unacknowledged.insert(entry.ask.position);
        }
        Some(entry.ask.clone())
    }

    /// Holds back the jobs of these models from now on, and of no others.
    pub(super) fn hold(&mut self, models: HashSet<Arc<str>>) {
        self.places.hold(models);
    }

    /// How many jobs of each model are remembered that are held back.
    pub(super) fn held(&self) -> HashMap<Arc<str>, usize> {
        let mut held = HashMap::new();
        for entry in self.entries.values() {
            if matches!(entry.stage, Stage::Waiting) && self.places.is_held(&entry.ask) {
                *held.entry(Arc::clone(&entry.ask.model)).or_default() += 1;
            }
        }
        held
    }

    /// Whether this message is still wanted.
    pub(super) fn is_out(&self, ask: &Ask) -> bool {
        let is_this =
            |entry: &Entry| entry.ask.position == ask.position && matches!(entry.stage, Stage::Out { .. });
        self.entries.get(&ask.key).is_some_and(is_this)
    }

    /// SQS has taken the message.
    pub(super) fn acknowledge(&mut self, ask: &Ask, now: Instant) {
        self.unacknowledged.remove(&ask.position);
        if let Some(entry) = self.entries.get_mut(&ask.key).filter(|entry| entry.ask.position == ask.position)
            && let Stage::Out { at, .. } = &mut entry.stage
        {
            *at = Some(now);
        }
    }

    /// Up to where every event has a message that is acknowledged, or a job that waits here, if all up to `read` were
    /// told.
    pub(super) fn safe_until(&self, read: Position) -> Position {
        self.unacknowledged.first().map_or(read, |first| Position(first.0 - 1).min(read))
    }

    /// The checkpoint has been moved.
    pub(super) fn moved(&mut self, safe: Position) {
        self.safe = safe;
    }

    /// How many jobs are remembered that are due and have no message.
    pub(super) fn waiting(&self) -> usize {
        self.entries.values().filter(|entry| matches!(entry.stage, Stage::Waiting)).count()
    }

    /// The read model knows of waiting jobs of this account on this model.
    pub(super) fn doubt(&mut self, shelf: ShelfKey) {
        self.places.doubt(shelf);
    }

    /// Whether more should be read of the read model now.
    pub(super) fn is_short(&self) -> bool {
        self.places.is_short()
    }

    /// Shelves of which more should be read now, and how many jobs of each.
    pub(super) fn short(&self, most: usize) -> (Vec<ShelfKey>, usize) {
        (self.places.short(most), self.places.enough())
    }

    /// Takes in what was read of a shelf, in order. It is all that there was at `at` if `is_all`.
    pub(super) fn refill(&mut self, shelf: &ShelfKey, front: Vec<Ask>, is_all: bool, at: Position) {
        let mut room = self.places.room(shelf);
        let mut fits = true;
        for ask in front {
            if self.is_known(&ask) {
                continue;
            }
            if room == 0 {
                fits = false;
                break;
            }
            room -= 1;
            self.remove(&ask.key);
            self.places.push_read(&ask);
            self.entries.insert(ask.key, Entry { ask, stage: Stage::Waiting });
        }
        if fits && is_all {
            self.places.is_whole(shelf, at);
        }
    }
}

fn is_waiting(entries: &HashMap<Key, Entry>) -> impl Fn(&Key) -> bool {
    |key| entries.get(key).is_some_and(|entry| matches!(entry.stage, Stage::Waiting))
}
