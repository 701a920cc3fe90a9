//! What admins do to endpoints: make one, change it, take it away.

use super::delivery::Topic;
use super::endpoint::{Endpoint, endpoint_columns, read_endpoint};
use super::secrets;
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::{Idempotency, Position, UserId};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Most endpoints: the sender looks at each of them, many times a second.
pub const MOST_ENDPOINTS: u64 = 2_000;

/// Adds the endpoint, unless there is one of that person under that key.
pub(super) const ADD: &str = concat!(
    "insert into webhook_endpoints (id, url, events, user_id, account_id, description, after_position, created_by, request_id,
        created_at, idempotency_key, request_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (created_by, idempotency_key) where idempotency_key is not null do nothing returning ",
    endpoint_columns!()
);

/// One that was taken away since keeps its key.
pub(super) const REPEATED: &str = concat!(
    "select request_hash, deleted_at, ",
    endpoint_columns!(),
    " from webhook_endpoints where created_by = $1 and idempotency_key = $2"
);

pub(super) const COUNT: &str = "select count(*) as endpoints from webhook_endpoints where deleted_at is null";

/// Whatever is null stays as it is. Another address, like enabling, begins without the failures of before.
pub(super) const CHANGE: &str = concat!(
    "update webhook_endpoints set
        url = coalesce($2, url),
        events = coalesce($3, events),
        description = coalesce($4, description),
        failing_since = case when $5 or $2 <> url then null else failing_since end,
        retry_at = case when $5 or $2 <> url then null else retry_at end,
        disabled_at = case when $5 then null when not $5 then coalesce(disabled_at, $6) else disabled_at end,
        disabled_reason = case when $5 then null when not $5 then coalesce(disabled_reason, 'asked') else disabled_reason end,
        disabled_position = case when $5 then null when not $5 then coalesce(disabled_position, greatest(after_position,
            (select position from relay_checkpoints where relay = 'hooks'))) else disabled_position end
    where id = $1 and deleted_at is null returning ",
    endpoint_columns!()
);

/// What waits for its next attempt need not wait for it any longer. In the order in which the duty locks what it tells again, or each
/// might wait for the other.
pub(super) const BRING_FORWARD: &str = r"
update webhook_deliveries delivery set next_at = $2
from (select message_id from webhook_deliveries where endpoint = $1 and next_at > $2 order by message_id for update) held
where delivery.endpoint = $1 and delivery.message_id = held.message_id";

pub(super) const DELETE: &str =
    "update webhook_endpoints set deleted_at = $2 where id = $1 and deleted_at is null returning id";

/// An endpoint as it is made. Not to be printed: it holds a secret.
#[derive(Clone)]
pub struct NewEndpoint {
    /// Its name.
    pub id: Uuid,
    /// Where messages go.
    pub url: String,
    /// What it wants to be told.
    pub topics: Vec<Topic>,
    /// The one user that it is told about.
    pub user: Option<UserId>,
    /// What somebody writes beside it.
    pub description: Option<String>,
    /// The safe mark: it is told what the log says after this.
    pub after: Position,
    /// What messages to it are signed with.
    pub secret: String,
    /// Who makes it, as the log writes it.
    pub actor: String,
    /// Through which request.
    pub request_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Makes a repeat harmless.
    pub idempotency: Option<Idempotency>,
}

/// What came of making one.
#[derive(Debug)]
pub enum Added {
    /// It is there.
    Made(Endpoint),
    /// It was there before, under that key.
    Repeated(Endpoint),
    /// The key stands for another request, or for an endpoint that was taken away.
    KeyReused,
    /// There are as many as there may be.
    TooMany,
}

/// What is changed of an endpoint; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Where messages go.
    pub url: Option<String>,
    /// What it wants to be told.
    pub topics: Option<Vec<Topic>>,
    /// What somebody writes beside it.
    pub description: Option<String>,
    /// Whether anything is sent.
    pub is_enabled: Option<bool>,
}

/// Makes an endpoint and its secret.
pub async fn add(client: &Transaction<'_>, new: &NewEndpoint) -> Result<Added, Error> {
    if let Some(before) = repeated(client, new).await? {
        return Ok(before);
    }
    let count = client.query_typed(COUNT, &[]).await?;
    if count.first().map(|row| row::large_count(row, "endpoints")).transpose()? >= Some(MOST_ENDPOINTS) {
        return Ok(Added::TooMany);
    }
    if let Some(endpoint) = insert(client, new).await? {
        secrets::add(client, new.id, &new.secret, new.at).await?;
        return Ok(Added::Made(endpoint));
    }
    // Somebody else was faster with the same key.
    Ok(repeated(client, new).await?.unwrap_or(Added::KeyReused))
}

/// What was made before under the same key, if anything was.
async fn repeated(client: &Transaction<'_>, new: &NewEndpoint) -> Result<Option<Added>, Error> {
    let Some(idempotency) = &new.idempotency else { return Ok(None) };
    let key = idempotency.key.as_str();
    let asked: [(&(dyn ToSql + Sync), Type); 2] = [(&new.actor, Type::TEXT), (&key, Type::TEXT)];
    let rows = client.query_typed(REPEATED, &asked).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let is_same = row.try_get::<_, &[u8]>("request_hash")? == idempotency.request_hash
        && row.try_get::<_, Option<DateTime<Utc>>>("deleted_at")?.is_none();
    Ok(Some(if is_same { Added::Repeated(read_endpoint(row)?) } else { Added::KeyReused }))
}

/// `None` if somebody else was faster with the same key.
async fn insert(client: &Transaction<'_>, new: &NewEndpoint) -> Result<Option<Endpoint>, Error> {
    let topics = names(&new.topics);
    let (user, account) =
        (new.user.as_ref().map(UserId::as_str), new.user.as_ref().map(|user| user.account().0));
    let key = new.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
    let hash = new.idempotency.as_ref().map(|idempotency| idempotency.request_hash.as_slice());
    let parameters: [(&(dyn ToSql + Sync), Type); 12] = [
        (&new.id, Type::UUID),
        (&new.url, Type::TEXT),
        (&topics, Type::TEXT_ARRAY),
        (&user, Type::TEXT),
        (&account, Type::UUID),
        (&new.description, Type::TEXT),
        (&new.after.0, Type::INT8),
        (&new.actor, Type::TEXT),
        (&new.request_id, Type::TEXT),
        (&new.at, Type::TIMESTAMPTZ),
        (&key, Type::TEXT),
        (&hash, Type::BYTEA),
    ];
    client.query_typed(ADD, &parameters).await?.first().map(read_endpoint).transpose()
}

/// The endpoint after the change; `None` if there is none.
pub async fn change(
    client: &Transaction<'_>,
    id: Uuid,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<Option<Endpoint>, Error> {
    let topics = change.topics.as_deref().map(names);
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&id, Type::UUID),
        (&change.url, Type::TEXT),
        (&topics, Type::TEXT_ARRAY),
        (&change.description, Type::TEXT),
        (&change.is_enabled, Type::BOOL),
        (&now, Type::TIMESTAMPTZ),
    ];
    let changed = client.query_typed(CHANGE, &parameters).await?.first().map(read_endpoint).transpose()?;
    if changed.is_some() && (change.is_enabled == Some(true) || change.url.is_some()) {
        client.query_typed(BRING_FORWARD, &[(&id, Type::UUID), (&now, Type::TIMESTAMPTZ)]).await?;
    }
    Ok(changed)
}

/// Takes an endpoint away, with its secrets. Whether it was there.
pub async fn delete(client: &Transaction<'_>, id: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
    secrets::forget_all(client, id).await?;
    Ok(!client.query_typed(DELETE, &[(&id, Type::UUID), (&now, Type::TIMESTAMPTZ)]).await?.is_empty())
}

fn names(topics: &[Topic]) -> Vec<&'static str> {
    topics.iter().map(|topic| topic.as_str()).collect()
}
