//! What is wrong with the sealed log, and where.

use crate::ids::{AccountId, Position, StreamId};
use crate::verify::invariant;
use serde::Serialize;
use std::fmt;

/// Kinds of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An event is not what was sealed.
    EventChanged,
    /// A sealed event is gone.
    EventRemoved,
    /// An event stands where none was sealed.
    EventInserted,
    /// A sealed event stands at another position.
    EventMoved,
    /// A number is missing among the seals.
    SealMissing,
    /// A seal, or its list of leaves, is not what was hashed.
    SealChanged,
    /// A seal does not follow the one before it.
    ChainBroken,
    /// A signature is not that of its key.
    SignatureInvalid,
    /// The key of a seal is not trusted.
    KeyUntrusted,
    /// A seal is not the one of which a copy was kept.
    KeptSealDiffers,
}

/// Something about the seals that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealBreach {
    /// Always [`invariant::SEAL`].
    pub invariant: &'static str,
    /// What kind of damage.
    pub fault: Fault,
    /// The seal of which block tells.
    pub block: i64,
    /// At which position of the log.
    pub position: Option<Position>,
    /// On which account, where that can be told.
    pub account: Option<AccountId>,
    /// On which stream, where that can be told.
    pub stream: Option<StreamId>,
    /// At which version of the stream, where that can be told.
    pub version: Option<i64>,
    /// What is wrong, for people.
    pub detail: String,
}

/// An event's place in the log and in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub position: Position,
    pub account: AccountId,
    pub stream: StreamId,
    pub version: i64,
}

impl SealBreach {
    pub(super) fn new(fault: Fault, block: i64, detail: impl Into<String>) -> SealBreach {
        SealBreach {
            invariant: invariant::SEAL,
            fault,
            block,
            position: None,
            account: None,
            stream: None,
            version: None,
            detail: detail.into(),
        }
    }

    /// About one event.
    pub(super) fn at(mut self, at: &At) -> SealBreach {
        self.position = Some(at.position);
        self.account = Some(at.account);
        self.stream = Some(at.stream);
        self.version = Some(at.version);
        self
    }

    /// About one position.
    pub(super) fn at_position(mut self, position: Position) -> SealBreach {
        self.position = Some(position);
        self
    }
}

impl fmt::Display for SealBreach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} (block {}", self.invariant, self.detail, self.block)?;
        if let Some(position) = self.position {
            write!(out, ", position {position}")?;
        }
        if let Some(account) = self.account {
            write!(out, ", account {account}")?;
        }
        if let Some(stream) = self.stream {
            write!(out, ", stream {stream}")?;
        }
        if let Some(version) = self.version {
            write!(out, ", version {version}")?;
        }
        out.write_str(")")
    }
}
