//! One JSON object a line. `payload` and `state` are strings that hold the stored text: any reader of JSON gives
//! back the exact bytes that were hashed, which a nested object would not survive.

use super::encoder::Encode;
use super::error::ExportError;
use super::event::StoredEvent;
use super::manifest::Manifest;
use super::seals::StoredSeal;
use serde::Serialize;

/// See the module.
pub(super) struct Ndjson;

/// A line that is not an event.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Seal(&'a StoredSeal<'a>),
    Export(&'a Manifest),
}

impl Encode for Ndjson {
    fn is_mixed(&self) -> bool {
        true
    }

    fn events(&mut self, page: &[StoredEvent<'_>], out: &mut Vec<u8>) -> Result<(), ExportError> {
        page.iter().try_for_each(|event| line(event, out))
    }

    fn seals(&mut self, page: &[StoredSeal<'_>], out: &mut Vec<u8>) -> Result<(), ExportError> {
        page.iter().try_for_each(|seal| line(&Line::Seal(seal), out))
    }

    fn finish(&mut self, manifest: &Manifest, out: &mut Vec<u8>) -> Result<(), ExportError> {
        line(&Line::Export(manifest), out)
    }
}

fn line(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), ExportError> {
    serde_json::to_writer(&mut *out, value)?;
    out.push(b'\n');
    Ok(())
}
