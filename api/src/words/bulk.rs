//! The values of actions on many dead letters.

use super::scalar::{among, formatted, one_of, scalar, within};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use projections::bulk;
use serde_json::Value;
use std::borrow::Cow;

/// Most dead letters a second of one action.
const MAX_RATE: u32 = 500;

/// More dead letters than any database here has.
const MAX_MATCHED: u32 = 1_000_000_000;

/// Most dead letters that are tried first.
const MAX_CANARY: u32 = 1_000;

fn between(least: u32, most: u32) -> MetaSchema {
    let (minimum, maximum) = (Some(least.into()), Some(most.into()));
    MetaSchema { minimum, maximum, ..MetaSchema::new_with_format("integer", "uint32") }
}

fn names<T: Copy>(known: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    known.iter().map(|value| name(*value)).collect()
}

scalar!(
    /// How many a second.
    RatePerSecond(u32),
    "rate",
    between(1, MAX_RATE),
    |text| within(text, 1..=MAX_RATE),
    |rate| (*rate).into()
);

scalar!(
    /// How many are tried first.
    CanarySize(u32),
    "canary",
    between(0, MAX_CANARY),
    |text| within(text, 0..=MAX_CANARY),
    |canary| (*canary).into()
);

scalar!(
    /// How many match.
    MatchCount(u32),
    "match_count",
    between(1, MAX_MATCHED),
    |text| within(text, 1..=MAX_MATCHED),
    |count| (*count).into()
);

scalar!(
    /// How many of a hundred.
    Percent(u32),
    "percent",
    between(0, 100),
    |text| within(text, 0..=100),
    |percent| (*percent).into()
);

scalar!(
    /// The id of an action on many dead letters.
    BulkId(uuid::Uuid),
    "bulk_action_id",
    formatted("uuid"),
    |text| uuid::Uuid::try_parse(text).map_err(|_| "must be a UUID".into()),
    |id| id.to_string().into()
);

scalar!(
    /// What is done to many dead letters.
    DeedName(bulk::Deed),
    "deed",
    one_of(&names(bulk::Deed::ALL, bulk::Deed::as_str)),
    |text| among(text, bulk::Deed::ALL, bulk::Deed::as_str),
    |deed| deed.as_str().into()
);

scalar!(
    /// Where an action on many dead letters is in its life.
    BulkStateName(bulk::State),
    "bulk_state",
    one_of(&names(bulk::State::ALL, bulk::State::as_str)),
    |text| among(text, bulk::State::ALL, bulk::State::as_str),
    |state| state.as_str().into()
);

scalar!(
    /// What became of a generation of such an action.
    BulkOutcomeName(bulk::Outcome),
    "bulk_outcome",
    one_of(&names(bulk::Outcome::ALL, bulk::Outcome::as_str)),
    |text| among(text, bulk::Outcome::ALL, bulk::Outcome::as_str),
    |outcome| outcome.as_str().into()
);
