//! The hash chain of a stream. The same bytes as the SQL function `event_hash` of the schema, so that an
//! auditor can recompute it with plain SQL.

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// What precedes the first event of a stream.
pub const GENESIS: Hash = [0; 32];

/// The hashed columns of one event, in the order in which they are hashed.
pub(crate) struct Hashed<'a> {
    pub account_id: Uuid,
    pub stream_id: Uuid,
    pub version: i64,
    pub event_id: Uuid,
    pub name: &'a str,
    pub schema_version: i16,
    pub amount: Option<Decimal>,
    pub balance_after: Option<Decimal>,
    pub job_id: Option<Uuid>,
    pub payload: &'a str,
    pub state: Option<&'a str>,
    pub idempotency_key: Option<&'a str>,
    pub request_hash: Option<&'a [u8]>,
    pub actor: &'a str,
    pub request_id: &'a str,
    pub causation_id: Option<Uuid>,
    pub occurred_at_micros: i64,
}

impl Hashed<'_> {
    /// The hash of this event after `prev_hash`. `text` is scratch space, cleared first.
    pub(crate) fn after(&self, prev_hash: &Hash, text: &mut String) -> Hash {
        text.clear();
        let mut buffer = Uuid::encode_buffer();
        field(text, Some(self.account_id.hyphenated().encode_lower(&mut buffer)));
        field(text, Some(self.stream_id.hyphenated().encode_lower(&mut buffer)));
        number(text, self.version);
        field(text, Some(self.event_id.hyphenated().encode_lower(&mut buffer)));
        field(text, Some(self.name));
        number(text, i64::from(self.schema_version));
        field(text, self.amount.map(|amount| amount.to_string()).as_deref());
        field(text, self.balance_after.map(|balance| balance.to_string()).as_deref());
        uuid_field(text, self.job_id);
        field(text, Some(self.payload));
        field(text, self.state);
        field(text, self.idempotency_key);
        field(text, self.request_hash.map(hex::encode).as_deref());
        field(text, Some(self.actor));
        field(text, Some(self.request_id));
        uuid_field(text, self.causation_id);
        number(text, self.occurred_at_micros);
        Sha256::new().chain_update(prev_hash).chain_update(text.as_bytes()).finalize().into()
    }
}

/// One field: its length in bytes and the text, or `-` for null, so that no two events share a text.
pub(crate) fn field(text: &mut String, value: Option<&str>) {
    match value {
        Some(value) => {
            digits(text, value.len() as u64);
            text.push(':');
            text.push_str(value);
        }
        None => text.push('-'),
    }
}

fn number(text: &mut String, value: i64) {
    let length = u64::from(value < 0) + 1 + u64::from(value.unsigned_abs().checked_ilog10().unwrap_or(0));
    digits(text, length);
    text.push_str(if value < 0 { ":-" } else { ":" });
    digits(text, value.unsigned_abs());
}

/// A number in decimal, without the detour over a string of its own.
fn digits(text: &mut String, number: u64) {
    if number >= 10 {
        digits(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

fn uuid_field(text: &mut String, value: Option<Uuid>) {
    let mut buffer = Uuid::encode_buffer();
    field(text, value.map(|id| &*id.hyphenated().encode_lower(&mut buffer)));
}

#[cfg(test)]
mod tests {
    use super::{field, number};

    #[test]
    fn a_number_is_hashed_as_its_text() {
        for value in [0, 1, 9, 10, 99, 100, 1_234_567_890, -1, -10, i64::MAX, i64::MIN] {
            let (mut hashed, mut expected) = (String::new(), String::new());
            number(&mut hashed, value);
            field(&mut expected, Some(&value.to_string()));
            assert_eq!(hashed, expected);
        }
    }
}
