//! Finding one key: by its secret, for a request that bears it, or by its id.

use crate::key::{Key, key_columns, reader_columns};
use crate::secret::Secret;
use chrono::{DateTime, Utc};
use ledger::Error;
use std::collections::BTreeSet;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;
use uuid::Uuid;

pub(crate) const FIND: &str =
    concat!("select ", reader_columns!(), " from api_keys where id = (select api_key_with_hash($1::bytea))");

pub(crate) const GET: &str = concat!("select ", key_columns!(), " from api_keys where id = $1::uuid");

/// Of many keys at once, so that it costs the same however many streams they opened.
pub(crate) const ACTIVE: &str = "select id from api_keys
    where id = any($1::uuid[]) and revoked_at is null and (expires_at is null or expires_at > $2::timestamptz)";

/// The key with this secret, however it stands; `None` if there is none. A reader may ask.
pub async fn find(client: &impl GenericClient, secret: &Secret) -> Result<Option<Key>, Error> {
    let rows = client.query_typed(FIND, &[(&&secret.hash()[..], Type::BYTEA)]).await?;
    rows.first().map(Key::of).transpose()
}

/// The key with this id; `None` if there is none. Only an operator may ask.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<Key>, Error> {
    let rows = client.query_typed(GET, &[(&id, Type::UUID)]).await?;
    rows.first().map(Key::of).transpose()
}

/// Those of these keys that are good at `now`. A reader may ask.
pub async fn active(
    client: &impl GenericClient,
    keys: &[Uuid],
    now: DateTime<Utc>,
) -> Result<BTreeSet<Uuid>, Error> {
    let rows = client.query_typed(ACTIVE, &[(&keys, Type::UUID_ARRAY), (&now, Type::TIMESTAMPTZ)]).await?;
    Ok(rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?)
}
