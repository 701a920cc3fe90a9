//! JSON with gaps, filled from an attempt. `"{seed}"` alone becomes the number itself, `"{width}x{height}"` a text, and
//! `"{seconds:text}"` the number as a text. What names something that is not known is left out with its field, so that
//! the provider's own default counts. Braces of the text itself are doubled.
//!
//! Templates come from whoever configures a provider, and are read at the start: a name that does not exist is refused
//! there. What fills the gaps is never read as a template again, whatever a prompt says.

use super::wish::{Field, Wish};
use serde_json::{Map, Value};

/// JSON with gaps.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Template {
    /// No gaps at all.
    Fixed(Value),
    /// One gap, filled with a value of its own kind.
    Gap(Field),
    /// A text with gaps.
    Text(Vec<Piece>),
    /// A list, some of which may be left out.
    List(Vec<Template>),
    /// An object, fields of which may be left out.
    Object(Vec<(String, Template)>),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// As it is.
    Plain(String),
    /// Filled in.
    Gap(Field),
}

/// Why something is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidTemplate {
    /// It names nothing that is known there.
    #[error("`{{{name}}}` is not known here: use {known}, or double the braces")]
    Unknown { name: String, known: String },
    /// A brace without its partner.
    #[error("a brace stands alone in `{text}`: double it if it is meant as it is")]
    Brace { text: String },
}

impl Template {
    /// Reads a template that may speak of these fields.
    pub(super) fn read(value: &Value, known: &[Field]) -> Result<Template, InvalidTemplate> {
        let template = match value {
            Value::String(text) => read_text(text, known)?,
            Value::Array(items) => {
                let items = items.iter().map(|item| Template::read(item, known));
                Template::List(items.collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields =
                    fields.iter().map(|(name, value)| Ok((name.clone(), Template::read(value, known)?)));
                Template::Object(fields.collect::<Result<_, _>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Template::Fixed(value.clone()),
        };
        Ok(if template.is_fixed() {
            Template::Fixed(template.fill(&Wish::default()).unwrap_or_default())
        } else {
            template
        })
    }

    /// The JSON for this attempt; `None` if it speaks only of what is not known.
    pub(super) fn fill(&self, wish: &Wish) -> Option<Value> {
        match self {
            Template::Fixed(value) => Some(value.clone()),
            Template::Gap(field) => wish.get(*field).cloned(),
            Template::Text(pieces) => {
                pieces.iter().map(|piece| piece.fill(wish)).collect::<Option<String>>().map(Value::String)
            }
            Template::List(items) => {
                let filled: Vec<Value> = items.iter().filter_map(|item| item.fill(wish)).collect();
                (!filled.is_empty() || items.is_empty()).then_some(Value::Array(filled))
            }
            Template::Object(fields) => {
                let filled =
                    fields.iter().filter_map(|(name, field)| Some((name.clone(), field.fill(wish)?)));
                let filled: Map<String, Value> = filled.collect();
                (!filled.is_empty() || fields.is_empty()).then_some(Value::Object(filled))
            }
        }
    }

    /// The text for this attempt, whatever kind of value it is.
    pub(super) fn fill_text(&self, wish: &Wish) -> Option<String> {
        self.fill(wish).map(|value| as_text(&value))
    }

    /// Whether it has a gap for this field.
    pub(super) fn speaks_of(&self, field: Field) -> bool {
        match self {
            Template::Fixed(_) => false,
            Template::Gap(gap) => *gap == field,
            Template::Text(pieces) => pieces.contains(&Piece::Gap(field)),
            Template::List(items) => items.iter().any(|item| item.speaks_of(field)),
            Template::Object(fields) => fields.iter().any(|(_, value)| value.speaks_of(field)),
        }
    }

    fn is_fixed(&self) -> bool {
        match self {
            Template::Fixed(_) => true,
            Template::Gap(_) => false,
            Template::Text(pieces) => pieces.iter().all(|piece| matches!(piece, Piece::Plain(_))),
            Template::List(items) => items.iter().all(Template::is_fixed),
            Template::Object(fields) => fields.iter().all(|(_, field)| field.is_fixed()),
        }
    }
}

impl Piece {
    fn fill(&self, wish: &Wish) -> Option<String> {
        match self {
            Piece::Plain(text) => Some(text.clone()),
            Piece::Gap(field) => wish.get(*field).map(as_text),
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read_text(text: &str, known: &[Field]) -> Result<Template, InvalidTemplate> {
    let lone = || InvalidTemplate::Brace { text: text.to_owned() };
    let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
    let mut keeps_its_kind = false;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').filter(|_| brace == "{").ok_or_else(lone)?;
        let (field, is_text) = read_gap(name, known)?;
        keeps_its_kind = !is_text;
        if !plain.is_empty() {
            pieces.push(Piece::Plain(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Gap(field));
        rest = after;
    }
    plain.push_str(rest);
    match pieces.as_slice() {
        [Piece::Gap(field)] if plain.is_empty() && keeps_its_kind => return Ok(Template::Gap(*field)),
        _ if !plain.is_empty() || pieces.is_empty() => pieces.push(Piece::Plain(plain)),
        _ => {}
    }
    Ok(Template::Text(pieces))
}

fn read_gap(name: &str, known: &[Field]) -> Result<(Field, bool), InvalidTemplate> {
    let (bare, is_text) = name.strip_suffix(":text").map_or((name, false), |bare| (bare, true));
    let field = Field::named(bare).filter(|field| known.contains(field)).ok_or_else(|| {
        let known: Vec<String> = known.iter().map(|field| format!("`{{{}}}`", field.name())).collect();
        InvalidTemplate::Unknown { name: name.to_owned(), known: known.join(", ") }
    })?;
    Ok((field, is_text))
}

#[cfg(test)]
mod tests;
