//! What messages to an endpoint are signed with. There are two while one takes the place of the other, so that its owner can exchange
//! them without losing a message.

use crate::error::Error;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Transaction;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// How long a secret signs beside its successor.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

pub(super) const ADD: &str =
    "insert into webhook_secrets (endpoint, secret, created_at) values ($1, $2, $3) returning endpoint";

/// Only the newest: one that retires already is not kept for longer.
pub(super) const RETIRE: &str = r"
update webhook_secrets set retires_at = $2 where endpoint = $1 and retires_at is null
    and (select created_at from webhook_secrets where endpoint = $1 and retires_at is not null limit 1) is null returning endpoint";

pub(super) const FORGET: &str = "delete from webhook_secrets where endpoint = $1 and retires_at <= $2";

pub(super) const FORGET_ALL: &str = "delete from webhook_secrets where endpoint = $1";

pub(super) const READ: &str =
    "select secret, retires_at from webhook_secrets where endpoint = $1 order by created_at desc limit 2";

/// The secrets of an endpoint. They are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The one that signs.
    pub newest: String,
    /// Until when the one before signs too, if it does.
    pub previous_until: Option<DateTime<Utc>>,
}

/// What came of exchanging a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Rotated {
    /// There is a new one.
    Done(Secrets),
    /// The one before the newest still signs, until then.
    Retiring(DateTime<Utc>),
}

/// Gives an endpoint a secret.
pub(super) async fn add(
    client: &Transaction<'_>,
    endpoint: Uuid,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&endpoint, Type::UUID), (&secret, Type::TEXT), (&now, Type::TIMESTAMPTZ)];
    client.query_typed(ADD, &parameters).await?;
    Ok(())
}

pub(super) async fn forget_all(client: &Transaction<'_>, endpoint: Uuid) -> Result<(), Error> {
    client.query_typed(FORGET_ALL, &[(&endpoint, Type::UUID)]).await?;
    Ok(())
}

/// Gives an endpoint another secret; the one before signs beside it for a day. While it does, there is no third: whoever has only the
/// first would take nothing more. `None` if there is no such endpoint.
pub async fn rotate(
    client: &Transaction<'_>,
    endpoint: Uuid,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Rotated>, Error> {
    let retires_at = now + OVERLAP;
    client.query_typed(FORGET, &[(&endpoint, Type::UUID), (&now, Type::TIMESTAMPTZ)]).await?;
    let retired =
        client.query_typed(RETIRE, &[(&endpoint, Type::UUID), (&retires_at, Type::TIMESTAMPTZ)]).await?;
    if retired.is_empty() {
        let there = secrets(&**client, endpoint, now).await?;
        return Ok(there.map(|secrets| Rotated::Retiring(secrets.previous_until.unwrap_or(retires_at))));
    }
    add(client, endpoint, secret, now).await?;
    Ok(secrets(&**client, endpoint, now).await?.map(Rotated::Done))
}

/// The secrets of an endpoint; `None` if there is none.
pub async fn secrets(
    client: &impl GenericClient,
    endpoint: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Secrets>, Error> {
    let rows = client.query_typed(READ, &[(&endpoint, Type::UUID)]).await?;
    let Some(newest) = rows.first() else { return Ok(None) };
    let previous_until: Option<DateTime<Utc>> = match rows.get(1) {
        Some(previous) => previous.try_get("retires_at")?,
        None => None,
    };
    let newest = newest.try_get("secret")?;
    Ok(Some(Secrets { newest, previous_until: previous_until.filter(|until| *until > now) }))
}
