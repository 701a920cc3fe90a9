//! The places of a JSON body, read one by one. What is wrong is collected, so that one answer names all of it; what
//! nobody takes is unknown.

use crate::serve::problem::{FieldError, Problem};
use crate::words::scalar::among;
use poem::http::StatusCode;
use poem_openapi::types::Type;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// What is wrong with a value.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is of another type, or missing.
    Shape(String),
    /// It is of the right type, and cannot be accepted.
    Value(String),
}

/// Whatever may stand in a body. Its schema says the same to the reader of the document.
pub(crate) trait Readable: Sized {
    /// Reads it; `None` once something about it was noted.
    fn take(place: Place<'_>) -> Option<Self>;
}

/// An object that may stand in a body, or be one. [`body!`](super::body) writes this for a struct.
pub(crate) trait Body: Type + Send {
    /// Takes its fields; `None` once something about them was noted.
    fn read(object: &mut Object<'_>) -> Option<Self>
    where
        Self: Sized;
}

/// The whole body, or everything that is wrong with it.
pub(crate) fn read<T: Body>(value: Value) -> Result<T, Problem> {
    let Value::Object(values) = value else {
        return Err(Problem::bad_request("body_invalid", "the body must be a JSON object"));
    };
    let mut wrongs = Wrongs::default();
    let read = Object { values, path: String::new(), wrongs: &mut wrongs }.read_whole(T::read);
    wrongs.none_or_problem(read)
}

impl<T: Body> Readable for T {
    fn take(mut place: Place<'_>) -> Option<T> {
        match place.value.take() {
            Some(Value::Object(values)) => {
                Object { values, path: place.path(), wrongs: place.wrongs }.read_whole(T::read)
            }
            Some(_) => place.blame(Wrong::Shape("must be an object".into())),
            None => place.blame(missing()),
        }
    }
}

/// Left out and null are the same.
impl<T: Readable> Readable for Option<T> {
    fn take(place: Place<'_>) -> Option<Option<T>> {
        if place.is_empty() { Some(None) } else { T::take(place).map(Some) }
    }
}

/// One value of a body, if it is there.
pub(crate) struct Place<'a> {
    value: Option<Value>,
    within: &'a str,
    name: &'a str,
    wrongs: &'a mut Wrongs,
}

impl Place<'_> {
    /// A value that must be there.
    pub(super) fn value<T>(mut self, read: impl FnOnce(Value) -> Result<T, Wrong>) -> Option<T> {
        match self.value.take().ok_or_else(missing).and_then(read) {
            Ok(value) => Some(value),
            Err(wrong) => self.blame(wrong),
        }
    }

    /// A name that must be one of those known.
    pub(crate) fn one_of<T: Copy>(self, known: &[T], name: fn(T) -> &'static str) -> Option<T> {
        self.value(|value| match value {
            Value::String(text) => {
                among(&text, known, name).map_err(|wrong| Wrong::Value(wrong.into_owned()))
            }
            _ => Err(Wrong::Shape("must be a string".into())),
        })
    }

    /// Whether nothing is said here.
    pub(super) fn is_empty(&self) -> bool {
        self.value.as_ref().is_none_or(Value::is_null)
    }

    /// A list that must be there.
    pub(super) fn list<T: Readable>(mut self, length: RangeInclusive<usize>) -> Option<Vec<T>> {
        let items = match self.value.take() {
            Some(Value::Array(items)) => items,
            Some(_) => return self.blame(Wrong::Shape("must be a list".into())),
            None => return self.blame(missing()),
        };
        if !length.contains(&items.len()) {
            let (least, most) = (length.start(), length.end());
            let message = format!("must have {least} to {most} items, and has {}", items.len());
            return self.blame(Wrong::Value(message));
        }
        let path = self.path();
        let mut taken = Some(Vec::with_capacity(items.len()));
        for (index, item) in items.into_iter().enumerate() {
            let name = format!("{path}[{index}]");
            let item =
                T::take(Place { value: Some(item), within: "", name: &name, wrongs: &mut *self.wrongs });
            taken = taken.zip(item).map(|(mut taken, item)| {
                taken.push(item);
                taken
            });
        }
        taken
    }

    fn path(&self) -> String {
        within(self.within, self.name)
    }

    fn blame<T>(self, wrong: Wrong) -> Option<T> {
        self.wrongs.note(within(self.within, self.name), wrong);
        None
    }
}

/// An object of a body that is being read.
pub(crate) struct Object<'a> {
    values: Map<String, Value>,
    path: String,
    wrongs: &'a mut Wrongs,
}

impl Object<'_> {
    /// Takes a field.
    pub(crate) fn take<T: Readable>(&mut self, name: &str) -> Option<T> {
        let value = self.values.remove(name);
        T::take(Place { value, within: &self.path, name, wrongs: &mut *self.wrongs })
    }

    /// Whether a field says something.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// How many items a field has, if it is a list.
    pub(crate) fn length(&self, name: &str) -> Option<usize> {
        self.values.get(name).and_then(Value::as_array).map(Vec::len)
    }

    /// Notes that a field, or how fields go together, cannot be accepted.
    pub(crate) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.wrongs.note(within(&self.path, name), Wrong::Value(message.into()));
    }

    /// Notes that a field, or one of several, is missing.
    pub(crate) fn miss(&mut self, name: &str, message: impl Into<String>) {
        self.wrongs.note(within(&self.path, name), Wrong::Shape(message.into()));
    }

    /// Notes that the object as a whole is of the wrong shape.
    pub(crate) fn misshapen(&mut self, message: impl Into<String>) {
        self.wrongs.note(self.path.clone(), Wrong::Shape(message.into()));
    }

    fn read_whole<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let read = read(&mut self);
        for name in std::mem::take(&mut self.values).into_iter().map(|(name, _)| name) {
            // A name of the client's own making must not blow up the answer.
            let name: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
            self.wrongs.note(within(&self.path, &name), Wrong::Shape("is not known here".into()));
        }
        read
    }
}

/// Everything that is wrong with a body.
#[derive(Default)]
struct Wrongs {
    /// Fields of the wrong shape: missing, unknown or of another type.
    misshapen: Vec<FieldError>,
    /// Fields whose value cannot be accepted.
    unacceptable: Vec<FieldError>,
}

impl Wrongs {
    fn note(&mut self, field: String, wrong: Wrong) {
        match wrong {
            Wrong::Shape(message) => self.misshapen.push(FieldError { field, message }),
            Wrong::Value(message) => self.unacceptable.push(FieldError { field, message }),
        }
    }

    fn none_or_problem<T>(self, read: Option<T>) -> Result<T, Problem> {
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
}

fn missing() -> Wrong {
    Wrong::Shape("is missing".into())
}

fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
