//! The values of incidents and of what is looked for among dead letters.

use super::scalar::{among, one_of, scalar, within};
use super::texts;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use projections::dead_letters::Order;
use projections::incidents;
use serde_json::Value;
use std::borrow::Cow;

/// Most failures until which an incident may be ignored.
const MOST_MORE: u32 = 10_000;

/// Most attempts that may be asked for.
const MOST_ATTEMPTS: u32 = 1_000;

/// Longest text that is searched for, in characters.
const MOST_SEARCHED_CHARS: usize = 200;

fn number(least: u32, most: u32) -> MetaSchema {
    let (minimum, maximum) = (Some(least.into()), Some(most.into()));
    MetaSchema { minimum, maximum, ..MetaSchema::new_with_format("integer", "uint32") }
}

scalar!(
    /// The id of an incident: the fingerprint of a cause.
    IncidentId(String),
    "incident_id",
    MetaSchema { pattern: Some("^[0-9]{1,3}-[0-9a-f]{32}$".into()), ..MetaSchema::new("string") },
    |text| fingerprint(text),
    |id| id.as_str().into()
);

scalar!(
    /// How an incident stands.
    IncidentStateName(incidents::State),
    "incident_state",
    one_of(&incidents::State::ALL.map(incidents::State::as_str)),
    |text| among(text, &incidents::State::ALL, incidents::State::as_str),
    |state| state.as_str().into()
);

scalar!(
    /// What happened to an incident.
    IncidentEventName(incidents::Event),
    "incident_event",
    one_of(&incidents::Event::ALL.map(incidents::Event::as_str)),
    |text| among(text, &incidents::Event::ALL, incidents::Event::as_str),
    |event| event.as_str().into()
);

scalar!(
    /// What happened to an incident last, as a number: 0 if nothing did.
    Revision(u32),
    "revision",
    number(0, i32::MAX.unsigned_abs()),
    |text| within(text, 0..=i32::MAX.unsigned_abs()),
    |revision| (*revision).into()
);

scalar!(
    /// After how many more an incident is looked at again.
    MoreCount(u32),
    "more",
    number(1, MOST_MORE),
    |text| within(text, 1..=MOST_MORE),
    |more| (*more).into()
);

scalar!(
    /// At least so many attempts.
    MinAttempts(u32),
    "min_attempts",
    number(1, MOST_ATTEMPTS),
    |text| within(text, 1..=MOST_ATTEMPTS),
    |attempts| (*attempts).into()
);

scalar!(
    /// A text that is searched for.
    SearchText(String),
    "search",
    MetaSchema { min_length: Some(1), max_length: Some(MOST_SEARCHED_CHARS), ..MetaSchema::new("string") },
    |text| texts::line(text, 1..=MOST_SEARCHED_CHARS),
    |text| text.as_str().into()
);

scalar!(
    /// In which order dead letters are listed.
    DeadOrderName(Order),
    "dead_letter_order",
    one_of(&Order::ALL.map(Order::as_str)),
    |text| among(text, &Order::ALL, Order::as_str),
    |order| order.as_str().into()
);

fn fingerprint(text: &str) -> Result<String, Cow<'static, str>> {
    let is_lower_hex = |letter: u8| matches!(letter, b'0'..=b'9' | b'a'..=b'f');
    let is_one = text.split_once('-').is_some_and(|(way, name)| {
        (1..=3).contains(&way.len())
            && way.bytes().all(|letter| letter.is_ascii_digit())
            && name.len() == 32
            && name.bytes().all(is_lower_hex)
    });
    if is_one { Ok(text.to_owned()) } else { Err("must be the id of an incident".into()) }
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn only_what_looks_like_a_fingerprint_is_one() {
        let name = "0123456789abcdef0123456789abcdef";
        assert!(fingerprint(&format!("1-{name}")).is_ok() && fingerprint(&format!("12-{name}")).is_ok());
        for text in [
            "",
            "1",
            "1-",
            name,
            "-1",
            &format!("1-{name}0"),
            &format!("1-{}", name.to_uppercase()),
            &format!("1234-{name}"),
            &format!("x-{name}"),
        ] {
            assert!(fingerprint(text).is_err(), "{text}");
        }
    }
}
