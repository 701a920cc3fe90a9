//! Incidents as they stand: what waits of each, and what was decided about it.

use super::changes::{self, Change};
use super::tally::{self, Subject, Waiting};
use super::triage::{Event, State, Terms, state};
use crate::error::Error;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use tokio_postgres::GenericClient;

/// Incidents that are told at once. Where there are more, messages differ in ways that nobody could group.
const MOST: usize = 1_000;

/// Incidents without jobs that are told, those that were decided about last.
const MOST_QUIET: i64 = 200;

/// A cause of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its fingerprint.
    pub id: String,
    /// What it is about.
    pub subject: Subject,
    /// How it stands.
    pub state: State,
    /// The dead jobs; `None` if none waits any more.
    pub waiting: Option<Waiting>,
    /// What was decided last, if anything was.
    pub last: Option<Change>,
}

/// All incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incidents {
    /// What matters most comes first.
    pub all: Vec<Incident>,
    /// Whether there are more, of which nothing is told.
    pub is_cut: bool,
}

/// Every incident of which a job waits, and those that were decided about last.
pub async fn list(client: &impl GenericClient, now: DateTime<Utc>) -> Result<Incidents, Error> {
    let mut names = tally::walk(client, MOST as i64 + 1).await?;
    let is_cut = names.len() > MOST;
    names.truncate(MOST);
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    let waiting = tally::tallies(client, &named, now).await?;
    let mut decided = changes::latest(client, &named).await?;
    for (id, change) in changes::newest(client, MOST_QUIET).await? {
        decided.entry(id).or_insert(change);
    }
    let mut all = put_together(client, waiting, decided, now).await?;
    all.sort_by_cached_key(Incident::rank);
    Ok(Incidents { all, is_cut })
}

/// One incident; `None` if no job waits of it and nothing was ever decided about it.
pub async fn get(
    client: &impl GenericClient,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<Incident>, Error> {
    let waiting = tally::tallies(client, &[id], now).await?;
    let decided = changes::latest(client, &[id]).await?;
    Ok(put_together(client, waiting, decided, now).await?.pop())
}

/// Where an incident stands among others: by state, what gets worse, what is at stake, how many, what was last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    state: usize,
    is_steady: bool,
    waiting: Reverse<Option<(Decimal, u64, DateTime<Utc>)>>,
    changed_at: Reverse<Option<DateTime<Utc>>>,
    id: String,
}

impl Incident {
    /// What matters most has the lowest.
    pub fn rank(&self) -> Rank {
        let waiting = self.waiting.as_ref();
        Rank {
            state: State::ALL.iter().position(|state| *state == self.state).unwrap_or_default(),
            is_steady: !waiting.is_some_and(Waiting::is_rising),
            waiting: Reverse(waiting.map(|waiting| (waiting.charged, waiting.jobs, waiting.last_seen))),
            changed_at: Reverse(self.last.as_ref().map(|last| last.changed_at)),
            id: self.id.clone(),
        }
    }
}

async fn put_together(
    client: &impl GenericClient,
    mut waiting: BTreeMap<String, (Subject, Waiting)>,
    mut decided: BTreeMap<String, Change>,
    now: DateTime<Utc>,
) -> Result<Vec<Incident>, Error> {
    let asked: Vec<_> = decided.values().filter_map(asks_what_died).collect();
    let died = tally::since(client, &asked).await?;
    let mut ids: Vec<String> = waiting.keys().chain(decided.keys()).cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    let incidents = ids.into_iter().filter_map(|id| {
        let last = decided.remove(&id);
        let (subject, waiting) = waiting.remove(&id).unzip();
        let died_since = died.get(&id).copied().unwrap_or_default();
        let subject = subject.or_else(|| last.as_ref().map(|last| last.subject.clone()))?;
        let state = state(last.as_ref().map(Change::last), died_since, now);
        Some(Incident { id, subject, state, waiting, last })
    });
    Ok(incidents.collect())
}

/// What must be counted to know how an incident stands.
fn asks_what_died(last: &Change) -> Option<(&str, DateTime<Utc>, i64)> {
    let most = match (last.event, last.terms) {
        (Event::Resolved, _) => 1,
        (Event::Ignored, Some(Terms::More(more))) => more.into(),
        _ => return None,
    };
    Some((&last.incident, last.changed_at, most))
}
