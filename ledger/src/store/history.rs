//! Reading an account as it was. Within an account, versions, positions and times grow together, so the last
//! event before a moment is found by bisecting the versions: some twenty look-ups in the primary key, whatever the
//! age of the account, and no index that every append would have to pay for.

use super::row::{event_columns, recorded};
use crate::account::{AccountEvent, AccountState, Lot, LotId, Metadata};
use crate::credits::Credits;
use crate::error::Error;
use crate::event::{Event, RecordedEvent};
use crate::ids::{AccountId, JobId, Position};
use chrono::{DateTime, Utc};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// A moment in the life of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Right after everything that happened at this instant or before it.
    Instant(DateTime<Utc>),
    /// Right before this instant.
    Before(DateTime<Utc>),
    /// Right after the event at this position, or the last one before it.
    Position(Position),
}

/// An account right after one of its events.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountAt {
    /// What it amounted to. Lots that had lapsed by a later moment may still be in it: ask its methods.
    pub state: AccountState,
    /// Version of that event.
    pub version: i64,
    /// Position of that event.
    pub position: Position,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// An account at both ends of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Before its first event in the period; `None` if nothing had happened by then.
    pub opening: Option<AccountAt>,
    /// After its last event in the period; `None` if nothing had happened by then.
    pub closing: Option<AccountAt>,
}

/// Where a lot came from.
#[derive(Debug, Clone, PartialEq)]
pub struct LotOrigin {
    /// The lot as it was given.
    pub lot: Lot,
    /// Why.
    pub reason: String,
    /// Free text of the granting system.
    pub metadata: Metadata,
    /// When it was given.
    pub occurred_at: DateTime<Utc>,
    /// Position of the event that made it.
    pub position: Position,
}

/// The account's event before which everything, and after which nothing, fulfils a condition on `$2`.
macro_rules! bisect {
    ($condition:literal) => {
        concat!(
            "with recursive search (low, high) as (
                select 0::bigint, coalesce((
                    select version from events where account_id = $1 and stream_id = $1
                    order by version desc limit 1
                ), 0)
                union all
                select case when probed.fits then probe.middle else low end,
                    case when probed.fits then high else probe.middle - 1 end
                from search
                cross join lateral (select (low + high + 1) / 2 as middle) probe
                cross join lateral (
                    select ",
            $condition,
            " as fits from events
                    where account_id = $1 and stream_id = $1 and version = probe.middle limit 1
                ) probed
                where low < high
            )
            select state::text, version, position, occurred_at from events
            where account_id = $1 and stream_id = $1 and version = (select max(low) from search)"
        )
    };
}

pub(crate) const AT_INSTANT: &str = bisect!("occurred_at <= $2");
pub(crate) const BEFORE_INSTANT: &str = bisect!("occurred_at < $2");
pub(crate) const AT_POSITION: &str = bisect!("position <= $2");

/// Whose event is at a position, and when it happened.
pub(crate) const HAPPENED_AT: &str = "select account_id, occurred_at from events where position = $1";

/// Some of an account's own events, in order.
pub(crate) const ACCOUNT_EVENTS: &str = concat!(
    "select ",
    event_columns!(),
    " from events where account_id = $1 and stream_id = $1 and version > $2 and version <= $3 \
     order by version limit $4"
);

/// Those of an account's own events that have one of these versions.
pub(crate) const AT_VERSIONS: &str = concat!(
    "select ",
    event_columns!(),
    " from events where account_id = $1 and stream_id = $1 and version = any($2) order by version"
);

/// Those events of an account's streams that are at these versions of them.
pub(crate) const OF_STREAMS: &str = concat!(
    "select ",
    event_columns!(),
    " from unnest($2::uuid[], $3::bigint[]) as asked (of_stream, at_version) cross join lateral (\
        select * from events where account_id = $1 and stream_id = of_stream and version = at_version limit 1\
     ) as found"
);

/// Whose event is at this position, and when it happened; `None` if there is none. It need not be one that this version can
/// read.
pub async fn happened_at(
    client: &impl GenericClient,
    position: Position,
) -> Result<Option<(AccountId, DateTime<Utc>)>, Error> {
    let rows = client.query_typed(HAPPENED_AT, &[(&position.0, Type::INT8)]).await?;
    rows.first().map(|row| Ok((AccountId(row.try_get(0)?), row.try_get(1)?))).transpose()
}

/// The account as it was; `None` if nothing had happened to it by then. What cannot be read is named by its position.
pub async fn account_at(
    client: &impl GenericClient,
    account: AccountId,
    as_of: AsOf,
) -> Result<Option<AccountAt>, Error> {
    let (sql, moment): (_, (&(dyn ToSql + Sync), Type)) = match &as_of {
        AsOf::Instant(instant) => (AT_INSTANT, (instant, Type::TIMESTAMPTZ)),
        AsOf::Before(instant) => (BEFORE_INSTANT, (instant, Type::TIMESTAMPTZ)),
        AsOf::Position(position) => (AT_POSITION, (&position.0, Type::INT8)),
    };
    let rows = client.query_typed(sql, &[(&account.0, Type::UUID), moment]).await?;
    rows.first().map(account_after).transpose()
}

fn account_after(row: &Row) -> Result<AccountAt, Error> {
    let position = Position(row.try_get(2)?);
    let state = serde_json::from_str(row.try_get(0)?).map_err(|error| Error::Unreadable {
        event: format!("at position {position}"),
        problem: error.to_string(),
    })?;
    Ok(AccountAt { state, version: row.try_get(1)?, position, occurred_at: row.try_get(3)? })
}

/// The account before and after a period: `from` belongs to it, `until` does not.
pub async fn statement(
    client: &impl GenericClient,
    account: AccountId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Statement, Error> {
    let opening = account_at(client, account, AsOf::Before(from)).await?;
    let closing = account_at(client, account, AsOf::Before(until)).await?;
    Ok(Statement { opening, closing })
}

/// At most `limit` of the account's own events with `after < version <= until`, in order.
pub async fn account_events(
    client: &impl GenericClient,
    account: AccountId,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<RecordedEvent>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 4] =
        [(&account.0, Type::UUID), (&after, Type::INT8), (&until, Type::INT8), (&limit, Type::INT8)];
    let rows = client.query_typed(ACCOUNT_EVENTS, &parameters).await?;
    rows.iter().map(recorded).collect()
}

/// Those of the account's own events that have one of these versions, in order.
pub async fn account_events_at(
    client: &impl GenericClient,
    account: AccountId,
    versions: &[i64],
) -> Result<Vec<RecordedEvent>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&account.0, Type::UUID), (&versions, Type::INT8_ARRAY)];
    let rows = client.query_typed(AT_VERSIONS, &parameters).await?;
    rows.iter().map(recorded).collect()
}

/// Those events of an account's jobs that are at these versions of their streams, in any order. What is not there is left out.
pub async fn job_events_at(
    client: &impl GenericClient,
    account: AccountId,
    places: &[(JobId, i64)],
) -> Result<Vec<RecordedEvent>, Error> {
    let streams: Vec<Uuid> = places.iter().map(|(job, _)| job.0).collect();
    let versions: Vec<i64> = places.iter().map(|(_, version)| *version).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&account.0, Type::UUID), (&streams, Type::UUID_ARRAY), (&versions, Type::INT8_ARRAY)];
    let rows = client.query_typed(OF_STREAMS, &parameters).await?;
    rows.iter().map(recorded).collect()
}

/// Where these lots of the account came from. What is not a lot of it is left out, and so is the one that
/// stands for everything given before there were lots.
pub async fn lot_origins(
    client: &impl GenericClient,
    account: AccountId,
    lots: &[LotId],
) -> Result<Vec<LotOrigin>, Error> {
    let versions: Vec<i64> = lots.iter().map(|lot| lot.0).collect();
    let events = account_events_at(client, account, &versions).await?;
    Ok(events.into_iter().filter_map(origin).collect())
}

fn origin(recorded: RecordedEvent) -> Option<LotOrigin> {
    let RecordedEvent { event, occurred_at, position, .. } = recorded;
    let (lot, reason, metadata) = match event {
        Event::Account(AccountEvent::Granted {
            amount,
            reason,
            lot,
            priority,
            effective_at,
            expires_at,
            source,
            metadata,
            ..
        }) => (
            Lot { lot, amount, priority, effective_at, expires_at, source, extended: false },
            reason,
            metadata,
        ),
        Event::Account(AccountEvent::Adjusted { reason, to, .. }) => {
            (to.into_iter().next()?, reason, Metadata::new())
        }
        Event::Account(_) | Event::Job(_) => return None,
    };
    let made_it = lot.lot != LotId::UNNAMED && lot.amount != Credits::ZERO;
    made_it.then_some(LotOrigin { lot, reason, metadata, occurred_at, position })
}
