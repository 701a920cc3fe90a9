//! The proof that an event is in a sealed block: one JSON document that holds everything needed to check it
//! without a database, and the check itself.

use super::block::{Leaf, Seal};
use super::key::PublicKey;
use super::merkle;
use super::stored::HashedColumns;
use crate::chain::Hash;
use crate::ids::Position;
use serde::{Deserialize, Serialize};

/// Name and version of the document's form.
pub const FORMAT: &str = "cooly-proof/1";

/// Longest document that is read.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A proof document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`FORMAT`].
    pub format: String,
    /// The event.
    pub event: ProvenEvent,
    /// Where it is among the leaves of its block, from 0.
    pub leaf_index: u64,
    /// The hashes that lead from its leaf to the root, from below.
    #[serde(with = "super::hexadecimal::list")]
    pub audit_path: Vec<Hash>,
    /// The seal of the block.
    pub seal: Seal,
}

/// An event, exactly as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEvent {
    /// Its place in the log.
    pub position: Position,
    /// Hash of the event before it in its stream.
    #[serde(with = "super::hexadecimal")]
    pub prev_hash: Hash,
    /// The columns that are hashed.
    pub columns: HashedColumns,
    /// SHA-256 of `prev_hash` and the columns.
    #[serde(with = "super::hexadecimal")]
    pub hash: Hash,
}

/// What a document proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// This event was in the log, exactly so, at this position.
    pub event: ProvenEvent,
    /// It is under this seal, whose key is trusted.
    pub seal: Seal,
}

/// Why a document proves nothing: the first step that fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is not such a document.
    #[error("this is not a proof of the form {FORMAT}: {0}")]
    Format(String),
    /// Step 1.
    #[error("step 1, event: its columns give another hash than the one stated, so the event was changed")]
    EventHash,
    /// Step 2.
    #[error(
        "step 2, leaf: position {position} and index {index} are not in the block that the seal describes"
    )]
    Leaf {
        /// The event's position.
        position: Position,
        /// The leaf's index.
        index: u64,
    },
    /// Step 3.
    #[error(
        "step 3, root: the audit path does not lead to the sealed root, so the event is not in this block"
    )]
    Root,
    /// Step 4.
    #[error("step 4, seal: its parts give another hash than the one stated, so the seal was changed")]
    SealHash,
    /// Step 5.
    #[error("step 5, signature: it is not the signature of this seal by the key {0}")]
    Signature(PublicKey),
    /// Step 6.
    #[error("step 6, trust: the seal is signed by the key {0}, which is not among those that you trust")]
    Untrusted(PublicKey),
}

/// Checks a document: event, leaf, root, seal, signature, trust. Needs no database and no network.
pub fn verify_document(text: &str, trusted: &[PublicKey]) -> Result<Verified, ProofError> {
    if text.len() > MAX_BYTES {
        return Err(ProofError::Format(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let document: Document =
        serde_json::from_str(text).map_err(|error| ProofError::Format(error.to_string()))?;
    document.verify(trusted)
}

impl Document {
    pub(super) fn verify(self, trusted: &[PublicKey]) -> Result<Verified, ProofError> {
        let Document { format, event, leaf_index, audit_path, seal } = self;
        if format != FORMAT {
            return Err(ProofError::Format(format!("it says `{format}`")));
        }
        if event.columns.hash_after(&event.prev_hash) != event.hash {
            return Err(ProofError::EventHash);
        }
        if !is_in_range(&seal, event.position, leaf_index) {
            return Err(ProofError::Leaf { position: event.position, index: leaf_index });
        }
        let leaf = Leaf { position: event.position, event_hash: event.hash };
        let leaf = merkle::leaf(&leaf.to_bytes());
        let root = merkle::root_of(leaf, leaf_index, u64::from(seal.events), &audit_path);
        if root != Some(seal.root) {
            return Err(ProofError::Root);
        }
        if seal.computed_hash() != seal.hash {
            return Err(ProofError::SealHash);
        }
        if !seal.is_signed() {
            return Err(ProofError::Signature(seal.public_key));
        }
        if !trusted.contains(&seal.public_key) {
            return Err(ProofError::Untrusted(seal.public_key));
        }
        Ok(Verified { event, seal })
    }
}

/// The first leaf is at the block's first position, the last at its last, any other between them.
fn is_in_range(seal: &Seal, position: Position, index: u64) -> bool {
    let last = u64::from(seal.events).checked_sub(1);
    let is_first = index == 0;
    let is_last = Some(index) == last;
    last.is_some_and(|last| index <= last)
        && (seal.first_position..=seal.last_position).contains(&position)
        && is_first == (position == seal.first_position)
        && is_last == (position == seal.last_position)
}
