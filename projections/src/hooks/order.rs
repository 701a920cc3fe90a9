//! What admins do to deliveries: send a test, send one again, tell a part of the log again.

use super::delivery::{Delivery, delivery_columns, read_delivery};
use super::endpoint::{Endpoint, Replay, endpoint_columns, read_endpoint};
use crate::error::Error;
use chrono::{DateTime, Utc};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// A test is nobody's, so it waits for no message and no message waits for it. Whoever orders it waits for its answer: it is sent before
/// all that is due, and to an endpoint that is left alone too.
pub(super) const ADD_TEST: &str = concat!(
    "with woken as (
        update webhook_endpoints set retry_at = null
        where id = $1 and disabled_at is null and deleted_at is null and retry_at is not null
    )
    insert into webhook_deliveries (endpoint, message_id, position, account_id, type, payload, created_at, waits_since, next_at)
    select id, $2, 0, $3, $4, $5, $6, $6, least($6, (
        select next_at - interval '1 microsecond' from webhook_deliveries
        where endpoint = $1 and next_at is not null order by next_at limit 1
    )) from webhook_endpoints where id = $1 and disabled_at is null and deleted_at is null
    returning ",
    delivery_columns!()
);

/// One that waits for an earlier one goes on waiting for it. Any other is sent before all that is due, and to an endpoint that is left
/// alone too: whoever orders it waits for its answer. The endpoint is locked first, as by those who note answers.
pub(super) const REDELIVER: &str = concat!(
    "with heard as (
        update webhook_endpoints set retry_at = null
        where id = $1 and disabled_at is null and deleted_at is null returning id as open
    )
    update webhook_deliveries delivery set outcome = 'waiting', settled_at = null,
        attempts = case when settled_at is null then attempts else 0 end,
        waits_since = case when settled_at is null then waits_since else $3::timestamptz end,
        next_at = case when settled_at is null and next_at is null then null else least($3::timestamptz, (
            select first.next_at - interval '1 microsecond' from webhook_deliveries first
            where first.endpoint = $1 and first.next_at is not null order by first.next_at limit 1
        )) end
    from heard
    where delivery.endpoint = heard.open and delivery.message_id = $2
    returning ",
    delivery_columns!()
);

/// What was delivered must be known, if it is not to be sent again.
pub(super) const REPLAY: &str = concat!(
    "update webhook_endpoints set replay_after = $2, replay_until = $3, replay_delivered = $4
    where id = $1 and disabled_at is null and deleted_at is null and replay_after is null and ($4 or swept_position <= $2) returning ",
    endpoint_columns!()
);

/// Writes down a test of an endpoint; `None` if there is no such endpoint that anything is sent to.
pub async fn send_test(
    client: &impl GenericClient,
    endpoint: Uuid,
    message_id: Uuid,
    (topic, payload): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Option<Delivery>, Error> {
    let nobody = Uuid::nil();
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&endpoint, Type::UUID),
        (&message_id, Type::UUID),
        (&nobody, Type::UUID),
        (&topic, Type::TEXT),
        (&payload, Type::TEXT),
        (&now, Type::TIMESTAMPTZ),
    ];
    client.query_typed(ADD_TEST, &parameters).await?.first().map(read_delivery).transpose()
}

/// Has a delivery sent again, or now; `None` if there is no such delivery to an endpoint that anything is sent to.
pub async fn redeliver(
    client: &impl GenericClient,
    endpoint: Uuid,
    message_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Delivery>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&endpoint, Type::UUID), (&message_id, Type::UUID), (&now, Type::TIMESTAMPTZ)];
    client.query_typed(REDELIVER, &parameters).await?.first().map(read_delivery).transpose()
}

/// Has a part of the log told again; `None` if there is no such endpoint that anything is sent to, it is being told something again
/// already, or it is no longer known what it has taken of that.
pub async fn replay(
    client: &impl GenericClient,
    endpoint: Uuid,
    replay: Replay,
) -> Result<Option<Endpoint>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
        (&endpoint, Type::UUID),
        (&replay.after.0, Type::INT8),
        (&replay.until.0, Type::INT8),
        (&replay.with_delivered, Type::BOOL),
    ];
    client.query_typed(REPLAY, &parameters).await?.first().map(read_endpoint).transpose()
}
