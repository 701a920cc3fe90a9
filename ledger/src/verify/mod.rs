//! Proves from the log alone that the books are right, or names what is not.
//!
//! It trusts nothing that was written: every hash is computed again, every state folded again, every balance
//! added up again. It reads the log in the order of its primary key, account by account, in one snapshot.

mod account;
mod kept;
mod log;
mod lots;

use crate::ids::{AccountId, StreamId};
use serde::Serialize;
use std::fmt;

pub use log::{AccountProof, account_breaches, log_breaches};

/// Names of what must hold.
pub mod invariant {
    /// No event is dated after it was recorded, or before the one before it.
    pub const TIME: &str = "time";
    /// Versions of a stream are 1..n without gaps.
    pub const ORDER: &str = "order";
    /// Hashes follow from the events, and each event from the one before it.
    pub const CHAIN: &str = "chain";
    /// Balances are the sum of the events.
    pub const CONSERVATION: &str = "conservation";
    /// The stored state is the fold of the stream.
    pub const STATE: &str = "state";
    /// Credits are taken from lots in burn order, come back to the lots that they were taken from, and lapse in
    /// time.
    pub const LOTS: &str = "lots";
    /// Columns say the same as the payload.
    pub const COLUMNS: &str = "columns";
    /// Refunds never pass debits; what failed is refunded once, what succeeded is not, and what was cancelled keeps no more
    /// than its terms allow.
    pub const JOB_BOOKS: &str = "job books";
    /// One effect per idempotency key, one terminal event per run.
    pub const ONCE: &str = "once";
    /// Every event can be read.
    pub const READABLE: &str = "readable";
    /// What was sealed is still there, and the seals are those of a trusted key.
    pub const SEAL: &str = "seal";
}

/// Something that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which invariant, from [`invariant`].
    pub invariant: &'static str,
    /// On which account.
    pub account: AccountId,
    /// On which stream, if it is about one.
    pub stream: Option<StreamId>,
    /// At which version, if it is about one.
    pub version: Option<i64>,
    /// What is wrong, for people.
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} (account {}", self.invariant, self.detail, self.account)?;
        if let Some(stream) = self.stream {
            write!(out, ", stream {stream}")?;
        }
        if let Some(version) = self.version {
            write!(out, ", version {version}")?;
        }
        out.write_str(")")
    }
}
