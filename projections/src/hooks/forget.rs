//! What was kept for long enough: what was settled is deleted, and what still waits is given up. All of it after
//! [`hold`](super::hold), in the same transaction.

use super::due::{Lane, lock};
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::AccountId;
use std::collections::BTreeSet;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// Why a message was given up that nobody refused.
const TOO_OLD: &str = "too_old";

/// By place, since a list of names would be looked for in the whole table. Up to where it is no longer known what an endpoint has taken
/// is noted with it: a replay from before that would send it again.
pub(super) const FORGET_SETTLED: &str = r"
with gone as (
    delete from webhook_deliveries where ctid = any(array(
        select ctid from webhook_deliveries where settled_at < $1 order by settled_at limit $2
    )) and settled_at < $1 returning endpoint, position, outcome
), noted as (
    update webhook_endpoints kept set swept_position = newest.position
    from (select endpoint, max(position) as position from gone where outcome = 'delivered' group by endpoint) newest
    where kept.id = newest.endpoint and kept.swept_position < newest.position
)
select count(*) as deliveries from gone";

/// What was told again waits anew, however old its row.
pub(super) const TOO_LONG: &str = r"
select old.endpoint, old.message_id from webhook_endpoints heard cross join lateral (
    select endpoint, message_id from webhook_deliveries
    where endpoint = heard.id and outcome = 'waiting' and created_at < $1 and waits_since < $1
    order by created_at, message_id limit $2
) old where heard.deleted_at is null limit $2";

pub(super) const GIVE_UP: &str = r"
update webhook_deliveries delivery set outcome = 'given_up', next_at = null, settled_at = $4, error = $5
from unnest($1::uuid[], $2::uuid[]) as old (endpoint, message_id)
where delivery.endpoint = old.endpoint and delivery.message_id = old.message_id
    and delivery.outcome = 'waiting' and delivery.waits_since < $3 returning delivery.endpoint, delivery.account_id";

pub(super) const FORGET_DELIVERIES: &str = r"
delete from webhook_deliveries where ctid = any(array(
    select left_over.place from webhook_endpoints gone cross join lateral (
        select ctid as place from webhook_deliveries where endpoint = gone.id order by created_at limit $1
    ) left_over where gone.deleted_at is not null limit $1
)) returning endpoint";

/// Not at once: who is to be told is looked up before it is written down.
pub(super) const FORGET_ENDPOINTS: &str = r"
delete from webhook_endpoints where deleted_at < $1
    and (select message_id from webhook_deliveries where endpoint = id order by created_at limit 1) is null returning id";

/// Deletes at most so many deliveries that were settled before an instant; how many there were.
pub async fn forget_settled(
    client: &impl GenericClient,
    before: DateTime<Utc>,
    most: i64,
) -> Result<usize, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&before, Type::TIMESTAMPTZ), (&most, Type::INT8)];
    let rows = client.query_typed(FORGET_SETTLED, &parameters).await?;
    let deleted = rows.first().map(|row| row::large_count(row, "deliveries")).transpose()?;
    Ok(deleted.unwrap_or_default() as usize)
}

/// Gives up at most so many messages that have waited since before an instant; the accounts of which the next one is to be sent, and
/// how many messages there were.
pub async fn give_up(
    client: &impl GenericClient,
    before: DateTime<Utc>,
    most: i64,
    now: DateTime<Utc>,
) -> Result<(BTreeSet<Lane>, usize), Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&before, Type::TIMESTAMPTZ), (&most, Type::INT8)];
    let old = client.query_typed(TOO_LONG, &parameters).await?;
    if old.is_empty() {
        return Ok((BTreeSet::new(), 0));
    }
    let mut old = old
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<Vec<(Uuid, Uuid)>, Error>>()?;
    old.sort_unstable();
    let endpoints = row::column_of!(old: Uuid, (endpoint, _) => *endpoint);
    let messages = row::column_of!(old: Uuid, (_, message) => *message);
    lock(client, &endpoints).await?;
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&endpoints, Type::UUID_ARRAY),
        (&messages, Type::UUID_ARRAY),
        (&before, Type::TIMESTAMPTZ),
        (&now, Type::TIMESTAMPTZ),
        (&TOO_OLD, Type::TEXT),
    ];
    let given_up = client.query_typed(GIVE_UP, &parameters).await?;
    let lane = |row: &Row| -> Result<Lane, Error> { Ok((row.try_get(0)?, AccountId(row.try_get(1)?))) };
    Ok((given_up.iter().map(lane).collect::<Result<_, _>>()?, given_up.len()))
}

/// Deletes at most so many deliveries to endpoints that were taken away, and of those that were so before an instant the ones of which
/// none is left; how many deliveries there were.
pub async fn forget_deleted(
    client: &impl GenericClient,
    before: DateTime<Utc>,
    most: i64,
) -> Result<usize, Error> {
    let forgotten = client.query_typed(FORGET_DELIVERIES, &[(&most, Type::INT8)]).await?.len();
    client.query_typed(FORGET_ENDPOINTS, &[(&before, Type::TIMESTAMPTZ)]).await?;
    Ok(forgotten)
}
