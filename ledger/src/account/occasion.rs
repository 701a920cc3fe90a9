//! The circumstances of a decision.

use chrono::{DateTime, TimeDelta, Utc};

/// When something is decided, and under which rules.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The moment; never before the account's last event.
    pub now: DateTime<Utc>,
    /// Version that the decision's first event will have.
    pub next_version: i64,
    /// How long credits live that come back to a lot which has lapsed since.
    pub refund_grace: TimeDelta,
}
