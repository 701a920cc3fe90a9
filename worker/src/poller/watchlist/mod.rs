//! The tasks that are watched, and when each is asked after next. Time is a parameter, and neither providers nor
//! the database are known here.
//!
//! A heap holds the due times, so that what is due is found without looking at everything else. A task that is
//! no longer due at an entry's time leaves the entry behind; it is dropped when its time comes.

use super::check::Checked;
use super::silence::Silence;
use ledger::{AccountId, JobId};
use projections::pending::PendingTask;
use std::cmp::Reverse;
use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A settled task that is still listed after this is asked after again.
const SETTLED_REST: Duration = Duration::from_secs(10);

/// A task is one submission: the job and the token of the attempt.
pub(super) type Key = (AccountId, JobId, i64);

pub(super) fn key_of(task: &PendingTask) -> Key {
    (task.account_id, task.job_id, task.fencing.unwrap_or_default())
}

#[derive(Default)]
pub(super) struct Watchlist {
    watched: BTreeMap<Key, Watched>,
    due: BinaryHeap<Reverse<(Instant, Key)>>,
}

struct Watched {
    task: Arc<PendingTask>,
    state: State,
    silence: Silence,
    /// It left the list while it was being checked.
    gone: bool,
    /// Something was reported about it while it was being checked: what is answered may be older.
    news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is asked after at this time.
    Waiting(Instant),
    /// It is being checked.
    Busy,
    /// Its end was recorded here, at this time.
    Settled(Instant),
}

impl Watchlist {
    pub(super) fn len(&self) -> usize {
        self.watched.len()
    }

    /// Watches a task that is listed; a new one is due at once.
    pub(super) fn add(&mut self, task: PendingTask, now: Instant) {
        let key = key_of(&task);
        match self.watched.entry(key) {
            Entry::Vacant(place) => {
                let state = State::Waiting(now);
                let task = Arc::new(task);
                let silence = Silence::default();
                place.insert(Watched { task, state, silence, gone: false, news: false });
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.gone = false;
                match known.state {
                    State::Settled(since) if now >= since + SETTLED_REST => known.state = State::Waiting(now),
                    State::Settled(_) | State::Waiting(_) | State::Busy => return,
                }
            }
        }
        self.due.push(Reverse((now, key)));
    }

    /// Makes the tasks of a job due, whichever attempts they are of: work that was found again has another one's token than
    /// it was reported under.
    pub(super) fn hasten(&mut self, account: AccountId, job: JobId, now: Instant) {
        for (key, watched) in self.watched.range_mut((account, job, i64::MIN)..=(account, job, i64::MAX)) {
            match watched.state {
                State::Waiting(due) if due > now => {
                    watched.state = State::Waiting(now);
                    self.due.push(Reverse((now, *key)));
                }
                State::Busy => watched.news = true,
                State::Waiting(_) | State::Settled(_) => {}
            }
        }
    }

    /// A task that is due, the longest waiting first, and for how long nobody has answered for it. It is busy until
    /// [`Watchlist::finish`].
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Arc<PendingTask>, Silence)> {
        while self.next_due().is_some_and(|due| due <= now) {
            let Reverse((due, key)) = self.due.pop()?;
            let Some(watched) = self.watched.get_mut(&key) else { continue };
            if watched.state == State::Waiting(due) {
                watched.state = State::Busy;
                return Some((Arc::clone(&watched.task), watched.silence));
            }
        }
        None
    }

    /// No task is due before this.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes in what a check led to.
    pub(super) fn finish(&mut self, key: Key, checked: Checked, now: Instant) {
        let Some(watched) = self.watched.get_mut(&key) else { return };
        watched.take_in(checked, now);
        if watched.gone {
            self.watched.remove(&key);
        } else if let State::Waiting(due) = watched.state {
            self.due.push(Reverse((due, key)));
        }
    }

    /// Forgets all that is not listed; what is being checked, once that has ended.
    pub(super) fn keep_only(&mut self, listed: &HashSet<Key>) {
        self.watched.retain(|key, watched| {
            watched.gone = !listed.contains(key);
            !watched.gone || watched.state == State::Busy
        });
    }
}

impl Watched {
    fn take_in(&mut self, checked: Checked, now: Instant) {
        let has_news = std::mem::take(&mut self.news);
        self.silence = match checked {
            Checked::Unanswered { .. } => self.silence.longer(now),
            Checked::Later(_) | Checked::Settled => Silence::default(),
        };
        self.state = match checked {
            Checked::Later(due) => State::Waiting(if has_news { now } else { due }),
            Checked::Unanswered { interval, retry_after } => {
                State::Waiting(now + self.silence.pause(interval, retry_after))
            }
            Checked::Settled => State::Settled(now),
        };
    }
}

#[cfg(test)]
mod tests;
