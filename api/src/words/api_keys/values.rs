//! The values of API keys.

use crate::words::scalar::{among, formatted, of_length, one_of, scalar};
use crate::words::texts;
use apikeys::{Environment, MAX_NAME_CHARS, Scope, State};
use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;
use std::borrow::Cow;
use uuid::Uuid;

fn names<T: Copy>(known: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    known.iter().map(|value| name(*value)).collect()
}

scalar!(
    /// The id of an API key; it is no secret.
    KeyId(Uuid),
    "api_key_id",
    formatted("uuid"),
    |text| Uuid::try_parse(text).map_err(|_| "must be a UUID".into()),
    |id| id.to_string().into()
);

scalar!(
    /// What an API key is called.
    KeyName(String),
    "api_key_name",
    of_length(MAX_NAME_CHARS),
    |text| called(text),
    |name| name.as_str().into()
);

scalar!(
    /// What an API key may do.
    KeyScopeName(Scope),
    "api_key_scope",
    one_of(&names(Scope::ALL, Scope::as_str)),
    |text| among(text, Scope::ALL, Scope::as_str),
    |scope| scope.as_str().into()
);

scalar!(
    /// How an API key stands.
    KeyStateName(State),
    "api_key_state",
    one_of(&names(State::ALL, State::as_str)),
    |text| among(text, State::ALL, State::as_str),
    |state| state.as_str().into()
);

scalar!(
    /// Where an API key is of use.
    EnvironmentName(Environment),
    "environment",
    one_of(&names(Environment::ALL, Environment::as_str)),
    |text| among(text, Environment::ALL, Environment::as_str),
    |environment| environment.as_str().into()
);

/// A name is there to be read.
fn called(text: &str) -> Result<String, Cow<'static, str>> {
    let text = texts::line(text, 1..=MAX_NAME_CHARS)?;
    if ledger::shows_something(&text) { Ok(text) } else { Err("must hold something that can be seen".into()) }
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn a_name_is_a_short_line_that_shows_something() {
        assert_eq!(called("CI of the shop").unwrap(), "CI of the shop");
        for text in ["", "   ", "a\nb", "\u{200b}", &"x".repeat(101)] {
            assert!(called(text).is_err(), "{text:?}");
        }
    }
}
