//! What the duty writes down: who is to be told what the log says.
//!
//! Deliveries are written and settled in different transactions, and each looks for the next message of an account. Two at once would
//! both leave it to the other, so each begins with [`hold`], which also shows that the duty is still this process's.

use super::delivery::Topic;
use super::due::Lane;
use super::endpoint::{Replay, read_replay};
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::{AccountId, Position};
use std::collections::BTreeSet;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

pub(super) const HOLD: &str =
    "select position from relay_checkpoints where relay = 'hooks' and fencing = $1 for update";

pub(super) const LISTENERS: &str = r"
select id, events, account_id, after_position, replay_after, replay_until, replay_delivered from webhook_endpoints
where disabled_at is null and deleted_at is null order by id";

macro_rules! told {
    ($conflict:literal) => {
        concat!(
            "insert into webhook_deliveries as delivery (endpoint, message_id, position, account_id, type, payload, created_at, waits_since)
            select pair.endpoint, message.id, message.position, message.account_id, message.type, message.payload, $8, $8
            from unnest($1::uuid[], $2::bigint[]) as pair (endpoint, message)
            join unnest($3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::text[]) with ordinality
                as message (id, position, account_id, type, payload, ordinal) on message.ordinal = pair.message
            order by 1, 2
            on conflict (endpoint, message_id) do ",
            $conflict,
            " returning endpoint, account_id"
        )
    };
}

pub(super) const TELL: &str = told!("nothing");

/// What waits already goes on waiting; what was delivered is sent once more if that is wanted.
pub(super) const TELL_AGAIN: &str = told!(
    "update set outcome = 'waiting', attempts = 0, next_at = null, settled_at = null, waits_since = excluded.waits_since
        where delivery.outcome = 'given_up' or (delivery.outcome = 'delivered' and $9)"
);

/// Past the end there is nothing left to be told again.
pub(super) const MOVE_REPLAY: &str = r"
update webhook_endpoints set
    replay_after = case when $2 < replay_until then $2 end,
    replay_until = case when $2 < replay_until then replay_until end,
    replay_delivered = case when $2 < replay_until then replay_delivered end
where id = $1 and replay_after is not null returning id";

/// By look-up in the index of each endpoint, and not by the whole table.
pub(super) const COUNTS: &str = r"
select count(*) filter (where disabled_at is not null) as disabled,
    count(*) filter (where disabled_at is null and failing_since is not null) as failing,
    count(*) filter (where disabled_at is null and failing_since is null) as well,
    min(case when disabled_at is null and failing_since is null then (
        select next_at from webhook_deliveries where endpoint = id and next_at is not null order by next_at limit 1
    ) end) as first_due_at
from webhook_endpoints where deleted_at is null";

/// An endpoint, as far as it matters for what it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The endpoint.
    pub id: Uuid,
    /// What it wants to be told.
    pub topics: Vec<Topic>,
    /// The one account that it is told about; `None` for all.
    pub account: Option<AccountId>,
    /// It is told what the log says after this.
    pub after: Position,
    /// What is told again.
    pub replay: Option<Replay>,
}

/// A message, whoever gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name.
    pub id: Uuid,
    /// The event that it tells of.
    pub position: Position,
    /// Whose that is.
    pub account_id: AccountId,
    /// What it is about.
    pub topic: Topic,
    /// What is sent.
    pub payload: String,
}

/// How endpoints do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Nothing is sent to so many.
    pub disabled: u64,
    /// The last attempt of so many failed.
    pub failing: u64,
    /// The others.
    pub well: u64,
    /// When the first of what is to be sent to those that do well was or is due.
    pub first_due_at: Option<DateTime<Utc>>,
}

/// Keeps the other transactions of the duty out until this one is over. Up to where endpoints were told; `None` if another process does
/// that now.
pub async fn hold(client: &impl GenericClient, fencing: i64) -> Result<Option<Position>, Error> {
    let rows = client.query_typed(HOLD, &[(&fencing, Type::INT8)]).await?;
    rows.first().map(|row| Ok(Position(row.try_get(0)?))).transpose()
}

/// The endpoints that something is sent to.
pub async fn listeners(client: &impl GenericClient) -> Result<Vec<Listener>, Error> {
    client.query_typed(LISTENERS, &[]).await?.iter().map(read_listener).collect()
}

/// Writes down that these endpoints are to be told these messages, by their places in the list. What was written before stays.
/// Returns the accounts of endpoints that something was written for.
pub async fn tell(
    client: &impl GenericClient,
    messages: &[Message],
    pairs: &[(Uuid, usize)],
    now: DateTime<Utc>,
) -> Result<BTreeSet<Lane>, Error> {
    write(client, TELL, messages, pairs, now, None).await
}

/// The same of what an endpoint is told again.
pub async fn tell_again(
    client: &impl GenericClient,
    messages: &[Message],
    pairs: &[(Uuid, usize)],
    now: DateTime<Utc>,
    with_delivered: bool,
) -> Result<BTreeSet<Lane>, Error> {
    write(client, TELL_AGAIN, messages, pairs, now, Some(with_delivered)).await
}

async fn write(
    client: &impl GenericClient,
    statement: &str,
    messages: &[Message],
    pairs: &[(Uuid, usize)],
    now: DateTime<Utc>,
    with_delivered: Option<bool>,
) -> Result<BTreeSet<Lane>, Error> {
    let endpoints = row::column_of!(pairs: Uuid, (endpoint, _) => *endpoint);
    let places = row::column_of!(pairs: i64, (_, place) => *place as i64 + 1);
    let ids = row::column_of!(messages: Uuid, message => message.id);
    let positions = row::column_of!(messages: i64, message => message.position.0);
    let accounts = row::column_of!(messages: Uuid, message => message.account_id.0);
    let topics = row::column_of!(messages: &str, message => message.topic.as_str());
    let payloads = row::column_of!(messages: &str, message => message.payload.as_str());
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = vec![
        (&endpoints, Type::UUID_ARRAY),
        (&places, Type::INT8_ARRAY),
        (&ids, Type::UUID_ARRAY),
        (&positions, Type::INT8_ARRAY),
        (&accounts, Type::UUID_ARRAY),
        (&topics, Type::TEXT_ARRAY),
        (&payloads, Type::TEXT_ARRAY),
        (&now, Type::TIMESTAMPTZ),
    ];
    if let Some(with_delivered) = &with_delivered {
        parameters.push((with_delivered, Type::BOOL));
    }
    let rows = client.query_typed(statement, &parameters).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, AccountId(row.try_get(1)?)))).collect()
}

/// Notes how far an endpoint was told again; at the end, that it was.
pub async fn move_replay(client: &impl GenericClient, endpoint: Uuid, to: Position) -> Result<(), Error> {
    client.query_typed(MOVE_REPLAY, &[(&endpoint, Type::UUID), (&to.0, Type::INT8)]).await?;
    Ok(())
}

/// How endpoints do.
pub async fn counts(client: &impl GenericClient) -> Result<Counts, Error> {
    let row = client.query_typed(COUNTS, &[]).await?;
    let Some(row) = row.first() else {
        return Ok(Counts { disabled: 0, failing: 0, well: 0, first_due_at: None });
    };
    Ok(Counts {
        disabled: row::large_count(row, "disabled")?,
        failing: row::large_count(row, "failing")?,
        well: row::large_count(row, "well")?,
        first_due_at: row.try_get("first_due_at")?,
    })
}

fn read_listener(row: &Row) -> Result<Listener, Error> {
    let account: Option<Uuid> = row.try_get("account_id")?;
    Ok(Listener {
        id: row.try_get("id")?,
        topics: Topic::read_all(&row.try_get::<_, Vec<&str>>("events")?),
        account: account.map(AccountId),
        after: Position(row.try_get("after_position")?),
        replay: read_replay(row)?,
    })
}
