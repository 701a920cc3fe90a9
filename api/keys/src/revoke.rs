//! Revoking a key: from the moment at which this is committed, every process refuses it.

use crate::key::{Key, key_columns};
use ledger::Error;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// One that is revoked stays as it was revoked first.
pub(crate) const REVOKE: &str = concat!(
    "update api_keys set
        revoked_by = case when revoked_at is null then $2::text else revoked_by end,
        revoke_reason = case when revoked_at is null then $3::text else revoke_reason end,
        revoked_at = coalesce(revoked_at, statement_timestamp())
    where id = $1::uuid returning ",
    key_columns!()
);

/// Revokes the key with this id; `None` if there is none. Harmless to repeat.
pub async fn revoke(
    client: &impl GenericClient,
    id: Uuid,
    by: &str,
    reason: Option<&str>,
) -> Result<Option<Key>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&id, Type::UUID), (&by, Type::TEXT), (&reason, Type::TEXT)];
    let rows = client.query_typed(REVOKE, &parameters).await?;
    rows.first().map(Key::of).transpose()
}
