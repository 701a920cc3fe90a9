//! Why the API cannot start or had to stop.

/// Failure of the API as a whole; what goes wrong within a request is a problem document instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be used.
    #[error("the api cannot use the database")]
    Ledger(#[from] ledger::Error),
    /// The listener broke.
    #[error("the api cannot accept connections")]
    Listener(#[from] std::io::Error),
}
