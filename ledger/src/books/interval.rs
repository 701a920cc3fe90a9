//! From where on and up to where the log is summed.

use crate::ids::Position;
use chrono::{DateTime, Utc};

/// A border between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The position of the first event after it.
    pub position: Position,
    /// The instant that was asked for, where it was one.
    pub at: Option<DateTime<Utc>>,
}

/// Everything from one border to another: `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Where it begins.
    pub from: Edge,
    /// Where it ends.
    pub to: Edge,
}
