//! How a value that is a string or a number is declared once: its name and schema in the OpenAPI document, and how it is read from
//! JSON, from a query or a path, and written.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde_json::Value;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Declares a value that is a string in JSON: its name and schema, and how it is read and written.
macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $label:literal, $schema:expr, $read:expr, $write:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name(pub $inner);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $label.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                let read: fn(&str) -> Result<$inner, Cow<'static, str>> = $read;
                read(text).map($name).map_err(ParseError::custom)
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value {
                    Some(Value::String(text)) => Self::parse_from_parameter(&text),
                    _ => Err(ParseError::custom("must be a string")),
                }
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                let write: fn(&$inner) -> Value = $write;
                Some(write(&self.0))
            }
        }
    };
}

pub(super) use scalar;

pub(super) fn string() -> MetaSchema {
    MetaSchema::new("string")
}

pub(super) fn of_length(most: usize) -> MetaSchema {
    MetaSchema { min_length: Some(1), max_length: Some(most), ..string() }
}

pub(super) fn formatted(format: &'static str) -> MetaSchema {
    MetaSchema::new_with_format("string", format)
}

/// A string of any of these forms.
pub(super) fn any_of<const N: usize>(forms: [MetaSchema; N]) -> MetaSchema {
    let forms = forms.map(|form| MetaSchemaRef::Inline(Box::new(form)));
    MetaSchema { any_of: forms.into(), ..string() }
}

pub(super) fn one_of(names: &[&str]) -> MetaSchema {
    MetaSchema { enum_items: names.iter().map(|name| Value::from(*name)).collect(), ..string() }
}

/// Finds `text` among the names of the known values, or names them all.
pub(crate) fn among<T: Copy>(
    text: &str,
    known: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Cow<'static, str>> {
    known.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|value| name(*value)).collect();
        format!("must be one of {}", names.join(", ")).into()
    })
}

/// Reads a number that this service gave out.
pub(super) fn number(text: &str) -> Result<i64, Cow<'static, str>> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_plain);
    number.ok_or("must be a number that this service gave".into())
}

/// Reads a whole number of a range.
pub(super) fn within(text: &str, range: RangeInclusive<u32>) -> Result<u32, Cow<'static, str>> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be between {} and {}", range.start(), range.end()).into())
}
