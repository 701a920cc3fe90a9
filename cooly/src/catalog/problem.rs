//! What is wrong with a file, and where: the line and the column, as an editor counts them.

use std::fmt;
use std::ops::Range;

/// A place in the file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(usize);

impl Place {
    /// The beginning of the file.
    pub(super) const START: Place = Place(0);
}

impl From<Range<usize>> for Place {
    fn from(span: Range<usize>) -> Place {
        Place(span.start)
    }
}

/// All that was found, in the order of the file.
#[derive(Debug)]
pub(crate) struct Problems {
    text: String,
    found: Vec<(Place, String)>,
}

impl Problems {
    pub(super) fn new(text: &str) -> Problems {
        Problems { text: text.to_owned(), found: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Notes what is wrong here and what to do about it.
    pub(super) fn add(&mut self, place: impl Into<Place>, message: impl Into<String>) {
        self.found.push((place.into(), message.into()));
        self.found.sort_by_key(|(place, _)| *place);
    }

    /// Notes what the reader of the format says, without the value that it met: that may be a secret in the wrong place.
    pub(super) fn add_error(&mut self, error: &toml::de::Error) {
        let place = error.span().map_or(Place::START, Place::from);
        let message = without_value(error.message());
        match self.key_before(place) {
            Some(key) if !message.contains(&format!("`{key}`")) => {
                self.add(place, format!("`{key}`: {message}"))
            }
            _ => self.add(place, message),
        }
    }

    /// The key whose value begins here.
    fn key_before(&self, place: Place) -> Option<String> {
        let before = self.text.get(..place.0)?.trim_end().strip_suffix('=')?.trim_end();
        let key = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).next()?;
        (!key.is_empty()).then(|| key.to_owned())
    }

    /// Line and column from 1.
    fn position(&self, place: Place) -> (usize, usize) {
        let before = self.text.get(..place.0).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        (line, before[begin..].chars().count() + 1)
    }
}

/// `invalid type: string "…", expected u32` without what is quoted.
fn without_value(message: &str) -> String {
    let Some((kind, rest)) = message.split_once(": ").filter(|(kind, _)| kind.starts_with("invalid ")) else {
        return message.to_owned();
    };
    let Some(at) = rest.rfind(", expected ") else { return kind.to_owned() };
    let found = rest[..at].split(['"', '`']).next().unwrap_or_default().trim_end();
    format!("{kind}: {found}{}", &rest[at..])
}

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, message) in &self.found {
            let (line, column) = self.position(*place);
            writeln!(out, "  line {line}, column {column}: {message}")?;
        }
        let count = self.found.len();
        write!(out, "{count} {} to mend", if count == 1 { "problem" } else { "problems" })
    }
}

#[cfg(test)]
mod tests {
    use super::without_value;

    #[test]
    fn what_was_met_in_the_wrong_place_is_not_repeated() {
        for (message, expected) in [
            (r#"invalid type: string "sk-1, expected", expected u32"#, "invalid type: string, expected u32"),
            ("invalid type: integer `4`, expected a string", "invalid type: integer, expected a string"),
            ("missing field `price`", "missing field `price`"),
        ] {
            assert_eq!(without_value(message), expected);
        }
    }
}
