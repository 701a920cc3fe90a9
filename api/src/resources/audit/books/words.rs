//! What stands in more than one answer about the books.

use crate::words::scalars::{Instant, LogPosition, Total};
use ledger::books::{Edge, Holdings};
use poem_openapi::Object;
use rust_decimal::Decimal;

/// A border between two events of the log.
#[derive(Debug, Object)]
pub(super) struct LogEdge {
    /// The position of the first event after it: what was asked for, or what the instant came to.
    pub position: LogPosition,
    /// The instant that was asked for; null if it was a position, or nothing.
    pub at: Option<Instant>,
}

/// What all accounts had together.
#[derive(Debug, Object)]
#[oai(rename = "SystemHoldings")]
pub(super) struct Held {
    /// All that is owed to users: the sum of the two below.
    pub outstanding: Total,
    /// What could be spent, at once or later.
    pub available: Total,
    /// What was set aside by holds; it is not spent until it is captured.
    pub held: Total,
}

/// A sum as this API writes it.
pub(super) fn total(sum: Decimal) -> Total {
    Total(sum.normalize().to_string())
}

impl From<Edge> for LogEdge {
    fn from(edge: Edge) -> LogEdge {
        LogEdge { position: LogPosition(edge.position), at: edge.at.map(Instant) }
    }
}

impl From<Holdings> for Held {
    fn from(holdings: Holdings) -> Held {
        Held {
            outstanding: total(holdings.outstanding()),
            available: total(holdings.available),
            held: total(holdings.held),
        }
    }
}
