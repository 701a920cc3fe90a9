//! How each of the API's values stands in a JSON body.

use super::place::{Place, Readable, Wrong};
use crate::serve::failure::without_type;
use crate::words::api_keys::{KeyName, KeyScopeName};
use crate::words::bulk::{CanarySize, MatchCount, Percent, RatePerSecond};
use crate::words::hooks::{HookUrl, TopicName};
use crate::words::incidents::{IncidentId, MinAttempts, MoreCount, Revision, SearchText};
use crate::words::scalars::{
    Amount, ClassName, Count, GenerationId, GrantKey, HoldNumber, Instant, KindName, LogPosition, LotNumber,
    ModelId, PastAge, PriorityNumber, PromptText, Reason, RunNumber, SignedAmount, SourceName, Term,
    UserName,
};
use crate::words::texts::is_clean;
use ledger::account::Metadata;
use poem_openapi::types::ParseFromParameter;
use serde_json::Value;

/// Most entries of a grant's metadata.
const MAX_METADATA_ENTRIES: usize = 16;

/// Longest name in a grant's metadata, in bytes.
const MAX_METADATA_NAME_BYTES: usize = 40;

/// Longest value in a grant's metadata, in bytes.
const MAX_METADATA_VALUE_BYTES: usize = 500;

macro_rules! readable {
    ($($read:ident: $($kind:ty),+;)*) => {
        $($(impl Readable for $kind {
            fn take(place: Place<'_>) -> Option<$kind> {
                place.value($read)
            }
        })+)*
    };
}

readable! {
    text: ClassName, GenerationId, GrantKey, HookUrl, IncidentId, Instant, KeyName, KeyScopeName, KindName, ModelId, PastAge, PromptText, Reason,
        SearchText, SourceName, Term, TopicName, UserName;
    number: CanarySize, MatchCount, Count, HoldNumber, LogPosition, LotNumber, MinAttempts, MoreCount, Percent, PriorityNumber, RatePerSecond,
        Revision, RunNumber;
    amount: Amount, SignedAmount;
    metadata: Metadata;
    whole: u32;
}

/// What is left out is not so.
impl Readable for bool {
    fn take(place: Place<'_>) -> Option<bool> {
        if place.is_empty() { Some(false) } else { place.value(boolean) }
    }
}

/// A value that is also a parameter elsewhere, read the same way.
fn text<T: ParseFromParameter>(value: Value) -> Result<T, Wrong> {
    let Value::String(text) = value else { return Err(shape("must be a string")) };
    read(&text)
}

fn amount<T: ParseFromParameter>(value: Value) -> Result<T, Wrong> {
    match value {
        Value::String(text) => read(&text),
        Value::Number(_) => Err(shape("must be a string, such as \"12.5\", because numbers lose digits")),
        _ => Err(shape("must be a decimal number in a string, such as \"12.5\"")),
    }
}

fn number<T: ParseFromParameter>(value: Value) -> Result<T, Wrong> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => read(&number.to_string()),
        _ => Err(shape("must be a whole number")),
    }
}

fn read<T: ParseFromParameter>(text: &str) -> Result<T, Wrong> {
    T::parse_from_parameter(text).map_err(|error| Wrong::Value(without_type(error.message())))
}

fn whole(value: Value) -> Result<u32, Wrong> {
    match &value {
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            let fitting = number.as_u64().and_then(|number| u32::try_from(number).ok());
            fitting.ok_or_else(|| Wrong::Value(format!("must be between 0 and {}", u32::MAX)))
        }
        _ => Err(shape("must be a whole number")),
    }
}

fn boolean(value: Value) -> Result<bool, Wrong> {
    value.as_bool().ok_or_else(|| shape("must be true or false"))
}

/// Free text beside a grant, by name.
fn metadata(value: Value) -> Result<Metadata, Wrong> {
    let Value::Object(entries) = value else { return Err(shape("must be an object of strings")) };
    if entries.len() > MAX_METADATA_ENTRIES {
        let message = format!("must have at most {MAX_METADATA_ENTRIES} entries, and has {}", entries.len());
        return Err(Wrong::Value(message));
    }
    let mut metadata = Metadata::new();
    for (name, value) in entries {
        let Value::String(value) = value else { return Err(shape("must be an object of strings")) };
        let fits =
            (1..=MAX_METADATA_NAME_BYTES).contains(&name.len()) && value.len() <= MAX_METADATA_VALUE_BYTES;
        if !fits {
            let message = format!(
                "must have names of 1 to {MAX_METADATA_NAME_BYTES} bytes and values of at most \
                 {MAX_METADATA_VALUE_BYTES}"
            );
            return Err(Wrong::Value(message));
        }
        if !is_clean(&name) || !is_clean(&value) {
            return Err(Wrong::Value("must not contain control characters".into()));
        }
        metadata.insert(name, value);
    }
    Ok(metadata)
}

fn shape(message: &str) -> Wrong {
    Wrong::Shape(message.to_owned())
}
