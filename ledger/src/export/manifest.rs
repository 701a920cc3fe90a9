//! What an export says of itself at its end. A file without it was cut off.

use super::selection::Selection;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Name and version of the layout of the files: columns and manifest. Columns may be added to it, and nothing
/// else changed.
pub const FORMAT: &str = "cooly-export/1";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: &'static str,
    /// `events` or `seals`.
    pub dataset: &'static str,
    /// The one account that was exported; null for the whole log.
    pub account_id: Option<String>,
    /// The range that was asked for.
    pub since: Option<String>,
    /// See `since`.
    pub until: Option<String>,
    /// How many events are in the file.
    pub events: u64,
    /// How many seals are in the file.
    pub seals: u64,
    /// The lowest position among the selected events; null if there are none.
    pub first_position: Option<i64>,
    /// The highest.
    pub last_position: Option<i64>,
    /// `since` of the export that goes on where this one ends; null if it ends at an instant, because what is
    /// recorded later may have a lower position.
    pub continue_from: Option<i64>,
    /// SHA-256 of the `hash` columns of all events (their bytes), in the order of the file: the same in every
    /// format.
    pub hashes_sha256: String,
    /// SHA-256 of bytes: in an NDJSON file of all lines before the trailer, beside a file of the whole file.
    /// Not in the footer of a Parquet file, which cannot hold its own hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Manifest {
    /// On one line.
    pub fn to_json(&self) -> String {
        // Texts and numbers: nothing in it can fail to be JSON.
        serde_json::to_string(self).expect("a manifest is always JSON")
    }
}

/// Counts what goes by.
#[derive(Default)]
pub(super) struct Tally {
    pub events: u64,
    pub seals: u64,
    first: Option<i64>,
    last: Option<i64>,
    hashes: Sha256,
    bytes: Sha256,
}

impl Tally {
    /// Takes an event of the file.
    pub(super) fn event(&mut self, hash: &[u8]) {
        self.events += 1;
        self.hashes.update(hash);
    }

    /// Takes the place of an event that was selected, whether or not it is in the file.
    pub(super) fn cover(&mut self, position: i64) {
        self.first = Some(self.first.map_or(position, |first| first.min(position)));
        self.last = self.last.max(Some(position));
    }

    /// The lowest and the highest position that was selected.
    pub(super) fn covered(&self) -> Option<(i64, i64)> {
        self.first.zip(self.last)
    }

    /// Takes a piece of the file.
    pub(super) fn chunk(&mut self, bytes: &[u8]) {
        self.bytes.update(bytes);
    }

    /// What can be said now.
    pub(super) fn manifest(&self, selection: &Selection, continue_from: Option<i64>) -> Manifest {
        Manifest {
            format: FORMAT,
            dataset: selection.dataset.as_str(),
            account_id: selection.account.map(|account| account.to_string()),
            since: selection.since.map(|since| since.to_string()),
            until: selection.until.map(|until| until.to_string()),
            events: self.events,
            seals: self.seals,
            first_position: self.first,
            last_position: self.last,
            continue_from,
            hashes_sha256: finished(&self.hashes),
            sha256: Some(finished(&self.bytes)),
        }
    }
}

fn finished(hasher: &Sha256) -> String {
    hex::encode(hasher.clone().finalize())
}
