//! The database's clock.

/// What time it is there, at the moment of asking and not at the transaction's start.
pub(crate) const DATABASE_CLOCK: &str = "select clock_timestamp()";
