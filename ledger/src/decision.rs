//! The answer of a pure decision.

/// What a command leads to, if it was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "events that are not appended did not happen"]
pub enum Decision<Event> {
    /// These events, in this order.
    Events(Vec<Event>),
    /// What was asked holds already; nothing to write.
    AlreadyApplied,
}
