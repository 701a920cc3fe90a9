//! Readers of single JSON values, for [`super::Fields`].

use crate::failure::without_type;
use ledger::job::MAX_PROMPT_CHARS;
use ledger::{AmountError, Change, Credits};
use poem_openapi::types::ParseFromParameter;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::str::FromStr;

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
