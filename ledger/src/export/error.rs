//! Why an export ends early.

/// Why an export ended before it was whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log could not be read.
    #[error(transparent)]
    Ledger(#[from] crate::Error),
    /// The account that was asked for has no event.
    #[error("there is no such account")]
    NoAccount,
    /// An earlier step failed or was given up, and the file cannot become whole any more.
    #[error("the export broke off earlier")]
    Broken,
    /// Somebody has been writing for so long that it is not known yet what belongs to the log.
    #[error("a transaction has been writing to the log for too long; try again when it has ended")]
    Unsettled,
    /// A row cannot be written as a line of JSON.
    #[error("the events cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A row cannot be written as CSV.
    #[error("the events cannot be written as CSV")]
    Csv(#[from] ::csv::Error),
    /// A page cannot be written as Parquet.
    #[error("the events cannot be written as Parquet")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// A page does not have the shape of its file.
    #[error("the events do not fit the columns of the file")]
    Columns(#[from] arrow_schema::ArrowError),
}

impl From<tokio_postgres::Error> for ExportError {
    fn from(error: tokio_postgres::Error) -> ExportError {
        ExportError::Ledger(error.into())
    }
}
