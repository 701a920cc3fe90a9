//! What is to be sent now, and what became of what was sent.
//!
//! Of the messages of an account to an endpoint only the next one has a time at which it is sent; the others get theirs when the one before
//! them is settled ([`promote`]). So what waits behind a message that fails costs nothing until its turn comes.

use super::delivery::Outcome;
use super::endpoint::Why;
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::AccountId;
use std::collections::BTreeSet;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// The messages of an account to an endpoint, which are sent one after the other.
pub type Lane = (Uuid, AccountId);

/// The first of each endpoint first, then the second of each, and so on: however much waits for one of them, the others have their turn.
/// Of each no more than it has room for, one of those that fail, and none while they are left alone.
pub(super) const DUE: &str = r"
select open.id as endpoint, open.url, open.failing_since, due.message_id, due.account_id, due.payload, due.attempts, array(
        select secret from webhook_secrets where endpoint = open.id and (retires_at is null or retires_at > $1)
        order by created_at desc
    ) as secrets
from webhook_endpoints open cross join lateral (
    select first.*, row_number() over (order by next_at) as rank from (
        select message_id, account_id, payload, attempts, next_at from webhook_deliveries
        where endpoint = open.id and next_at <= $1 order by next_at
        limit case when open.failing_since is null then $2 else 1 end
    ) first
) due
where open.disabled_at is null and open.deleted_at is null and open.id <> all($3::uuid[])
    and (open.retry_at is null or open.retry_at <= $1) and ($4 or open.failing_since is null)
order by due.rank, due.next_at limit $5";

/// An admin who changes an endpoint has its row first and then those of its deliveries; so has whoever settles these.
pub(super) const LOCK: &str =
    "select id from webhook_endpoints where id = any($1) order by id for no key update";

/// What another address than the endpoint's has refused is sent to the new one at once.
pub(super) const SETTLE: &str = r"
update webhook_deliveries delivery set outcome = told.outcome, attempts = delivery.attempts + 1,
    next_at = case when told.outcome = 'waiting' and open.url <> told.url then $7::timestamptz else told.next_at end, status = told.status, error = told.error, attempted_at = $7::timestamptz,
    settled_at = case when told.outcome <> 'waiting' then $7::timestamptz end
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int[], $6::text[], $8::text[])
    as told (endpoint, message_id, outcome, next_at, status, error, url)
join webhook_endpoints open on open.id = told.endpoint
where delivery.endpoint = told.endpoint and delivery.message_id = told.message_id and delivery.outcome = 'waiting'";

/// What time brings about stands at the position of an event, and comes after what that event says.
pub(super) const PROMOTE: &str = r"
update webhook_deliveries delivery set next_at = $3
from unnest($1::uuid[], $2::uuid[]) as lane (endpoint, account_id) cross join lateral (
    select message_id, next_at from webhook_deliveries first
    where first.endpoint = lane.endpoint and first.account_id = lane.account_id and first.outcome = 'waiting'
    order by position, created_at, message_id limit 1
) head
where delivery.endpoint = lane.endpoint and delivery.message_id = head.message_id and head.next_at is null";

/// Of an endpoint that does well as it did, nothing is written; nor of one that has another address by now.
pub(super) const NOTE: &str = r"
update webhook_endpoints endpoint set
    failing_since = case when told.rests_until is null then null else coalesce(endpoint.failing_since, $4::timestamptz) end,
    retry_at = told.rests_until
from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as told (id, url, rests_until)
where endpoint.id = told.id and endpoint.url = told.url
    and (told.rests_until is not null or endpoint.failing_since is not null)";

pub(super) const DISABLE: &str = r"
update webhook_endpoints endpoint set disabled_at = $4::timestamptz,
    disabled_reason = case when told.is_gone then 'gone' else 'failing' end,
    disabled_position = greatest(after_position, (select position from relay_checkpoints where relay = 'hooks'))
from unnest($1::uuid[], $2::text[], $3::boolean[]) as told (id, url, is_gone)
where endpoint.id = told.id and endpoint.url = told.url and endpoint.disabled_at is null
    and (told.is_gone or endpoint.failing_since <= $5) returning endpoint.id, endpoint.disabled_reason";

/// How much may be sent.
#[derive(Debug, Clone)]
pub struct Room {
    /// To an endpoint at once.
    pub of_each: i64,
    /// In all.
    pub in_all: i64,
    /// These endpoints have no room left.
    pub full: Vec<Uuid>,
    /// Whether any is left for endpoints whose last attempt failed.
    pub for_failing: bool,
}

/// A message that is to be sent.
#[derive(Clone)]
pub struct Due {
    /// Where to.
    pub endpoint: Uuid,
    /// The address.
    pub url: String,
    /// Since when all attempts there have failed, if the last one did.
    pub failing_since: Option<DateTime<Utc>>,
    /// The message.
    pub message_id: Uuid,
    /// Whose it is.
    pub account_id: AccountId,
    /// What is sent.
    pub payload: String,
    /// How often it was sent before.
    pub attempts: u32,
    /// What it is signed with, the newest first.
    pub secrets: Vec<String>,
}

/// What becomes of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Delivered,
    /// It is sent again at this instant.
    Again(DateTime<Utc>),
    /// It is sent no more.
    GivenUp,
}

/// A message that was sent, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Where to.
    pub endpoint: Uuid,
    /// The address that it was sent to.
    pub url: String,
    /// The message.
    pub message_id: Uuid,
    /// Whose it is.
    pub account_id: AccountId,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What was answered.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub error: Option<&'static str>,
}

/// How an endpoint did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Which.
    pub endpoint: Uuid,
    /// At this address.
    pub url: String,
    /// Until when it is left alone; `None` if it took something.
    pub rests_until: Option<DateTime<Utc>>,
    /// Whether it said that it is gone.
    pub is_gone: bool,
}

/// What is to be sent now.
pub async fn due(client: &impl GenericClient, now: DateTime<Utc>, room: &Room) -> Result<Vec<Due>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&now, Type::TIMESTAMPTZ),
        (&room.of_each, Type::INT8),
        (&room.full, Type::UUID_ARRAY),
        (&room.for_failing, Type::BOOL),
        (&room.in_all, Type::INT8),
    ];
    client.query_typed(DUE, &parameters).await?.iter().map(read_due).collect()
}

/// Keeps admins from changing these endpoints until the transaction is over.
pub async fn lock(client: &impl GenericClient, endpoints: &[Uuid]) -> Result<(), Error> {
    client.query_typed(LOCK, &[(&endpoints, Type::UUID_ARRAY)]).await?;
    Ok(())
}

/// Writes down what became of messages, in the order of endpoint and message; after [`lock`].
pub async fn settle(
    client: &impl GenericClient,
    settled: &[Settled],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let endpoints = row::column_of!(settled: Uuid, one => one.endpoint);
    let messages = row::column_of!(settled: Uuid, one => one.message_id);
    let outcomes = row::column_of!(settled: &str, one => one.verdict.outcome().as_str());
    let again = row::column_of!(settled: Option<DateTime<Utc>>, one => one.verdict.next_at());
    let statuses = row::column_of!(settled: Option<i32>, one => one.status.map(i32::from));
    let errors = row::column_of!(settled: Option<&str>, one => one.error);
    let urls = row::column_of!(settled: &str, one => one.url.as_str());
    let parameters: [(&(dyn ToSql + Sync), Type); 8] = [
        (&endpoints, Type::UUID_ARRAY),
        (&messages, Type::UUID_ARRAY),
        (&outcomes, Type::TEXT_ARRAY),
        (&again, Type::TIMESTAMPTZ_ARRAY),
        (&statuses, Type::INT4_ARRAY),
        (&errors, Type::TEXT_ARRAY),
        (&now, Type::TIMESTAMPTZ),
        (&urls, Type::TEXT_ARRAY),
    ];
    client.query_typed(SETTLE, &parameters).await?;
    Ok(())
}

/// Has the next message of each of these accounts sent now, where none of them has its time.
pub async fn promote(
    client: &impl GenericClient,
    lanes: &BTreeSet<Lane>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if lanes.is_empty() {
        return Ok(());
    }
    let endpoints = row::column_of!(lanes: Uuid, (endpoint, _) => *endpoint);
    let accounts = row::column_of!(lanes: Uuid, (_, account) => account.0);
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&endpoints, Type::UUID_ARRAY), (&accounts, Type::UUID_ARRAY), (&now, Type::TIMESTAMPTZ)];
    client.query_typed(PROMOTE, &parameters).await?;
    Ok(())
}

/// Notes how endpoints did, and disables those that are gone or have failed since `too_long_ago`; returns those, and why. After [`lock`].
pub async fn note(
    client: &impl GenericClient,
    words: &[Word],
    now: DateTime<Utc>,
    too_long_ago: DateTime<Utc>,
) -> Result<Vec<(Uuid, Why)>, Error> {
    let ids = row::column_of!(words: Uuid, word => word.endpoint);
    let urls = row::column_of!(words: &str, word => word.url.as_str());
    let rests = row::column_of!(words: Option<DateTime<Utc>>, word => word.rests_until);
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
        (&ids, Type::UUID_ARRAY),
        (&urls, Type::TEXT_ARRAY),
        (&rests, Type::TIMESTAMPTZ_ARRAY),
        (&now, Type::TIMESTAMPTZ),
    ];
    client.query_typed(NOTE, &parameters).await?;
    let bad: Vec<&Word> = words.iter().filter(|word| word.is_gone || word.rests_until.is_some()).collect();
    if bad.is_empty() {
        return Ok(Vec::new());
    }
    let ids = row::column_of!(bad: Uuid, word => word.endpoint);
    let urls = row::column_of!(bad: &str, word => word.url.as_str());
    let gone = row::column_of!(bad: bool, word => word.is_gone);
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&ids, Type::UUID_ARRAY),
        (&urls, Type::TEXT_ARRAY),
        (&gone, Type::BOOL_ARRAY),
        (&now, Type::TIMESTAMPTZ),
        (&too_long_ago, Type::TIMESTAMPTZ),
    ];
    let disabled = client.query_typed(DISABLE, &parameters).await?;
    disabled.iter().map(|row| Ok((row.try_get(0)?, row::named(row, "disabled_reason")?))).collect()
}

impl Verdict {
    fn outcome(self) -> Outcome {
        match self {
            Verdict::Delivered => Outcome::Delivered,
            Verdict::Again(_) => Outcome::Waiting,
            Verdict::GivenUp => Outcome::GivenUp,
        }
    }

    fn next_at(self) -> Option<DateTime<Utc>> {
        match self {
            Verdict::Again(at) => Some(at),
            Verdict::Delivered | Verdict::GivenUp => None,
        }
    }
}

fn read_due(row: &Row) -> Result<Due, Error> {
    Ok(Due {
        endpoint: row.try_get("endpoint")?,
        url: row.try_get("url")?,
        failing_since: row.try_get("failing_since")?,
        message_id: row.try_get("message_id")?,
        account_id: AccountId(row.try_get("account_id")?),
        payload: row.try_get("payload")?,
        attempts: row::count(row, "attempts")?,
        secrets: row.try_get("secrets")?,
    })
}
