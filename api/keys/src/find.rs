//! Finding one key: by its secret, for a request that bears it, or by its id.

use crate::key::{Key, key_columns};
use crate::secret::Secret;
use ledger::Error;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;
use uuid::Uuid;

pub(crate) const FIND: &str = concat!("select ", key_columns!(), " from api_keys where hash = $1::bytea");

pub(crate) const GET: &str = concat!("select ", key_columns!(), " from api_keys where id = $1::uuid");

/// The key with this secret, however it stands; `None` if there is none.
pub async fn find(client: &impl GenericClient, secret: &Secret) -> Result<Option<Key>, Error> {
    let rows = client.query_typed(FIND, &[(&&secret.hash()[..], Type::BYTEA)]).await?;
    rows.first().map(Key::of).transpose()
}

/// The key with this id; `None` if there is none.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<Key>, Error> {
    let rows = client.query_typed(GET, &[(&id, Type::UUID)]).await?;
    rows.first().map(Key::of).transpose()
}
