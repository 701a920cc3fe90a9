//! Taking turns among processes that write to the same accounts at the same time.
//!
//! Not needed for correctness, which the unique key on (account, stream, version) gives. It only saves work: what
//! two processes decide on the same head at once, one of them has decided in vain.

/// Sets these locks apart from others in the database.
pub(crate) const CLASS: i32 = 0x0063_6f6f;

/// Waits for the turn of a lane. It is held until it is ended or the session is.
pub(crate) const TAKE: &str = "select pg_advisory_lock($1, $2)";

/// Ends the turn of a lane.
pub(crate) const END: &str = "select pg_advisory_unlock($1, $2)";
