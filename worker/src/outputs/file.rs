//! A file on its way into the output store: opened where it is, told what it is, written, hashed and measured.

use super::fetch::{Body, Fetcher};
use super::measure::{Measure, Measured};
use super::sniff;
use super::trouble::Trouble;
use super::upload::Upload;
use crate::provider::{Artifact, Content, Facts, Spooled};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

/// A file and what it is.
pub(super) struct File {
    pub(super) facts: Facts,
    bytes: Source,
    part_bytes: usize,
}

/// What was received so far.
enum Source {
    Whole(Bytes),
    /// The first part, and the rest of it.
    Begun(Bytes, Rest),
}

/// What follows what was read.
enum Rest {
    /// At the provider.
    Remote(Box<Body>),
    /// On the disk, from there on.
    Spooled(Spooled, u64),
}

impl Rest {
    /// The next bytes, as many as asked for. Fewer are the last ones, none is the end.
    async fn part(&mut self, size: usize) -> Result<Bytes, Trouble> {
        match self {
            Rest::Remote(body) => body.part(size).await,
            Rest::Spooled(file, offset) => {
                let part = file.part(*offset, size).await;
                let part = part.map_err(|error| Trouble::Passing(ledger::error_chain(&error)))?;
                *offset += part.len() as u64;
                Ok(part)
            }
        }
    }
}

/// What was written.
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) sha256: [u8; 32],
    /// What it says of itself on its way.
    pub(super) measured: Measured,
}

impl File {
    /// Opens what an artifact consists of and reads at most its first part. What a provider tells of a file that lies
    /// elsewhere does not count: the file itself decides.
    pub(super) async fn open(
        fetcher: &Fetcher,
        artifact: &Artifact,
        part_bytes: usize,
    ) -> Result<File, Trouble> {
        let (facts, bytes) = match &artifact.content {
            Content::Bytes(bytes) => {
                (artifact.facts.clone().or_else(|| sniff::facts(bytes)), Source::Whole(bytes.clone()))
            }
            Content::Remote(remote) => {
                begin(Rest::Remote(Box::new(fetcher.open(remote).await?)), part_bytes).await?
            }
            Content::Spooled(file) => begin(Rest::Spooled(file.clone(), 0), part_bytes).await?,
        };
        Ok(File { facts: facts.ok_or(Trouble::Type)?, bytes, part_bytes })
    }

    /// All of it, if it is held as a whole anyway.
    pub(super) fn whole(&self) -> Option<Bytes> {
        match &self.bytes {
            Source::Whole(bytes) => Some(bytes.clone()),
            Source::Begun(..) => None,
        }
    }

    /// Writes it, in parts if it is longer than one.
    pub(super) async fn write(self, store: &dyn ObjectStore, path: &Path) -> Result<Written, Trouble> {
        let mut measure = Measure::of(&self.facts.content_type);
        match self.bytes {
            Source::Whole(bytes) => {
                measure.push(&bytes);
                let (length, sha256) = (bytes.len() as u64, Sha256::digest(&bytes).into());
                store.put(path, bytes.into()).await?;
                Ok(Written { bytes: length, sha256, measured: measure.measured() })
            }
            Source::Begun(head, mut rest) => {
                let mut upload = Upload::begin(store, path).await?;
                let (mut length, mut hash, mut part) = (0, Sha256::new(), head);
                while !part.is_empty() {
                    length += part.len() as u64;
                    hash.update(&part);
                    measure.push(&part);
                    let is_last = part.len() < self.part_bytes;
                    upload.put(part).await?;
                    part = if is_last { Bytes::new() } else { rest.part(self.part_bytes).await? };
                }
                upload.complete().await?;
                Ok(Written { bytes: length, sha256: hash.finalize().into(), measured: measure.measured() })
            }
        }
    }
}

/// Reads the first part, which tells what the file is.
async fn begin(mut rest: Rest, part_bytes: usize) -> Result<(Option<Facts>, Source), Trouble> {
    let head = rest.part(part_bytes).await?;
    let facts = sniff::facts(&head);
    let is_whole = head.len() < part_bytes;
    Ok((facts, if is_whole { Source::Whole(head) } else { Source::Begun(head, rest) }))
}
