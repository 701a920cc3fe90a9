//! What can keep the worker from doing its duties. Failures of single jobs are not errors: they are recorded.

use crate::queue;

/// Infrastructure failure of a duty.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue did not do what was asked.
    #[error(transparent)]
    Queue(#[from] queue::Error),
    /// The log cannot be read or written.
    #[error("the log cannot be used now")]
    Ledger(#[from] ledger::Error),
    /// The read models, leases or checkpoints cannot be used.
    #[error("the pending tasks, leases and checkpoints cannot be used now")]
    Projections(#[from] projections::Error),
    /// No pooled connection could be had in time.
    #[error("no database connection could be had")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A statement failed.
    #[error("the database did not do what was asked")]
    Postgres(#[from] tokio_postgres::Error),
    /// Another process took the duty over.
    #[error("another process performs this duty now")]
    Fenced,
    /// The output store cannot be used.
    #[error("the output store did not do what was asked")]
    Outputs(#[from] object_store::Error),
    /// No client for HTTP could be made.
    #[error("nothing can be sent over HTTP")]
    Http(#[from] reqwest::Error),
}
