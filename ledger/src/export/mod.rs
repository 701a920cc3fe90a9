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
mod error;
mod event;
mod manifest;
mod ndjson;
mod parquet;
mod reading;
mod seals;
mod selection;
mod table;

pub use encoder::Format;
pub use error::ExportError;
pub use event::COLUMNS;
pub use manifest::{FORMAT, Manifest};
pub use reading::{Export, PAGE_ROWS};
pub use seals::COLUMNS as SEAL_COLUMNS;
pub use selection::{Bound, Dataset, InvalidBound, Selection};
pub use table::{Cells, TableColumn, parquet_table};

pub use self::parquet::{MANIFEST_KEY, ROW_GROUP_ROWS};

pub(crate) use reading::{ACCOUNT_PAGE, HAS_EVENTS, LOG_PAGE, WITHIN};
