//! Readers of single JSON values, for [`super::Fields`].

use crate::serve::failure::without_type;
use crate::words::scalars::Instant;
use chrono::{DateTime, SubsecRound, Utc};
use ledger::account::Metadata;
use ledger::job::MAX_PROMPT_CHARS;
use ledger::{AmountError, Change, Credits};
use poem_openapi::types::ParseFromParameter;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Most entries of a grant's metadata.
const MAX_METADATA_ENTRIES: usize = 16;

/// Longest name in a grant's metadata, in bytes.
const MAX_METADATA_NAME_BYTES: usize = 40;

/// Longest value in a grant's metadata, in bytes.
const MAX_METADATA_VALUE_BYTES: usize = 500;

/// What is wrong with a value.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is of another type, or missing.
    Shape(String),
    /// It is of the right type, and cannot be accepted.
    Value(String),
}

/// Text of so many characters on one line.
pub(crate) fn text(length: RangeInclusive<usize>) -> impl Fn(Value) -> Result<String, Wrong> {
    move |value| {
        let text = string(value)?;
        long_enough(&text, &length)?;
        if !is_clean(&text) {
            return Err(Wrong::Value("must not contain control characters".into()));
        }
        Ok(text)
    }
}

/// A prompt: text that may have lines and tabs.
pub(crate) fn prompt(value: Value) -> Result<String, Wrong> {
    let text = string(value)?;
    long_enough(&text, &(1..=MAX_PROMPT_CHARS))?;
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err(Wrong::Value("must not contain control characters other than tabs and line ends".into()));
    }
    if !ledger::shows_something(&text) {
        return Err(Wrong::Value("must hold something that can be seen".into()));
    }
    Ok(text)
}

/// Whether a text has no control characters: Postgres refuses NUL, and logs and terminals obey the others.
pub(crate) fn is_clean(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A small value that is also a parameter elsewhere, read the same way.
pub(crate) fn scalar<T: ParseFromParameter>(value: Value) -> Result<T, Wrong> {
    T::parse_from_parameter(&string(value)?).map_err(|error| Wrong::Value(without_type(error.message())))
}

/// A whole number within a range.
pub(crate) fn whole(range: RangeInclusive<u32>) -> impl Fn(Value) -> Result<u32, Wrong> {
    move |value| {
        let Value::Number(number) = value else { return Err(shape("must be a whole number")) };
        if !number.is_i64() && !number.is_u64() {
            return Err(shape("must be a whole number"));
        }
        let fitting = number.as_u64().and_then(|number| u32::try_from(number).ok());
        fitting
            .filter(|number| range.contains(number))
            .ok_or_else(|| Wrong::Value(format!("must be between {} and {}", range.start(), range.end())))
    }
}

/// A number that this service gave: a position, or the number of a lot or a hold.
pub(crate) fn number(value: Value) -> Result<i64, Wrong> {
    let Value::Number(number) = value else { return Err(shape("must be a whole number")) };
    if !number.is_i64() && !number.is_u64() {
        return Err(shape("must be a whole number"));
    }
    let fitting = number.as_i64().filter(|number| *number >= 0);
    fitting.ok_or_else(|| Wrong::Value("must be a number that this service gave".into()))
}

/// An instant, cut to the microseconds that the log keeps.
pub(crate) fn moment(value: Value) -> Result<DateTime<Utc>, Wrong> {
    let Instant(at) = scalar(value)?;
    Ok(at.trunc_subsecs(6))
}

/// Free text beside a grant, by name.
pub(crate) fn metadata(value: Value) -> Result<Metadata, Wrong> {
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

/// True or false.
pub(crate) fn boolean(value: Value) -> Result<bool, Wrong> {
    value.as_bool().ok_or_else(|| shape("must be true or false"))
}

/// An amount of credits.
pub(crate) fn credits(value: Value) -> Result<Credits, Wrong> {
    amount(value)
}

/// A signed change of credits.
pub(crate) fn change(value: Value) -> Result<Change, Wrong> {
    amount(value)
}

fn amount<T: FromStr<Err = AmountError>>(value: Value) -> Result<T, Wrong> {
    match value {
        Value::String(text) => text.parse().map_err(|error: AmountError| Wrong::Value(error.to_string())),
        Value::Number(_) => Err(shape("must be a string, such as \"12.5\", because numbers lose digits")),
        _ => Err(shape("must be a decimal number in a string, such as \"12.5\"")),
    }
}

fn string(value: Value) -> Result<String, Wrong> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(shape("must be a string")),
    }
}

fn long_enough(text: &str, length: &RangeInclusive<usize>) -> Result<(), Wrong> {
    if length.contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Wrong::Value(format!("must have {} to {} characters", length.start(), length.end())))
}

fn shape(message: &str) -> Wrong {
    Wrong::Shape(message.to_owned())
}
