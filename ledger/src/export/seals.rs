//! The seals that cover exported events, as the table holds them. A database that never had the table has none.

use super::event::{as_hex, as_micros};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row};

/// The columns of `seals`, in the order of every file.
pub const COLUMNS: [&str; 11] = [
    "number",
    "first_position",
    "last_position",
    "events",
    "leaves",
    "root",
    "prev_hash",
    "hash",
    "public_key",
    "signature",
    "sealed_at",
];

/// Seals are few and their leaves long, so a page is short.
const PAGE_ROWS: i64 = 4;

const EXISTS: &str = "select to_regclass('seals') is not null";

/// The seals of blocks that share a position with a range, in order. `events` is widened: it may have grown.
const PAGE: &str = r"
select number, first_position, last_position, events::bigint, leaves, root, prev_hash, hash, public_key,
    signature, sealed_at
from seals
where number > $1 and last_position >= $2 and first_position <= $3
order by number limit $4";

/// One row. Serialised it has the names and the order of [`COLUMNS`].
#[derive(Debug, Serialize)]
pub(super) struct StoredSeal<'a> {
    pub number: i64,
    pub first_position: i64,
    pub last_position: i64,
    pub events: i64,
    #[serde(serialize_with = "as_hex")]
    pub leaves: &'a [u8],
    #[serde(serialize_with = "as_hex")]
    pub root: &'a [u8],
    #[serde(serialize_with = "as_hex")]
    pub prev_hash: &'a [u8],
    #[serde(serialize_with = "as_hex")]
    pub hash: &'a [u8],
    #[serde(serialize_with = "as_hex")]
    pub public_key: &'a [u8],
    #[serde(serialize_with = "as_hex")]
    pub signature: &'a [u8],
    #[serde(serialize_with = "as_micros")]
    pub sealed_at: DateTime<Utc>,
}

impl<'a> StoredSeal<'a> {
    /// Reads a row of [`page`].
    pub(super) fn of(row: &'a Row) -> Result<StoredSeal<'a>, Error> {
        Ok(StoredSeal {
            number: row.try_get(0)?,
            first_position: row.try_get(1)?,
            last_position: row.try_get(2)?,
            events: row.try_get(3)?,
            leaves: row.try_get(4)?,
            root: row.try_get(5)?,
            prev_hash: row.try_get(6)?,
            hash: row.try_get(7)?,
            public_key: row.try_get(8)?,
            signature: row.try_get(9)?,
            sealed_at: row.try_get(10)?,
        })
    }
}

/// Whether there can be any.
pub(super) async fn exist(client: &Client) -> Result<bool, Error> {
    client.query_typed(EXISTS, &[]).await?[0].try_get(0)
}

/// The next seals after number `after` that cover a position from `first` to `last`; empty at the end.
pub(super) async fn page(client: &Client, after: i64, first: i64, last: i64) -> Result<Vec<Row>, Error> {
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
        [(&after, Type::INT8), (&first, Type::INT8), (&last, Type::INT8), (&PAGE_ROWS, Type::INT8)];
    client.query_typed(PAGE, &parameters).await
}
