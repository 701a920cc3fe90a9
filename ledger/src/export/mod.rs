//! The log, or one account, as a file: NDJSON, CSV or Parquet, with every column exactly as it is stored.
//!
//! [`Export::open`] works out the safe mark and begins one read-only, repeatable-read snapshot;
//! [`Export::next_chunk`] then reads page by page, so that memory holds one page of events and, for Parquet, one
//! row group, however long the log is. The chunks are the file. It is whole once `next_chunk` has answered
//! `None`: only then is there a [`Manifest`], which also ends an NDJSON file as its last line and a Parquet file
//! as metadata of its footer. Whatever goes wrong before is an error, and the file must be thrown away.
//!
//! This module checks nothing of what it copies: a log that was tampered with is exported as it is.

mod csv;
mod encoder;
mod event;
mod manifest;
mod ndjson;
mod parquet;
mod reading;
mod seals;
mod selection;

pub use encoder::Format;
pub use event::COLUMNS;
pub use manifest::{FORMAT, Manifest};
pub use reading::{Export, PAGE_ROWS};
pub use seals::COLUMNS as SEAL_COLUMNS;
pub use selection::{Bound, Dataset, InvalidBound, Selection};

pub use self::parquet::{MANIFEST_KEY, ROW_GROUP_ROWS};

pub(crate) use reading::{ACCOUNT_PAGE, HAS_EVENTS, LOG_PAGE, WITHIN};

/// Why an export ended before it was whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log could not be read.
    #[error(transparent)]
    Ledger(#[from] crate::Error),
    /// The account that was asked for has no event.
    #[error("there is no such account")]
    NoAccount,
    /// An earlier step failed or was given up, and the file cannot become whole any more.
    #[error("the export broke off earlier")]
    Broken,
    /// Somebody has been writing for so long that it is not known yet what belongs to the log.
    #[error("a transaction has been writing to the log for too long; try again when it has ended")]
    Unsettled,
    /// A row cannot be written as a line of JSON.
    #[error("the events cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A row cannot be written as CSV.
    #[error("the events cannot be written as CSV")]
    Csv(#[from] ::csv::Error),
    /// A page cannot be written as Parquet.
    #[error("the events cannot be written as Parquet")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// A page does not have the shape of its file.
    #[error("the events do not fit the columns of the file")]
    Columns(#[from] arrow_schema::ArrowError),
}

impl From<tokio_postgres::Error> for ExportError {
    fn from(error: tokio_postgres::Error) -> ExportError {
        ExportError::Ledger(error.into())
    }
}
