//! What can go wrong that is nobody's decision: the database, the load, the outcome of a write.

use crate::refusal::Refusal;

/// Infrastructure failure. Nothing about the command itself was wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database answered with an error or the connection broke.
    #[error("the database did not do what was asked")]
    Postgres(#[from] tokio_postgres::Error),
    /// No pooled connection could be had in time.
    #[error("no database connection could be had")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// The database URL cannot be used.
    #[error("the database url cannot be used: {0}")]
    Url(String),
    /// Too many commands wait already.
    #[error("too many commands are waiting; try again shortly")]
    Overloaded,
    /// The database cannot be reached or does not take writes; nothing was written.
    #[error("the log cannot be written now; nothing was changed")]
    Unavailable,
    /// This machine's clock and the database's are too far apart to write anything; nothing was written.
    #[error(
        "this machine's clock and the database's are {seconds} s apart; nothing is written until both are set right",
        seconds = *ahead_milliseconds as f64 / 1_000.0
    )]
    ClockSkewed {
        /// By how much this machine is ahead; negative if it is behind.
        ahead_milliseconds: i64,
    },
    /// The answer was lost and could not be looked up in time. The command may have been written.
    #[error("the outcome is unknown; repeat the request with the same idempotency key")]
    OutcomeUnknown,
    /// Other processes kept winning the race for this account.
    #[error("the account is too busy; try again shortly")]
    Contended,
    /// An event in the log cannot be read by this version.
    #[error("event {event} cannot be read: {problem}")]
    Unreadable {
        /// Which event (account/stream/version or type).
        event: String,
        /// What is wrong.
        problem: String,
    },
    /// The ledger is shutting down.
    #[error("the ledger is shutting down")]
    Closed,
}

/// Why [`crate::Ledger::execute`] wrote nothing, or does not know.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The command was refused; part of the contract.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something else failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Why commands that belong together wrote nothing, or it is not known.
#[derive(Debug, thiserror::Error)]
#[error("command {place} of the batch: {error}")]
pub struct BatchError {
    /// Which of them, from 0; the first where the failure is about them all.
    pub place: usize,
    /// Why.
    #[source]
    pub error: ExecuteError,
}

/// An error and everything beneath it on one line, for logs.
pub fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |source| source.source());
    sources.fold(error.to_string(), |line, source| format!("{line}: {source}"))
}
