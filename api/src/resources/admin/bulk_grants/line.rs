//! One line of an upload as a grant.

use crate::resources::admin::orders::NewGrant;
use crate::serve::body::{self, Body, parse};
use crate::serve::csv;
use crate::serve::problem::Problem;
use crate::words::scalars::{GrantKey, UserName};
use ledger::account::Grant;
use poem_openapi::Object;
use poem_openapi::types::ToJSON;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What a table's columns may be called.
const COLUMNS: [&str; 8] =
    ["user", "amount", "reason", "priority", "effective_at", "expires_at", "source", "key"];

/// A line of an upload: a grant, and to whom.
#[derive(Debug, Object)]
#[oai(rename = "BulkGrantLine")]
pub(crate) struct GrantLine {
    /// Whose account.
    user: UserName,
    #[oai(flatten)]
    grant: NewGrant,
    /// Names the line among those of this upload, so that it is granted once however often it is sent: up to 100
    /// visible ASCII characters. If left out, what stands in the line names it.
    key: Option<GrantKey>,
}

/// The names of a table's columns, in its order.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    names: Vec<String>,
}

impl Columns {
    /// Reads the first line of a table.
    pub(crate) fn parse(line: &[u8]) -> Result<Columns, Problem> {
        let wrong = |reason: String| Problem::bad_request("body_invalid", format!("the first line {reason}"));
        let line = std::str::from_utf8(line).map_err(|_| wrong("is not UTF-8".into()))?;
        // Spreadsheets mark their files as UTF-8.
        let names = csv::read(line.trim_start_matches('\u{feff}')).map_err(|reason| wrong(reason.into()))?;
        let names: Vec<_> = names.iter().map(|name| name.trim().to_owned()).collect();
        for (place, name) in names.iter().enumerate() {
            if !COLUMNS.contains(&name.as_str()) {
                let known = COLUMNS.join(", ");
                return Err(wrong(format!("names the columns; column {} must be one of {known}", place + 1)));
            }
            if names[..place].contains(name) {
                return Err(wrong(format!("names the column {name} twice")));
            }
        }
        match ["user", "amount", "reason"].into_iter().find(|name| !names.iter().any(|known| known == name)) {
            Some(missing) => Err(wrong(format!("names the columns, and {missing} is missing"))),
            None => Ok(Columns { names }),
        }
    }

    /// A line of the table as the object that it stands for; an empty cell is one that was left out.
    fn object(&self, line: &str) -> Result<Value, String> {
        let cells = csv::read(line)?;
        if cells.len() != self.names.len() {
            return Err(format!("has {} cells, and there are {} columns", cells.len(), self.names.len()));
        }
        let cells = self.names.iter().cloned().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let object: Map<String, Value> = cells
            .map(|(name, cell)| match (name.as_str(), cell.parse::<u32>()) {
                ("priority", Ok(number)) => (name, number.into()),
                _ => (name, cell.into()),
            })
            .collect();
        Ok(Value::Object(object))
    }
}

/// What is wrong with a line, as a code and in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub code: &'static str,
    pub message: String,
}

impl Unusable {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Unusable {
        Unusable { code, message: message.into() }
    }
}

impl Body for GrantLine {
    fn read(object: &mut body::Object<'_>) -> Option<GrantLine> {
        let user = object.take("user");
        let grant = NewGrant::read(object);
        let key = object.take("key");
        Some(GrantLine { user: user?, grant: grant?, key: key? })
    }
}

impl GrantLine {
    /// Reads a line: a JSON object, or a record of a table with these columns.
    pub(crate) fn parse(line: &[u8], columns: Option<&Columns>) -> Result<GrantLine, Unusable> {
        let misshapen = |reason: String| Unusable::new("line_invalid", format!("the line {reason}"));
        let value = match columns {
            None => parse(line).map_err(|reason| misshapen(format!("is not acceptable JSON: {reason}")))?,
            Some(columns) => {
                let line = std::str::from_utf8(line).map_err(|_| misshapen("is not UTF-8".into()))?;
                columns.object(line).map_err(misshapen)?
            }
        };
        if !value.is_object() {
            return Err(misshapen("must be a JSON object".into()));
        }
        body::read(value).map_err(|problem| {
            let code = if problem.code == "body_invalid" { "line_invalid" } else { problem.code };
            let errors = problem.errors.iter().map(|error| format!("`{}` {}", error.field, error.message));
            Unusable::new(code, errors.collect::<Vec<_>>().join("; "))
        })
    }

    /// Whose account.
    pub(crate) fn user(&self) -> &UserName {
        &self.user
    }

    /// The name that the client gave the line.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.0.as_str())
    }

    /// Everything that makes the grant what it is, to tell a repeat from another one.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let grant = self.grant.to_json_string();
        Sha256::new()
            .chain_update(self.user.0.as_str())
            .chain_update([0])
            .chain_update(grant)
            .finalize()
            .into()
    }

    /// The grant.
    pub(crate) fn into_grant(self) -> Grant {
        self.grant.into_grant(self.user.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, GrantLine};

    fn columns(names: &str) -> Result<Columns, String> {
        Columns::parse(names.as_bytes()).map_err(|problem| problem.detail.clone())
    }

    #[test]
    fn an_object_and_a_record_are_the_same_grant() {
        let object = br#"{"user":"alice","amount":"5","reason":"May, plan","priority":10,"source":"plan"}"#;
        let columns = columns("\u{feff}user,amount,reason,priority,source,expires_at").unwrap();
        let record = b"alice,5,\"May, plan\",10,plan,";
        let object = GrantLine::parse(object, None).unwrap();
        let record = GrantLine::parse(record, Some(&columns)).unwrap();
        assert_eq!(object.digest(), record.digest());
        let grant = record.into_grant();
        assert_eq!((grant.priority.get(), grant.source.as_str(), grant.expires_at), (10, "plan", None));
    }

    #[test]
    fn everything_that_is_wrong_with_a_line_is_named() {
        for (line, code, message) in [
            ("{", "line_invalid", "JSON"),
            ("[]", "line_invalid", "must be a JSON object"),
            (r#"{"user":"a","amount":"1"}"#, "line_invalid", "`reason` is missing"),
            (r#"{"user":"a","amount":1,"reason":"x"}"#, "line_invalid", "`amount` must be a string"),
            (
                r#"{"user":"a","amount":"-1","reason":"x"}"#,
                "validation_failed",
                "`amount` must not be negative",
            ),
            (r#"{"user":"a","amount":"1","reason":"x","z":1}"#, "line_invalid", "`z` is not known"),
            (r#"{"user":"a","amount":"1","reason":"x","priority":101}"#, "validation_failed", "`priority`"),
            (r#"{"user":"a","amount":"1","reason":"x","key":"a b"}"#, "validation_failed", "`key`"),
            (r#"{"user":"","amount":"1","reason":"x","source":"gift"}"#, "validation_failed", "`source`"),
        ] {
            let wrong = GrantLine::parse(line.as_bytes(), None).unwrap_err();
            assert_eq!(wrong.code, code, "{line}");
            assert!(wrong.message.contains(message), "{line}: {}", wrong.message);
        }
    }

    #[test]
    fn a_table_says_what_its_columns_are() {
        for (names, reason) in [
            ("user,amount", "reason is missing"),
            ("user,amount,reason,user", "twice"),
            ("user,amount,reason,colour", "column 4 must be one of"),
            ("\"user", "does not end"),
            ("", "column 1"),
        ] {
            let refused = columns(names).unwrap_err();
            assert!(refused.contains(reason), "{names}: {refused}");
        }
        let columns = columns("reason,user,amount").unwrap();
        assert!(GrantLine::parse(b"x,alice,1", Some(&columns)).is_ok());
        let wrong = GrantLine::parse(b"x,alice", Some(&columns)).unwrap_err();
        assert!(wrong.message.contains("has 2 cells"), "{}", wrong.message);
    }
}
