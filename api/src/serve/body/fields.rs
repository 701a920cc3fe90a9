//! The fields of a JSON object, taken one by one. What is wrong is collected; what nobody takes is unknown.

use super::values::Wrong;
use crate::serve::problem::{FieldError, Problem};
use poem::http::StatusCode;
use serde_json::{Map, Value};

/// An object that is being read.
pub(crate) struct Fields {
    values: Map<String, Value>,
    path: String,
    /// Fields of the wrong shape: missing, unknown or of another type.
    misshapen: Vec<FieldError>,
    /// Fields whose value cannot be accepted.
    unacceptable: Vec<FieldError>,
}

impl Fields {
    /// The fields of the whole body.
    pub(crate) fn of_body(value: Value) -> Result<Fields, Problem> {
        match value {
            Value::Object(values) => Ok(Fields::at(String::new(), values)),
            _ => Err(Problem::bad_request("body_invalid", "the body must be a JSON object")),
        }
    }

    fn at(path: String, values: Map<String, Value>) -> Fields {
        Fields { values, path, misshapen: Vec::new(), unacceptable: Vec::new() }
    }

    /// A field that must be there. `None` once something about it was noted.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        match self.values.remove(name) {
            Some(value) => self.note(name, read(value)),
            None => self.note(name, Err(Wrong::Shape("is missing".into()))),
        }
    }

    /// A field that may be left out or null. `None` once something about it was noted.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, Wrong>,
    ) -> Option<Option<T>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.note(name, read(value).map(Some)),
        }
    }

    /// An object in the object; one that is left out is an empty one.
    pub(crate) fn nested<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields) -> Option<T>) -> Option<T> {
        match self.values.remove(name) {
            None | Some(Value::Null) => self.inner(self.name_of(name), Map::new(), read),
            Some(Value::Object(values)) => self.inner(self.name_of(name), values, read),
            Some(_) => self.note(name, Err(Wrong::Shape("must be an object".into()))),
        }
    }

    /// An object that may be left out.
    pub(crate) fn optional_nested<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.has(name) { self.nested(name, read).map(Some) } else { Some(None) }
    }

    /// A list of objects that must be there.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        length: std::ops::RangeInclusive<usize>,
        mut read: impl FnMut(&mut Fields) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.required(name, |value| match value {
            Value::Array(items) => Ok(items),
            _ => Err(Wrong::Shape("must be a list".into())),
        })?;
        if !length.contains(&items.len()) {
            let (least, most) = (length.start(), length.end());
            let message = format!("must have {least} to {most} items, and has {}", items.len());
            return self.note(name, Err(Wrong::Value(message)));
        }
        let mut taken = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{name}[{index}]");
            match item {
                Value::Object(values) => {
                    let item = self.inner(self.name_of(&path), values, &mut read);
                    taken.extend(item);
                }
                _ => self.blame(&path, Wrong::Shape("must be an object".into())),
            }
        }
        Some(taken)
    }

    /// Whether a field is there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Notes that a field, or how fields go together, cannot be accepted.
    pub(crate) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.blame(name, Wrong::Value(message.into()));
    }

    /// Notes that the object as a whole is of the wrong shape.
    pub(crate) fn misshapen(&mut self, message: impl Into<String>) {
        let field = self.path.clone();
        self.misshapen.push(FieldError { field, message: message.into() });
    }

    /// The end: what was read, unless something was wrong or was left over.
    pub(crate) fn finish<T>(mut self, read: Option<T>) -> Result<T, Problem> {
        self.refuse_unknown();
        if let (Some(read), true, true) = (read, self.misshapen.is_empty(), self.unacceptable.is_empty()) {
            return Ok(read);
        }
        let (status, code, title) = if self.misshapen.is_empty() {
            (StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", "The request cannot be accepted")
        } else {
            (StatusCode::BAD_REQUEST, "body_invalid", "The request cannot be understood")
        };
        let errors: Vec<_> = self.misshapen.into_iter().chain(self.unacceptable).collect();
        let detail = errors.first().map_or_else(
            || "the body cannot be read".to_owned(),
            |error| format!("`{}` {}", error.field, error.message),
        );
        let mut problem = Problem::new(status, code, title, detail);
        problem.errors = errors;
        Err(problem)
    }

    fn inner<T>(
        &mut self,
        path: String,
        values: Map<String, Value>,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Option<T> {
        let mut inner = Fields::at(path, values);
        let read = read(&mut inner);
        inner.refuse_unknown();
        let is_clean = inner.misshapen.is_empty() && inner.unacceptable.is_empty();
        self.misshapen.append(&mut inner.misshapen);
        self.unacceptable.append(&mut inner.unacceptable);
        read.filter(|_| is_clean)
    }

    fn refuse_unknown(&mut self) {
        for name in std::mem::take(&mut self.values).into_iter().map(|(name, _)| name) {
            // A name of the client's own making must not blow up the answer.
            let name: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
            let field = self.name_of(&name);
            self.misshapen.push(FieldError { field, message: "is not known here".into() });
        }
    }

    fn note<T>(&mut self, name: &str, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.blame(name, wrong)).ok()
    }

    fn blame(&mut self, name: &str, wrong: Wrong) {
        let field = self.name_of(name);
        match wrong {
            Wrong::Shape(message) => self.misshapen.push(FieldError { field, message }),
            Wrong::Value(message) => self.unacceptable.push(FieldError { field, message }),
        }
    }

    fn name_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use crate::serve::body::{text, whole};
    use serde_json::{Value, json};

    fn read(body: Value) -> Result<(String, u32), Vec<String>> {
        let mut fields = Fields::of_body(body).map_err(|problem| vec![problem.detail.clone()])?;
        let name = fields.required("name", text(1..=3));
        let count = fields.optional("count", whole(1..=9)).map(|count| count.unwrap_or(1));
        let seed = fields.nested("params", |params| params.optional("seed", whole(0..=1)));
        let read = (|| {
            seed?;
            Some((name?, count?))
        })();
        fields.finish(read).map_err(|problem| {
            let named = problem.errors.iter().map(|error| format!("{} {}", error.field, error.message));
            std::iter::once(problem.status.to_string()).chain(named).collect()
        })
    }

    #[test]
    fn what_is_right_is_read() {
        assert_eq!(read(json!({ "name": "a" })), Ok(("a".into(), 1)));
        assert_eq!(read(json!({ "name": "a", "count": null })), Ok(("a".into(), 1)));
        assert_eq!(read(json!({ "name": "a", "count": 9, "params": { "seed": 0 } })), Ok(("a".into(), 9)));
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let wrong = read(json!({ "count": "1", "x": 1, "params": { "seed": 2, "y": 0 } })).unwrap_err();
        assert_eq!(
            wrong,
            [
                "400 Bad Request",
                "name is missing",
                "count must be a whole number",
                "params.y is not known here",
                "x is not known here",
                "params.seed must be between 0 and 1",
            ]
        );
    }

    #[test]
    fn values_that_cannot_be_accepted_are_another_status() {
        let wrong = read(json!({ "name": "abcd", "count": 10 })).unwrap_err();
        assert_eq!(wrong[0], "422 Unprocessable Entity");
        assert_eq!(wrong.len(), 3);
    }

    #[test]
    fn a_body_is_an_object() {
        for body in [json!(null), json!([]), json!("a"), json!(1)] {
            assert_eq!(read(body).unwrap_err(), ["the body must be a JSON object"]);
        }
    }
}
