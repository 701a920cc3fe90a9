//! The formats of a file, and what each must be able to write.

use super::error::ExportError;
use super::event::StoredEvent;
use super::manifest::Manifest;
use super::seals::StoredSeal;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object a line; the last one is the manifest.
    #[default]
    Ndjson,
    /// RFC 4180 with a header row.
    Csv,
    /// Apache Parquet; the manifest is in the footer.
    Parquet,
}

impl Format {
    /// Its name in commands and queries, and the extension of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Parquet => "parquet",
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Writes pages to the end of a buffer. A file has either events or seals, except NDJSON, whose lines name
/// what they are.
pub(super) trait Encode: Send {
    /// Whether seals follow the events in the same file.
    fn is_mixed(&self) -> bool {
        false
    }

    fn events(&mut self, page: &[StoredEvent<'_>], out: &mut Vec<u8>) -> Result<(), ExportError>;

    fn seals(&mut self, page: &[StoredSeal<'_>], out: &mut Vec<u8>) -> Result<(), ExportError>;

    /// Ends the file. `manifest.sha256` is that of everything before.
    fn finish(&mut self, manifest: &Manifest, out: &mut Vec<u8>) -> Result<(), ExportError>;
}
