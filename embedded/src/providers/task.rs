//! One task that was accepted, and how far it is at any moment.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    fault::{Fate, Fault},
    wishes::{Invalid, Wishes},
};

/// A task. Nothing runs: how far it is follows from the time.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub id: String,
    pub model: String,
    pub input: Value,
    pub wishes: Result<Wishes, Invalid>,
    /// What the words of its model and prompt stand for.
    pub words: Vec<Fault>,
    pub fate: Option<Fate>,
    pub created_at: DateTime<Utc>,
    submitted: Instant,
    starts: Instant,
    ends: Option<Instant>,
    deadline: Option<Instant>,
    cancelled: Option<Instant>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Running,
    Ended(Ending),
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Made(Wishes),
    Gone,
    Invalid(Invalid),
    Moderated,
    Failed,
    Cancelled,
    /// Its deadline came before it was begun.
    Aborted,
}

impl Task {
    pub(super) fn new(
        id: String,
        model: String,
        input: Value,
        wishes: Result<Wishes, Invalid>,
        (words, fate): (Vec<Fault>, Option<Fate>),
        delay: Duration,
    ) -> Task {
        let submitted = Instant::now();
        let ends = match fate {
            Some(Fate::Never) => None,
            Some(Fate::Late(longer)) => Some(submitted + delay + longer),
            _ => Some(submitted + delay),
        };
        let (deadline, cancelled) = (None, None);
        let (created_at, starts) = (Utc::now(), submitted + delay / 4);
        Task {
            id,
            model,
            input,
            wishes,
            words,
            fate,
            created_at,
            submitted,
            starts,
            ends,
            deadline,
            cancelled,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        let now = Instant::now();
        let passed = |moment: Option<Instant>| moment.filter(|moment| *moment <= now);
        let ended = passed(self.ends);
        if self.cancelled.is_some() {
            Phase::Ended(Ending::Cancelled)
        } else if let Some(deadline) = passed(self.deadline)
            && ended.is_none_or(|ended| ended > deadline)
        {
            Phase::Ended(if self.starts > deadline { Ending::Aborted } else { Ending::Cancelled })
        } else if ended.is_some() {
            Phase::Ended(self.ending())
        } else if self.starts <= now {
            Phase::Running
        } else {
            Phase::Queued
        }
    }

    fn ending(&self) -> Ending {
        match (&self.wishes, self.fate) {
            (Err(invalid), _) => Ending::Invalid(invalid.clone()),
            (Ok(_), Some(Fate::Moderated)) => Ending::Moderated,
            (Ok(_), Some(Fate::Failed)) => Ending::Failed,
            (Ok(_), Some(Fate::Gone)) => Ending::Gone,
            (Ok(wishes), _) => Ending::Made(wishes.clone()),
        }
    }

    /// Stops it, unless it ended. Returns how far it was. What cannot be stopped ends at that very moment.
    pub(super) fn cancel(&mut self) -> Phase {
        if self.fate == Some(Fate::TooLate) {
            self.finish();
        }
        let phase = self.phase();
        if !matches!(phase, Phase::Ended(_)) {
            self.cancelled = Some(Instant::now());
        }
        phase
    }

    /// Stops it by itself after so long.
    pub(super) fn set_deadline(&mut self, after: Duration) {
        self.deadline = Some(self.submitted + after);
    }

    /// Begins it now, and lets it run until it is finished by hand.
    pub(super) fn start(&mut self) {
        self.starts = Instant::now();
        self.ends = None;
    }

    /// Ends it now.
    pub(super) fn finish(&mut self) {
        let now = Instant::now();
        self.starts = self.starts.min(now);
        self.ends = Some(self.ends.map_or(now, |ends| ends.min(now)));
    }

    /// When the work began, if it did.
    pub(super) fn started_at(&self) -> Option<DateTime<Utc>> {
        (self.starts <= self.stopped().unwrap_or_else(Instant::now)).then(|| self.at(self.starts))
    }

    /// When it ended, if it did.
    pub(super) fn completed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.at(self.stopped()?))
    }

    /// How long the work took, if it ended, in seconds; and everything, the queue included.
    pub(super) fn took(&self) -> Option<(f64, f64)> {
        let stopped = self.stopped()?;
        let since = |moment| stopped.saturating_duration_since(moment).as_secs_f64();
        Some((since(self.starts), since(self.submitted)))
    }

    fn stopped(&self) -> Option<Instant> {
        let now = Instant::now();
        let moments = [self.cancelled, self.deadline, self.ends].into_iter().flatten();
        moments.filter(|moment| *moment <= now).min()
    }

    fn at(&self, moment: Instant) -> DateTime<Utc> {
        self.created_at + moment.saturating_duration_since(self.submitted)
    }
}
