//! Reads the columns of read models into the ledger's types, and makes columns to write of many changes.

use crate::error::Error;
use ledger::job::{Failure, JobRequest};
use ledger::{Change, Credits, UserId};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as Unknown, StrDeserializer};
use serde_json::Value;
use tokio_postgres::Row;

/// One parameter of a statement that writes many rows: a value of each change.
macro_rules! column_of {
    ($changes:ident: $kind:ty, $change:pat => $value:expr) => {
        $changes.iter().map(|$change| $value).collect::<Vec<$kind>>()
    };
}

pub(crate) use column_of;

/// An amount that is never negative.
pub(crate) fn credits(row: &Row, column: &'static str) -> Result<Credits, Error> {
    Credits::new(row.try_get::<_, Decimal>(column)?).map_err(|error| unreadable(column, error))
}

/// A signed amount.
pub(crate) fn change(row: &Row, column: &'static str) -> Result<Change, Error> {
    Change::new(row.try_get::<_, Decimal>(column)?).map_err(|error| unreadable(column, error))
}

/// An amount that is never negative, if the row has one.
pub(crate) fn optional_credits(row: &Row, column: &'static str) -> Result<Option<Credits>, Error> {
    let amount: Option<Decimal> = row.try_get(column)?;
    amount.map(Credits::new).transpose().map_err(|error| unreadable(column, error))
}

/// A signed amount, if the row has one.
pub(crate) fn optional_change(row: &Row, column: &'static str) -> Result<Option<Change>, Error> {
    let amount: Option<Decimal> = row.try_get(column)?;
    amount.map(Change::new).transpose().map_err(|error| unreadable(column, error))
}

/// A user id, if the row has one.
pub(crate) fn user(row: &Row, column: &'static str) -> Result<Option<UserId>, Error> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|error| unreadable(column, error))).transpose()
}

/// A name, such as a status, as JSON and SQL have it.
pub(crate) fn named<'row, T: Deserialize<'row>>(row: &'row Row, column: &'static str) -> Result<T, Error> {
    let text: &str = row.try_get(column)?;
    T::deserialize(StrDeserializer::<Unknown>::new(text)).map_err(|error| unreadable(column, error))
}

/// A `jsonb` value.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: &'static str) -> Result<T, Error> {
    let value: Value = row.try_get(column)?;
    serde_json::from_value(value).map_err(|error| unreadable(column, error))
}

/// A count. Columns are signed, counts are not.
pub(crate) fn count(row: &Row, column: &'static str) -> Result<u32, Error> {
    u32::try_from(row.try_get::<_, i32>(column)?).map_err(|error| unreadable(column, error))
}

/// A large count.
pub(crate) fn large_count(row: &Row, column: &'static str) -> Result<u64, Error> {
    u64::try_from(row.try_get::<_, i64>(column)?).map_err(|error| unreadable(column, error))
}

/// What a job was asked to be.
pub(crate) fn request(row: &Row) -> Result<JobRequest, Error> {
    Ok(JobRequest {
        kind: named(row, "kind")?,
        model: row.try_get("model")?,
        prompt: row.try_get("prompt")?,
        count: count(row, "count")?,
        params: json(row, "params")?,
    })
}

/// Why a job failed, if it did.
pub(crate) fn failure(row: &Row) -> Result<Option<Failure>, Error> {
    if row.try_get::<_, Option<&str>>("failure_class")?.is_none() {
        return Ok(None);
    }
    Ok(Some(Failure {
        class: named(row, "failure_class")?,
        code: row.try_get("failure_code")?,
        message: row.try_get("failure_message")?,
        // Only the log tells it: no question of the read models is about it.
        billed: None,
    }))
}

/// A count as a column: counts of the ledger are far below the column's largest value.
pub(crate) fn column(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn unreadable(column: &'static str, error: impl std::fmt::Display) -> Error {
    Error::Unreadable { column, problem: error.to_string() }
}
