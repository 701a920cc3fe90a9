//! The columns of a list in a table: the fields of its items as the document describes them, in the same order.
//!
//! A field that is an object has a column for each of its fields, named `failure.code`. What is a list, or anything, is one
//! cell with JSON in it.

use crate::serve::csv::{self, Cell};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;
use std::borrow::Cow;

/// A column, and where its cells are in an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    path: Vec<&'static str>,
    /// Whether people write what is in it: a spreadsheet must not run that.
    is_free: bool,
}

/// The columns of a type of items.
pub(super) fn columns_of<T: Type>() -> Vec<Column> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let mut columns = Vec::new();
    spread(&registry, &T::schema_ref(), &[], &mut columns);
    columns
}

fn spread(registry: &Registry, described: &MetaSchemaRef, path: &[&'static str], columns: &mut Vec<Column>) {
    let schema = resolved(registry, described);
    for (name, field) in &schema.properties {
        spread(registry, field, &[path, &[*name]].concat(), columns);
    }
    if schema.properties.is_empty() {
        columns.push(Column { path: path.to_vec(), is_free: is_free(schema) });
    }
}

/// What is described, be it there, elsewhere, or elsewhere with a description of its own.
fn resolved<'a>(registry: &'a Registry, described: &'a MetaSchemaRef) -> &'a MetaSchema {
    match described {
        MetaSchemaRef::Reference(name) => &registry.schemas[name],
        MetaSchemaRef::Inline(schema) => match schema.all_of.first() {
            Some(first) => resolved(registry, first),
            None => schema,
        },
    }
}

/// Numbers, and texts of a form, are none of anybody's invention.
fn is_free(schema: &MetaSchema) -> bool {
    let has_form = schema.format.is_some() || schema.pattern.is_some() || !schema.enum_items.is_empty();
    match schema.ty {
        "integer" | "number" | "boolean" => false,
        "string" => !has_form,
        _ => true,
    }
}

/// The first line.
pub(super) fn head(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| column.path.join(".")).collect();
    csv::written(names.iter().map(|name| Cell::Plain(name)))
}

/// The line of an item.
pub(super) fn line(columns: &[Column], item: &Value) -> String {
    let shown: Vec<Cow<'_, str>> = columns.iter().map(|column| shown(column.of(item))).collect();
    let cells = columns.iter().zip(&shown);
    csv::written(cells.map(
        |(column, cell)| {
            if column.is_free { Cell::Text(cell) } else { Cell::Plain(cell) }
        },
    ))
}

impl Column {
    fn of<'a>(&self, item: &'a Value) -> Option<&'a Value> {
        self.path.iter().try_fold(item, |inner, name| inner.get(name))
    }
}

/// As in JSON, but without the quotes of a text. What is not there, or null, is empty.
fn shown(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(text)) => text.as_str().into(),
        Some(other) => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{columns_of, head, line};
    use crate::words::scalars::{Amount, Instant, KindName, SignedAmount};
    use ledger::job::Kind;
    use poem_openapi::Object;
    use poem_openapi::types::{Any, ToJSON};
    use serde_json::{Value, json};

    #[derive(Object)]
    struct Inner {
        /// What happened.
        code: String,
        /// When.
        at: Option<Instant>,
    }

    #[derive(Object)]
    struct Outer {
        /// What it makes.
        kind: KindName,
        /// By how much.
        change: SignedAmount,
        /// What somebody said.
        words: String,
        /// How often.
        times: u32,
        /// Whether.
        held: bool,
        /// Why it failed.
        failure: Option<Inner>,
        /// Several.
        parts: Vec<Inner>,
        /// Anything.
        detail: Any<Value>,
        /// How much.
        price: Option<Amount>,
    }

    fn outer() -> Outer {
        Outer {
            kind: KindName(Kind::Image),
            change: SignedAmount("-4.5".parse().unwrap()),
            words: "=1+1, \"x\"\nand on".into(),
            times: 7,
            held: false,
            failure: Some(Inner { code: "-provider".into(), at: None }),
            parts: vec![Inner { code: "a".into(), at: None }],
            detail: Any(json!({ "a": 1 })),
            price: None,
        }
    }

    #[test]
    fn columns_are_the_fields_in_the_order_of_the_document() {
        let columns = columns_of::<Outer>();
        assert_eq!(
            head(&columns),
            "kind,change,words,times,held,failure.code,failure.at,parts,detail,price\r\n"
        );
    }

    #[test]
    fn cells_are_what_json_says_and_texts_cannot_be_run() {
        let (columns, item) = (columns_of::<Outer>(), outer().to_json().unwrap());
        let parts = "\"[{\"\"at\"\":null,\"\"code\"\":\"\"a\"\"}]\"";
        let expected = format!(
            "image,-4.5,\"'=1+1, \"\"x\"\"\nand on\",7,false,'-provider,,{parts},\"{{\"\"a\"\":1}}\",\r\n"
        );
        assert_eq!(line(&columns, &item), expected);
    }

    #[test]
    fn an_object_that_is_not_there_leaves_its_columns_empty() {
        let columns = columns_of::<Outer>();
        let item =
            Outer { failure: None, words: "x".into(), parts: Vec::new(), ..outer() }.to_json().unwrap();
        assert_eq!(line(&columns, &item), "image,-4.5,x,7,false,,,[],\"{\"\"a\"\":1}\",\r\n");
    }
}
