//! An event as the table holds it, nothing decoded: what cannot be read any more can still be exported.
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

/// The columns of `events`, in the order of the table and of every file.
pub const COLUMNS: [&str; 21] = [
    "position",
    "account_id",
    "stream_id",
    "version",
    "event_id",
    "type",
    "schema_version",
    "amount",
    "balance_after",
    "job_id",
    "payload",
    "state",
    "idempotency_key",
    "request_hash",
    "actor",
    "request_id",
    "causation_id",
    "occurred_at",
    "recorded_at",
    "prev_hash",
    "hash",
];

/// What a statement must select for [`StoredEvent::of`]. Numbers and JSON as text: their exact digits and bytes
/// are hashed.
macro_rules! stored_columns {
    () => {
        "position, account_id, stream_id, version, event_id, type, schema_version, amount::text, \
         balance_after::text, job_id, payload::text, state::text, idempotency_key, request_hash, actor, \
         request_id, causation_id, occurred_at, recorded_at, prev_hash, hash"
    };
}
pub(super) use stored_columns;

/// One row. Serialised it has the names and the order of [`COLUMNS`].
#[derive(Debug, Serialize)]
pub(super) struct StoredEvent<'a> {
    pub position: i64,
    pub account_id: Uuid,
    pub stream_id: Uuid,
    pub version: i64,
    pub event_id: Uuid,
    #[serde(rename = "type")]
    pub name: &'a str,
    pub schema_version: i16,
    pub amount: Option<&'a str>,
    pub balance_after: Option<&'a str>,
    pub job_id: Option<Uuid>,
    pub payload: &'a str,
    pub state: Option<&'a str>,
    pub idempotency_key: Option<&'a str>,
    #[serde(serialize_with = "some_hex")]
    pub request_hash: Option<&'a [u8]>,
    pub actor: &'a str,
    pub request_id: &'a str,
    pub causation_id: Option<Uuid>,
    #[serde(serialize_with = "as_micros")]
    pub occurred_at: DateTime<Utc>,
    #[serde(serialize_with = "as_micros")]
    pub recorded_at: DateTime<Utc>,
    #[serde(serialize_with = "as_hex")]
    pub prev_hash: &'a [u8],
    #[serde(serialize_with = "as_hex")]
    pub hash: &'a [u8],
}

impl<'a> StoredEvent<'a> {
    /// Reads a row of [`stored_columns`].
    pub(super) fn of(row: &'a Row) -> Result<StoredEvent<'a>, Error> {
        Ok(StoredEvent {
            position: row.try_get(0)?,
            account_id: row.try_get(1)?,
            stream_id: row.try_get(2)?,
            version: row.try_get(3)?,
            event_id: row.try_get(4)?,
            name: row.try_get(5)?,
            schema_version: row.try_get(6)?,
            amount: row.try_get(7)?,
            balance_after: row.try_get(8)?,
            job_id: row.try_get(9)?,
            payload: row.try_get(10)?,
            state: row.try_get(11)?,
            idempotency_key: row.try_get(12)?,
            request_hash: row.try_get(13)?,
            actor: row.try_get(14)?,
            request_id: row.try_get(15)?,
            causation_id: row.try_get(16)?,
            occurred_at: row.try_get(17)?,
            recorded_at: row.try_get(18)?,
            prev_hash: row.try_get(19)?,
            hash: row.try_get(20)?,
        })
    }
}

/// An instant with all six places, which is what Postgres keeps.
pub(super) fn micros(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

pub(super) fn as_micros<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&micros(at))
}

pub(super) fn as_hex<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&hex::encode(bytes))
}

fn some_hex<S: Serializer>(bytes: &Option<&[u8]>, out: S) -> Result<S::Ok, S::Error> {
    bytes.map(hex::encode).serialize(out)
}
