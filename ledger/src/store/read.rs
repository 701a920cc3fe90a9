//! Reading the log. Every answer is current: it is made from the log itself, not from a read model.

pub use super::history::{
    AccountAt, AsOf, LotOrigin, Statement, account_at, account_events, account_events_at, happened_at,
    job_events_at, lot_origins, statement,
};
pub use super::job_credits::job_credits;
pub use super::moments::{AccountNow, Dated, Legible, accounts_at, accounts_now, jobs_at, owners};
use super::row::{account_state, event_columns, recorded};
use crate::account::AccountState;
use crate::error::Error;
use crate::event::{Event, RecordedEvent};
use crate::ids::{AccountId, JobId, Position, StreamId};
use crate::job::JobState;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// The last event of an account's stream.
pub(crate) const ACCOUNT: &str = "select state::text, version from events \
     where account_id = $1 and stream_id = $1 order by version desc limit 1";

/// A stream in order.
pub(crate) const STREAM: &str = concat!(
    "select ",
    event_columns!(),
    " from events where account_id = $1 and stream_id = $2 order by version"
);

macro_rules! page {
    ($condition:literal) => {
        concat!(
            "select ",
            event_columns!(),
            " from events where position > $1 and position <= $2",
            $condition,
            " order by position limit $3"
        )
    };
}

/// The tail between two positions, in order.
pub(crate) const PAGE: &str = page!("");
/// Of the tail, the credit events. The schema gives an amount to those alone.
pub(crate) const PAGE_OF_CREDITS: &str = page!(" and amount is not null");
/// Of the tail, the events of jobs.
pub(crate) const PAGE_OF_JOBS: &str = page!(" and amount is null");

/// Of the tail, the events of jobs that may leave somebody at work in vain. All three are of the rare types that have an
/// index.
pub(crate) const PAGE_OF_STOPS: &str =
    page!(" and type in ('job.attempt_failed', 'job.dead_lettered', 'job.cancelled')");
/// The models of jobs, from the first events of their streams.
pub(crate) const MODELS: &str = r"
select first.stream_id, first.model
from unnest($1::uuid[], $2::uuid[]) as wanted (account_id, stream_id) cross join lateral (
    select stream_id, payload -> 'request' ->> 'model' as model from events
    where account_id = wanted.account_id and stream_id = wanted.stream_id and version = 1
) as first";

/// Of attempts that have not ended, those that no longer count: by the first event after their start that says so.
pub(crate) const OVER: &str = r"
select attempt.stream_id, attempt.version, later.type = 'job.cancelled' as is_cancelled
from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as attempt (account_id, stream_id, version) cross join lateral (
    select type from events
    where account_id = attempt.account_id and stream_id = attempt.stream_id and version > attempt.version
        and type not in ('job.submitted', 'job.refunded')
    order by version limit 1
) as later";

/// Which side of the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// Both.
    #[default]
    Both,
    /// What happened to accounts.
    Credits,
    /// What happened to jobs.
    Jobs,
}

/// Which events an auditor asks for. Everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this account.
    pub account: Option<AccountId>,
    /// About this job; with `account`, since a job is found through its account.
    pub job: Option<JobId>,
    /// Of one of these types; empty for any.
    pub types: Vec<String>,
    /// Written by this actor, such as `admin:ops`.
    pub actor: Option<String>,
    /// Led to by this API key, action, event or message.
    pub cause: Option<Uuid>,
    /// Recorded at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    pub until: Option<DateTime<Utc>>,
}

/// An account's state and version now; `None` if nothing ever happened to it.
pub async fn account(
    client: &impl GenericClient,
    account: AccountId,
) -> Result<Option<(AccountState, i64)>, Error> {
    let rows = client.query_typed(ACCOUNT, &[(&account.0, Type::UUID)]).await?;
    rows.first().map(|row| Ok((account_state(row.try_get(0)?)?, row.try_get(1)?))).transpose()
}

/// A job's state now; `None` if this account has no such job.
pub async fn job(
    client: &impl GenericClient,
    account: AccountId,
    job: JobId,
) -> Result<Option<JobState>, Error> {
    Ok(job_at(client, account, job).await?.map(|(state, _)| state))
}

/// A job's state now, and the position of the event that it is the state after; `None` if this account has no such job.
pub async fn job_at(
    client: &impl GenericClient,
    account: AccountId,
    job: JobId,
) -> Result<Option<(JobState, Position)>, Error> {
    let events = stream(client, account, job.into()).await?;
    let state = events.iter().fold(None, |state, recorded| match &recorded.event {
        Event::Job(event) => JobState::apply(state, event, recorded.version, recorded.occurred_at),
        Event::Account(_) => state,
    });
    Ok(state.zip(events.last().map(|recorded| recorded.position)))
}

/// On which model each of these jobs is to be made. Of what is not there, or cannot be read, nothing is told.
pub async fn models(
    client: &impl GenericClient,
    jobs: &[(AccountId, JobId)],
) -> Result<HashMap<JobId, String>, Error> {
    let accounts: Vec<Uuid> = jobs.iter().map(|(account, _)| account.0).collect();
    let streams: Vec<Uuid> = jobs.iter().map(|(_, job)| job.0).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&accounts, Type::UUID_ARRAY), (&streams, Type::UUID_ARRAY)];
    let rows = client.query_typed(MODELS, &parameters).await?;
    let told = rows.iter().map(|row| Ok((JobId(row.try_get(0)?), row.try_get::<_, Option<String>>(1)?)));
    let told: Vec<(JobId, Option<String>)> = told.collect::<Result<_, Error>>()?;
    Ok(told.into_iter().filter_map(|(job, model)| Some((job, model?))).collect())
}

/// An attempt that no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptOver {
    /// Whose attempt.
    pub job: JobId,
    /// Its token.
    pub fencing: i64,
    /// Whether its job was cancelled; else it was ended, taken away or taken over.
    pub is_cancelled: bool,
}

/// Which of these attempts, named by their tokens, no longer count.
pub async fn attempts_over(
    client: &impl GenericClient,
    attempts: &[(AccountId, JobId, i64)],
) -> Result<Vec<AttemptOver>, Error> {
    let accounts: Vec<Uuid> = attempts.iter().map(|(account, _, _)| account.0).collect();
    let jobs: Vec<Uuid> = attempts.iter().map(|(_, job, _)| job.0).collect();
    let tokens: Vec<i64> = attempts.iter().map(|(_, _, fencing)| *fencing).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&accounts, Type::UUID_ARRAY), (&jobs, Type::UUID_ARRAY), (&tokens, Type::INT8_ARRAY)];
    let over = |row: &Row| {
        let (job, fencing, is_cancelled) = (JobId(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?);
        Ok(AttemptOver { job, fencing, is_cancelled })
    };
    client.query_typed(OVER, &parameters).await?.iter().map(over).collect()
}

/// All events of a stream, in order.
pub async fn stream(
    client: &impl GenericClient,
    account: AccountId,
    stream: StreamId,
) -> Result<Vec<RecordedEvent>, Error> {
    let rows = client.query_typed(STREAM, &[(&account.0, Type::UUID), (&stream.0, Type::UUID)]).await?;
    rows.iter().map(recorded).collect()
}

/// At most `limit` events of one side with `after < position <= until`, in order. `until` must not pass the safe mark.
pub async fn page(
    client: &impl GenericClient,
    side: Side,
    after: Position,
    until: Position,
    limit: i64,
) -> Result<Vec<RecordedEvent>, Error> {
    page_rows(client, side, after, until, limit).await?.iter().map(recorded).collect()
}

/// A page of the tail in which events that this version cannot read are told apart: a newer release may write what an
/// older one does not know, and the older one must go on with the rest.
#[derive(Debug, Default)]
pub struct ReadablePage {
    /// Those that can be read, in order.
    pub events: Vec<RecordedEvent>,
    /// Those that cannot, in order.
    pub unreadable: Vec<UnreadableEvent>,
    /// Where the page ends; `None` if nothing is there.
    pub last: Option<Position>,
    /// How many events it has, of both sorts.
    pub length: usize,
}

/// An event that this version cannot read.
#[derive(Debug)]
pub struct UnreadableEvent {
    /// Where it is in the log.
    pub position: Position,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The stream it belongs to.
    pub stream_id: StreamId,
    /// Why not.
    pub error: Error,
}

/// As [`page`], and never fails because of what an event says.
pub async fn readable_page(
    client: &impl GenericClient,
    side: Side,
    after: Position,
    until: Position,
    limit: i64,
) -> Result<ReadablePage, Error> {
    told_apart(&page_rows(client, side, after, until, limit).await?)
}

/// As [`readable_page`], of the events that may leave a provider at work in vain: failed attempts, dead letters and
/// cancellations.
pub async fn page_of_stops(
    client: &impl GenericClient,
    after: Position,
    until: Position,
    limit: i64,
) -> Result<ReadablePage, Error> {
    told_apart(&rows_between(client, PAGE_OF_STOPS, after, until, limit).await?)
}

fn told_apart(rows: &[Row]) -> Result<ReadablePage, Error> {
    let mut page = ReadablePage::default();
    for row in rows {
        let position = Position(row.try_get(0)?);
        page.last = Some(position);
        page.length += 1;
        match recorded(row) {
            Ok(event) => page.events.push(event),
            Err(error @ Error::Unreadable { .. }) => page.unreadable.push(UnreadableEvent {
                position,
                account_id: AccountId(row.try_get(1)?),
                stream_id: StreamId(row.try_get(2)?),
                error,
            }),
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

async fn page_rows(
    client: &impl GenericClient,
    side: Side,
    after: Position,
    until: Position,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    let sql = match side {
        Side::Both => PAGE,
        Side::Credits => PAGE_OF_CREDITS,
        Side::Jobs => PAGE_OF_JOBS,
    };
    rows_between(client, sql, after, until, limit).await
}

async fn rows_between(
    client: &impl GenericClient,
    sql: &str,
    after: Position,
    until: Position,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&after.0, Type::INT8), (&until.0, Type::INT8), (&limit, Type::INT8)];
    Ok(client.query_typed(sql, &parameters).await?)
}

/// At most `limit` events after a position that match a filter, in order of position.
pub async fn events(
    client: &impl GenericClient,
    filter: &EventFilter,
    after: Position,
    limit: i64,
) -> Result<Vec<RecordedEvent>, Error> {
    let (sql, parameters) = filtered(filter, &after, &limit);
    let rows = client.query_typed(&sql, &parameters).await?;
    rows.iter().map(recorded).collect()
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The statement for a filter. Only the conditions that are set are in it, and the type names stand in it as
/// literals, so that the planner can use the partial index on the rare types.
fn filtered<'a>(
    filter: &'a EventFilter,
    after: &'a Position,
    limit: &'a i64,
) -> (String, Vec<Parameter<'a>>) {
    let mut sql = concat!("select ", event_columns!(), " from events where position > $1").to_owned();
    let mut parameters: Vec<Parameter<'a>> = vec![(&after.0, Type::INT8), (limit, Type::INT8)];
    let mut and = |condition: &str, value: &'a (dyn ToSql + Sync), kind: Type| {
        parameters.push((value, kind));
        sql.push_str(&format!(" and {condition} ${}", parameters.len()));
    };
    if let Some(account) = &filter.account {
        and("account_id =", &account.0, Type::UUID);
    }
    if let Some(job) = &filter.job {
        and("job_id =", &job.0, Type::UUID);
    }
    if let Some(actor) = &filter.actor {
        and("actor =", actor, Type::TEXT);
    }
    if let Some(cause) = &filter.cause {
        and("causation_id =", cause, Type::UUID);
    }
    if let Some(since) = &filter.since {
        and("recorded_at >=", since, Type::TIMESTAMPTZ);
    }
    if let Some(until) = &filter.until {
        and("recorded_at <", until, Type::TIMESTAMPTZ);
    }
    if !filter.types.is_empty() {
        let names: Vec<String> = filter.types.iter().map(|name| quoted(name)).collect();
        sql.push_str(&format!(" and type in ({})", names.join(", ")));
    }
    sql.push_str(" order by position limit $2");
    (sql, parameters)
}

/// A text literal. Type names are lower-case letters, dots and underscores; anything else matches nothing.
fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_');
    if plain { format!("'{name}'") } else { "''".to_owned() }
}
