//! How a provider signs what it reports. Each way is a file; where the time of signing is signed too, it is believed for five
//! minutes in either direction.

mod described;
mod fal;
mod keys;
mod report;
mod standard;

pub use described::{Described, InvalidDescription};
pub use keys::KeySet;
pub use report::{Encoding, Kind, ReportOptions};
pub use standard::{InvalidSecret, NoRandomness, StandardSecret};

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// How far the time of signing may be from ours, in seconds: clocks differ, and what is repeated later is refused.
const TOLERANCE_SECONDS: i64 = 5 * 60;

/// The longest name of a task or an event that is believed; real ones have up to 40 letters.
const LONGEST_NAME: usize = 200;

/// How a provider signs.
#[derive(Debug)]
pub enum Signing {
    /// As Standard Webhooks describes it, with a secret that both know. Replicate does.
    Standard(StandardSecret),
    /// As fal does it, with a key whose public half it publishes.
    Fal(KeySet),
    /// As configuration describes it.
    Described(Described),
}

/// What is wrong with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is not signed, or not by the provider.
    Signature,
    /// It was signed too long ago, or will be.
    Time,
    /// It is signed, and does not tell what it is about.
    Content,
    /// The keys that the provider publishes cannot be had.
    KeysAway,
}

/// What a proven report is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The same however often it is sent.
    pub event_id: String,
    /// The provider's name for the task.
    pub task_id: String,
}

impl Signing {
    /// What is reported, once it is proved.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Told, Flaw> {
        match self {
            Signing::Standard(secret) => standard::read(secret, headers, body, now),
            Signing::Fal(keys) => fal::read(keys, headers, body, now).await,
            Signing::Described(described) => described.read(headers, body, now),
        }
    }
}

/// The value of a header that must be there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Flaw> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Flaw::Signature),
        _ => Err(Flaw::Signature),
    }
}

/// Whether the time of signing, in seconds since 1970, is about now. Only asked once the signature is proved.
fn check_time(signed: &str, now: DateTime<Utc>) -> Result<(), Flaw> {
    let signed: i64 = signed.parse().map_err(|_| Flaw::Time)?;
    if now.timestamp().abs_diff(signed) <= TOLERANCE_SECONDS.unsigned_abs() {
        Ok(())
    } else {
        Err(Flaw::Time)
    }
}

/// The name in a field of the report.
fn name_in(body: &[u8], field: &str) -> Result<String, Flaw> {
    let report: Value = serde_json::from_slice(body).map_err(|_| Flaw::Content)?;
    name(report.get(field).and_then(Value::as_str).unwrap_or_default())
}

/// The name at a place of the report, which may be a number.
fn name_at(body: &[u8], pointer: &str) -> Result<String, Flaw> {
    let report: Value = serde_json::from_slice(body).map_err(|_| Flaw::Content)?;
    match report.pointer(pointer) {
        Some(Value::String(text)) => name(text),
        Some(Value::Number(number)) => name(&number.to_string()),
        _ => Err(Flaw::Content),
    }
}

fn name(text: &str) -> Result<String, Flaw> {
    let is_name =
        (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name { Ok(text.to_owned()) } else { Err(Flaw::Content) }
}

#[cfg(test)]
mod tests {
    use super::{Flaw, check_time, name};
    use chrono::DateTime;

    #[test]
    fn a_time_is_believed_for_five_minutes_in_either_direction() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        for (signed, expected) in [
            ("1000000", Ok(())),
            ("999700", Ok(())),
            ("999699", Err(Flaw::Time)),
            ("1000300", Ok(())),
            ("1000301", Err(Flaw::Time)),
            ("", Err(Flaw::Time)),
            ("soon", Err(Flaw::Time)),
            ("-9223372036854775808", Err(Flaw::Time)),
        ] {
            assert_eq!(check_time(signed, now), expected, "{signed}");
        }
    }

    #[test]
    fn a_name_is_short_and_visible() {
        assert_eq!(name("gm3qorzdhgbfurvjtvhg6dckhu").as_deref(), Ok("gm3qorzdhgbfurvjtvhg6dckhu"));
        for wrong in ["", "a b", "a\0", "é", &"x".repeat(201)] {
            assert_eq!(name(wrong), Err(Flaw::Content), "{wrong:?}");
        }
    }
}
