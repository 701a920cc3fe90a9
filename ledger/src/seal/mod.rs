//! Sealed blocks: signed Merkle roots over the log, so that what was once recorded cannot be changed unnoticed,
//! not even by whoever owns the database.
//!
//! A block is the events between the previous block and a position at or below the safe mark. Its leaves are
//! `position ‖ event hash`, its root an RFC 6962 tree over them, its seal the root chained to the previous seal
//! and signed with Ed25519. Pure: `merkle`, `block`, `stored`, `compare`, `document`; `key` holds the secret;
//! `next`, `verify`, `account` and `proof` are where they meet the database. docs/audit.md has every byte.

mod account;
pub(crate) mod block;
mod breach;
mod compare;
mod document;
mod hexadecimal;
pub(crate) mod key;
mod merkle;
mod next;
mod proof;
mod stored;
mod verify;

pub use account::{AccountSeals, account_seals};
pub use block::{Leaf, Leaves, Seal};
pub use breach::{Fault, SealBreach};
pub use document::{Document, FORMAT, ProofError, ProvenEvent, Verified, verify_document};
pub use key::{InvalidKey as InvalidSealKey, PublicKey, SealKey};
pub use next::{SealOptions, Sealed, seal_next};
pub use proof::{Proof, find_event, prove};
pub use stored::HashedColumns;
pub use verify::{InvalidKeptSeal, KeptSeal, LATEST_FIRST_SEAL, SealReport, Trust, verify_seals};

pub use crate::store::seals::{KeyUse, keys, newest, page, seal, with_leaves};
