//! `incident_changes`: what was decided about each incident, in order. Rows are only ever added, and each names the one before it by
//! its revision, so of two who decide at once the second finds its place taken and looks again.

use super::tally::{Subject, subject};
use super::triage::{Decision, Deed, Event, Last, State, Terms, decide};
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

macro_rules! change_columns {
    () => {
        "incident, revision, change, until, more, reason, actor, key_id, changed_at, kind, provider, model, class, code, message"
    };
}

pub(super) const LATEST: &str = concat!(
    "select latest.* from unnest($1::text[]) as named (asked) cross join lateral (select ",
    change_columns!(),
    " from incident_changes where incident = named.asked order by revision desc limit 1) latest"
);

/// Those that were decided about last, each once.
pub(super) const NEWEST: &str = concat!(
    "select ",
    change_columns!(),
    " from incident_changes newest where not exists (
        select from incident_changes later where later.incident = newest.incident and later.revision > newest.revision
    ) order by changed_at desc, incident desc, revision desc limit $1::bigint"
);

pub(super) const HISTORY: &str = concat!(
    "select ",
    change_columns!(),
    " from incident_changes where incident = $1 order by revision desc limit $2::bigint"
);

pub(super) const ADD: &str = concat!(
    "insert into incident_changes (incident, revision, change, until, more, reason, actor, request_id, changed_at, kind,
        provider, model, class, code, message, key_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    on conflict (incident, revision) do nothing returning ",
    change_columns!()
);

/// Something that happened to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its fingerprint.
    pub incident: String,
    /// Its place in what happened, from 1.
    pub revision: u32,
    /// What.
    pub event: Event,
    /// For how long it is ignored, if it is.
    pub terms: Option<Terms>,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// Who, as the log writes it; `system` where it came about by itself.
    pub actor: String,
    /// By which API key, if it came by one.
    pub key: Option<Uuid>,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// What the incident is about.
    pub subject: Subject,
}

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// What.
    pub deed: Deed,
    /// The revision that was seen; 0 of an incident about which nothing was decided.
    pub expected: u32,
    /// Why.
    pub reason: Option<String>,
    /// Who, as the log writes it.
    pub actor: String,
    /// Through which request.
    pub request_id: String,
    /// By which API key, if it came by one.
    pub key: Option<Uuid>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It is written, or was so before.
    Done,
    /// Somebody decided otherwise after the revision that was seen.
    Stale,
    /// Somebody else decided at this very moment: look again.
    Raced,
}

impl Change {
    pub(super) fn last(&self) -> Last<'_> {
        Last { revision: self.revision, event: self.event, terms: self.terms, actor: &self.actor }
    }
}

/// The latest change of each of these, where there is one.
pub(super) async fn latest(
    client: &impl GenericClient,
    incidents: &[&str],
) -> Result<BTreeMap<String, Change>, Error> {
    let rows = client.query_typed(LATEST, &[(&incidents, Type::TEXT_ARRAY)]).await?;
    by_incident(&rows)
}

/// The latest change of those that were decided about last, at most `most`.
pub(super) async fn newest(
    client: &impl GenericClient,
    most: i64,
) -> Result<BTreeMap<String, Change>, Error> {
    by_incident(&client.query_typed(NEWEST, &[(&most, Type::INT8)]).await?)
}

/// What happened to an incident, newest first, at most `most`.
pub async fn history(client: &impl GenericClient, incident: &str, most: i64) -> Result<Vec<Change>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&incident, Type::TEXT), (&most, Type::INT8)];
    client.query_typed(HISTORY, &parameters).await?.iter().map(read).collect()
}

/// Writes what a person wants of an incident that stands as `state` after `last`.
pub async fn change(
    client: &impl GenericClient,
    (incident, subject): (&str, &Subject),
    (last, state): (Option<&Change>, State),
    new: &NewChange,
) -> Result<Written, Error> {
    let decision = decide(last.map(Change::last), state, new.deed, new.expected, &new.actor);
    let revision = match decision {
        Decision::AlreadyApplied => return Ok(Written::Done),
        Decision::Stale => return Ok(Written::Stale),
        Decision::Write(revision) => row::column(revision),
    };
    let (event, until, more) = match new.deed {
        Deed::Ignore(Terms::Until(until)) => (Event::Ignored, Some(until), None),
        Deed::Ignore(Terms::More(more)) => (Event::Ignored, None, Some(row::column(more))),
        Deed::Resolve => (Event::Resolved, None, None),
        Deed::Reopen => (Event::Reopened, None, None),
    };
    let parameters: [(&(dyn ToSql + Sync), Type); 16] = [
        (&incident, Type::TEXT),
        (&revision, Type::INT4),
        (&event.as_str(), Type::TEXT),
        (&until, Type::TIMESTAMPTZ),
        (&more, Type::INT4),
        (&new.reason, Type::TEXT),
        (&new.actor, Type::TEXT),
        (&new.request_id, Type::TEXT),
        (&new.at, Type::TIMESTAMPTZ),
        (&subject.kind.as_str(), Type::TEXT),
        (&subject.provider, Type::TEXT),
        (&subject.model, Type::TEXT),
        (&subject.class.as_str(), Type::TEXT),
        (&subject.code, Type::TEXT),
        (&subject.message, Type::TEXT),
        (&new.key, Type::UUID),
    ];
    let added = client.query_typed(ADD, &parameters).await?;
    Ok(if added.is_empty() { Written::Raced } else { Written::Done })
}

fn by_incident(rows: &[Row]) -> Result<BTreeMap<String, Change>, Error> {
    rows.iter().map(|row| read(row).map(|change| (change.incident.clone(), change))).collect()
}

fn read(row: &Row) -> Result<Change, Error> {
    let until: Option<DateTime<Utc>> = row.try_get("until")?;
    let more: Option<i32> = row.try_get("more")?;
    Ok(Change {
        incident: row.try_get("incident")?,
        revision: row::count(row, "revision")?,
        event: row::named(row, "change")?,
        terms: until.map(Terms::Until).or(more.map(|more| Terms::More(more.unsigned_abs()))),
        reason: row.try_get("reason")?,
        actor: row.try_get("actor")?,
        key: row.try_get("key_id")?,
        changed_at: row.try_get("changed_at")?,
        subject: subject(row)?,
    })
}
