//! From a row of `events` to a [`RecordedEvent`].

use crate::account::AccountState;
use crate::chain::Hash;
use crate::error::Error;
use crate::event::{Event, RecordedEvent};
use crate::ids::{AccountId, EventId, JobId, Position, StreamId};
use tokio_postgres::Row;

/// The columns that [`recorded`] reads, in its order; the two of money may be given as expressions. `json` is read
/// as text: its exact bytes matter.
macro_rules! event_columns {
    () => {
        $crate::store::row::event_columns!("amount", "balance_after")
    };
    ($amount:literal, $balance_after:literal) => {
        concat!(
            "position, account_id, stream_id, version, event_id, type, schema_version, payload::text, ",
            $amount,
            ", ",
            $balance_after,
            ", job_id, state::text, idempotency_key, actor, request_id, causation_id, occurred_at, recorded_at, \
             prev_hash, hash"
        )
    };
}
pub(crate) use event_columns;

/// Reads one event.
pub(crate) fn recorded(row: &Row) -> Result<RecordedEvent, Error> {
    let name: &str = row.try_get(5)?;
    let schema_version: i16 = row.try_get(6)?;
    let payload: String = row.try_get(7)?;
    let state: Option<&str> = row.try_get(11)?;
    Ok(RecordedEvent {
        position: Position(row.try_get(0)?),
        account_id: AccountId(row.try_get(1)?),
        stream_id: StreamId(row.try_get(2)?),
        version: row.try_get(3)?,
        event_id: EventId(row.try_get(4)?),
        event: Event::decode(name, schema_version, &payload)?,
        schema_version,
        payload,
        amount: row.try_get(8)?,
        balance_after: row.try_get(9)?,
        job_id: row.try_get::<_, Option<uuid::Uuid>>(10)?.map(JobId),
        state: state.map(account_state).transpose()?,
        idempotency_key: row.try_get(12)?,
        actor: row.try_get(13)?,
        request_id: row.try_get(14)?,
        causation_id: row.try_get(15)?,
        occurred_at: row.try_get(16)?,
        recorded_at: row.try_get(17)?,
        prev_hash: row.try_get(18)?,
        hash: row.try_get(19)?,
    })
}

/// Reads the `state` column.
pub(crate) fn account_state(text: &str) -> Result<AccountState, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Unreadable { event: "account state".into(), problem: error.to_string() })
}

/// Reads a hash column.
pub(crate) fn hash(bytes: &[u8]) -> Result<Hash, Error> {
    bytes.try_into().map_err(|_| Error::Unreadable {
        event: "hash".into(),
        problem: format!("{} bytes long", bytes.len()),
    })
}
