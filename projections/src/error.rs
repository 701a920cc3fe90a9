//! What can go wrong between the log and its read models.

use crate::read_model::ReadModel;

/// A failed read, projection, rebuild or comparison.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log could not be read.
    #[error("the log could not be read")]
    Ledger(#[from] ledger::Error),
    /// The database answered with an error or the connection broke.
    #[error("the read models could not be reached")]
    Postgres(#[from] tokio_postgres::Error),
    /// No pooled connection could be had in time.
    #[error("no database connection could be had")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// Another process took the lease over.
    #[error("the projector's lease has passed to another process")]
    Fenced,
    /// Somebody moved a checkpoint by hand, or a rebuild did.
    #[error("a checkpoint has moved meanwhile")]
    CheckpointMoved,
    /// A row holds what this version cannot read.
    #[error("column {column} of a read model cannot be read ({problem}); rebuild the read model")]
    Unreadable {
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no read model of this name.
    #[error("there is no read model named `{name}`; there are {}", ReadModel::names())]
    UnknownReadModel {
        /// The name asked for.
        name: String,
    },
    /// A read model is being rebuilt already.
    #[error("{model} is being rebuilt already; wait for it to end")]
    RebuildRunning {
        /// Which one.
        model: ReadModel,
    },
}

impl Error {
    /// Whether the data is at fault and not the database: trying again gives the same answer.
    pub(crate) fn is_about_data(&self) -> bool {
        match self {
            Error::Ledger(ledger::Error::Unreadable { .. }) => true,
            Error::Postgres(error) => error.code().is_some_and(|state| {
                // Class 22 is a value that does not fit its type, class 23 a constraint.
                state.code().starts_with("22") || state.code().starts_with("23")
            }),
            _ => false,
        }
    }
}
