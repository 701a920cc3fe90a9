//! What is to be made, as far as the services agree on it, and what is wrong with an input.

use std::ops::RangeInclusive;

use serde_json::Value;

/// Sides of a picture that can be drawn.
pub(super) const SIDES: RangeInclusive<u64> = 16..=4096;

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wishes {
    pub prompt: String,
    pub count: u64,
    pub width: u64,
    pub height: u64,
    /// Length of a clip; `None` for a picture.
    pub seconds: Option<u64>,
    pub seed: u64,
}

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalid {
    pub field: &'static str,
    pub problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Missing,
    NoText,
    NoNumber,
    TooSmall(u64),
    TooLarge(u64),
    NotOffered,
}

impl Problem {
    pub(super) fn of(self, field: &'static str) -> Invalid {
        Invalid { field, problem: self }
    }

    /// In a sentence without its end.
    pub(super) fn words(self) -> String {
        match self {
            Problem::Missing => "Field required".to_owned(),
            Problem::NoText => "Input should be a valid string".to_owned(),
            Problem::NoNumber => "Input should be a valid integer".to_owned(),
            Problem::TooSmall(least) => format!("Input should be greater than or equal to {least}"),
            Problem::TooLarge(most) => format!("Input should be less than or equal to {most}"),
            Problem::NotOffered => "Input is not one of the permitted values".to_owned(),
        }
    }
}

/// The text in a field that must be there.
pub(super) fn text(input: &Value, field: &'static str) -> Result<String, Invalid> {
    match &input[field] {
        Value::Null => Err(Problem::Missing.of(field)),
        Value::String(text) => Ok(text.clone()),
        _ => Err(Problem::NoText.of(field)),
    }
}

/// The number in a field that may be there; services take numbers in strings as well.
pub(super) fn whole(input: &Value, field: &'static str) -> Result<Option<u64>, Invalid> {
    match &input[field] {
        Value::Null => Ok(None),
        Value::String(text) => text.parse().map(Some).map_err(|_| Problem::NoNumber.of(field)),
        value => value.as_u64().map(Some).ok_or(Problem::NoNumber.of(field)),
    }
}

/// The same, within bounds.
pub(super) fn within(
    input: &Value,
    field: &'static str,
    bounds: RangeInclusive<u64>,
) -> Result<Option<u64>, Invalid> {
    match whole(input, field)? {
        Some(number) if number < *bounds.start() => Err(Problem::TooSmall(*bounds.start()).of(field)),
        Some(number) if number > *bounds.end() => Err(Problem::TooLarge(*bounds.end()).of(field)),
        number => Ok(number),
    }
}

/// Length of the clip, for a model that makes clips by its name, or an input that asks for a length.
pub(super) fn seconds(model: &str, input: &Value) -> Result<Option<u64>, Invalid> {
    const CLIPS: [&str; 6] = ["video", "seedance", "kling", "veo", "hailuo", "wan-"];
    let asked = within(input, "duration", 1..=60)?;
    Ok(asked.or(CLIPS.iter().any(|name| model.contains(name)).then_some(5)))
}
