//! What the queue can answer instead of what was asked.

use aws_sdk_sqs::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A request to SQS that did not succeed as a whole.
#[derive(Debug, thiserror::Error)]
#[error("sqs did not {doing}: {detail}")]
pub struct Error {
    doing: &'static str,
    detail: String,
}

impl Error {
    /// Says what was asked when the SDK failed.
    pub(super) fn sdk<E, R>(doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| {
            // The service's own code and sentence are short; only without them is the whole chain needed.
            let detail = match (error.code(), error.message()) {
                (Some(code), message) => format!("{code}: {}", message.unwrap_or("no reason given")),
                (None, _) => DisplayErrorContext(&error).to_string(),
            };
            Error { doing, detail }
        }
    }

    /// The request could not even be built.
    pub(super) fn build(doing: &'static str) -> impl FnOnce(BuildError) -> Error {
        move |error| Error { doing, detail: error.to_string() }
    }

    /// An answer lacks what SQS always gives.
    pub(super) fn answer(doing: &'static str, detail: &str) -> Error {
        Error { doing, detail: detail.to_owned() }
    }
}
