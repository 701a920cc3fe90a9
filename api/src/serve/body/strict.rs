//! A JSON reader that refuses what lenient ones let pass: a name twice in one object (where the last would
//! win), nesting without end, anything after the end, bytes that are not UTF-8.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Deepest nesting of objects and lists.
const MAX_DEPTH: usize = 16;

/// Reads one JSON value, or says what is wrong and where.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    if std::str::from_utf8(bytes).is_err() {
        return Err("it is not UTF-8".into());
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Nested { depth: 0 }.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Nested {
    depth: usize,
}

impl Nested {
    fn deeper<E: Error>(self) -> Result<Nested, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Nested { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(deeper)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut fields = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the name {name:?} stands twice in one object")));
            }
            let value = object.next_value_seed(deeper)?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn what_is_json_is_read() {
        let value = parse(br#" {"a": [1, -2, 0.5, true, null, "\u00e9"], "b": {}} "#).unwrap();
        assert_eq!(value, json!({ "a": [1, -2, 0.5, true, null, "é"], "b": {} }));
    }

    #[test]
    fn what_is_not_is_refused_with_a_reason() {
        let deep = "[".repeat(1_000_000);
        let levels = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        for (text, reason) in [
            (&b"{\"a\":1,\"a\":2}"[..], "twice"),
            (b"{\"b\":{\"a\":1,\"\\u0061\":2}}", "twice"),
            (deep.as_bytes(), "deeper"),
            (levels.as_bytes(), "deeper"),
            (b"{\"a\":1e400}", "out of range"),
            (b"{\"a\":NaN}", "expected"),
            (b"{} {}", "trailing"),
            (b"{\"a\":1,}", "trailing comma"),
            (b"{\"a\":\"\xff\"}", "UTF-8"),
            (b"{\"a\":\"\\ud800\"}", "escape"),
            (b"", "EOF"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{error:?} should contain {reason:?}");
        }
    }
}
