//! What is told of endpoints and their deliveries.

use super::delivery::{Delivery, Outcome, delivery_columns, read_delivery};
use super::endpoint::{Endpoint, endpoint_columns, read_endpoint};
use crate::error::Error;
use chrono::{DateTime, Utc};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

pub(super) const GET: &str =
    concat!("select ", endpoint_columns!(), " from webhook_endpoints where id = $1 and deleted_at is null");

pub(super) const LIST: &str = concat!(
    "select ",
    endpoint_columns!(),
    " from webhook_endpoints where deleted_at is null and ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid)) \
     order by created_at desc, id desc limit $3"
);

pub(super) const DELIVERY: &str = concat!(
    "select ",
    delivery_columns!(),
    " from webhook_deliveries where endpoint = $1 and message_id = $2"
);

macro_rules! deliveries {
    ($condition:literal) => {
        concat!(
            "select ",
            delivery_columns!(),
            " from webhook_deliveries where endpoint = $1",
            $condition,
            " and ($2::timestamptz is null or (created_at, message_id) < ($2, $3::uuid)) \
             order by created_at desc, message_id desc limit $4"
        )
    };
}

pub(super) const DELIVERIES: &str = deliveries!("");
pub(super) const DELIVERIES_OF: &str = deliveries!(" and outcome = $5");

/// Where a row is in a list: when it was made, and its name.
type Place = (DateTime<Utc>, Uuid);

/// One endpoint.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<Endpoint>, Error> {
    client.query_typed(GET, &[(&id, Type::UUID)]).await?.first().map(read_endpoint).transpose()
}

/// Endpoints, newest first, after that place.
pub async fn list(
    client: &impl GenericClient,
    before: Option<Place>,
    limit: i64,
) -> Result<Vec<Endpoint>, Error> {
    let (created_at, id) = before.unzip();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&created_at, Type::TIMESTAMPTZ), (&id, Type::UUID), (&limit, Type::INT8)];
    client.query_typed(LIST, &parameters).await?.iter().map(read_endpoint).collect()
}

/// One delivery.
pub async fn delivery(
    client: &impl GenericClient,
    endpoint: Uuid,
    message_id: Uuid,
) -> Result<Option<Delivery>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&endpoint, Type::UUID), (&message_id, Type::UUID)];
    client.query_typed(DELIVERY, &parameters).await?.first().map(read_delivery).transpose()
}

/// The deliveries to an endpoint, newest first, after that place.
pub async fn deliveries(
    client: &impl GenericClient,
    endpoint: Uuid,
    outcome: Option<Outcome>,
    before: Option<Place>,
    limit: i64,
) -> Result<Vec<Delivery>, Error> {
    let (created_at, id) = before.unzip();
    let outcome = outcome.map(Outcome::as_str);
    let every: [(&(dyn ToSql + Sync), Type); 4] =
        [(&endpoint, Type::UUID), (&created_at, Type::TIMESTAMPTZ), (&id, Type::UUID), (&limit, Type::INT8)];
    let rows = match &outcome {
        None => client.query_typed(DELIVERIES, &every).await?,
        Some(outcome) => {
            let [endpoint, created_at, id, limit] = every;
            client
                .query_typed(DELIVERIES_OF, &[endpoint, created_at, id, limit, (outcome, Type::TEXT)])
                .await?
        }
    };
    rows.iter().map(read_delivery).collect()
}
