//! When keys were last used. It is written for many keys at once, and never while a request waits.

use ledger::Error;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// In one order, and past those that somebody else is writing: two processes that note the same keys neither block each other nor
/// hold up a revocation.
pub(crate) const NOTE: &str = r"
with used as (
    select id from api_keys where id = any($1::uuid[]) order by id for no key update skip locked
)
update api_keys set last_used_at = statement_timestamp() from used where api_keys.id = used.id";

/// Notes that these keys were used a moment ago.
pub async fn note_used(client: &impl GenericClient, keys: &[Uuid]) -> Result<(), Error> {
    client.query_typed(NOTE, &[(&keys, Type::UUID_ARRAY)]).await?;
    Ok(())
}
