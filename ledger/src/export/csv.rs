//! RFC 4180: a header row, CRLF between records, quotes where they are needed. Null is the empty field; no column
//! that may be null is ever empty text, so nothing is lost.
//!
//! Fields that a spreadsheet would take for a formula are **not** altered: the bytes are those that were hashed.

use super::encoder::Encode;
use super::error::ExportError;
use super::event::{self, StoredEvent};
use super::manifest::Manifest;
use super::seals::{self, StoredSeal};
use super::selection::Dataset;
use ::csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

/// See the module.
pub(super) struct Csv {
    /// Written before the first record, or at the end where there is none.
    header: Option<&'static [&'static str]>,
}

impl Csv {
    pub(super) fn new(dataset: Dataset) -> Csv {
        let header: &[&str] = match dataset {
            Dataset::Events => &event::COLUMNS,
            Dataset::Seals => &seals::COLUMNS,
        };
        Csv { header: Some(header) }
    }

    fn records(&mut self, page: &[impl Serialize], out: &mut Vec<u8>) -> Result<(), ExportError> {
        let mut writer = writer(out);
        if let Some(header) = self.header.take() {
            writer.write_record(header)?;
        }
        for record in page {
            writer.serialize(record)?;
        }
        writer.flush().map_err(::csv::Error::from)?;
        Ok(())
    }
}

impl Encode for Csv {
    fn events(&mut self, page: &[StoredEvent<'_>], out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.records(page, out)
    }

    fn seals(&mut self, page: &[StoredSeal<'_>], out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.records(page, out)
    }

    fn finish(&mut self, _manifest: &Manifest, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.records(&[(); 0], out)
    }
}

fn writer(out: &mut Vec<u8>) -> Writer<&mut Vec<u8>> {
    WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(out)
}
