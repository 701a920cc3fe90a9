//! The hashed columns of an event as the texts that are hashed: nothing is parsed, so nothing can be read as
//! something else. The order is that of the chain.

use crate::chain::{Hash, field};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many columns of an event are hashed.
pub(crate) const COLUMNS: usize = 17;

/// The hashed columns of one event, each as Postgres writes it as text; `null` where it is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashedColumns {
    /// Whose event it is.
    pub account_id: Option<String>,
    /// The account itself, or one of its jobs.
    pub stream_id: Option<String>,
    /// Its place in the stream.
    pub version: Option<String>,
    /// Its id.
    pub event_id: Option<String>,
    /// What happened.
    pub r#type: Option<String>,
    /// Version of the payload's shape.
    pub schema_version: Option<String>,
    /// Signed change of the balance.
    pub amount: Option<String>,
    /// The balance after it.
    pub balance_after: Option<String>,
    /// The job that it is about.
    pub job_id: Option<String>,
    /// The fact, byte for byte.
    pub payload: Option<String>,
    /// The account's state after it, byte for byte.
    pub state: Option<String>,
    /// The key under which it was asked for.
    pub idempotency_key: Option<String>,
    /// SHA-256 of what was asked for, in hexadecimal.
    pub request_hash: Option<String>,
    /// Who acted.
    pub actor: Option<String>,
    /// Through which request.
    pub request_id: Option<String>,
    /// Caused by which event or message.
    pub causation_id: Option<String>,
    /// The application's clock, in microseconds since 1970.
    pub occurred_at: Option<String>,
}

impl HashedColumns {
    /// From the columns in their order.
    pub(super) fn new(columns: [Option<String>; COLUMNS]) -> HashedColumns {
        let [
            account_id,
            stream_id,
            version,
            event_id,
            r#type,
            schema_version,
            amount,
            balance_after,
            job_id,
            payload,
            state,
            idempotency_key,
            request_hash,
            actor,
            request_id,
            causation_id,
            occurred_at,
        ] = columns;
        HashedColumns {
            account_id,
            stream_id,
            version,
            event_id,
            r#type,
            schema_version,
            amount,
            balance_after,
            job_id,
            payload,
            state,
            idempotency_key,
            request_hash,
            actor,
            request_id,
            causation_id,
            occurred_at,
        }
    }

    /// The hash of the event after `prev_hash`.
    pub(super) fn hash_after(&self, prev_hash: &[u8]) -> Hash {
        let columns = [
            &self.account_id,
            &self.stream_id,
            &self.version,
            &self.event_id,
            &self.r#type,
            &self.schema_version,
            &self.amount,
            &self.balance_after,
            &self.job_id,
            &self.payload,
            &self.state,
            &self.idempotency_key,
            &self.request_hash,
            &self.actor,
            &self.request_id,
            &self.causation_id,
            &self.occurred_at,
        ];
        hash_after(prev_hash, columns.into_iter().map(Option::as_deref), &mut String::new())
    }
}

/// The hash of an event with these columns. `text` is scratch space, cleared first.
pub(super) fn hash_after<'a>(
    prev_hash: &[u8],
    columns: impl IntoIterator<Item = Option<&'a str>>,
    text: &mut String,
) -> Hash {
    text.clear();
    columns.into_iter().for_each(|column| field(text, column));
    Sha256::new().chain_update(prev_hash).chain_update(text.as_bytes()).finalize().into()
}
