//! Why a generation failed, for those who read it.

use crate::words::scalars::ClassName;
use ledger::job::{Failure, Status};
use poem_openapi::Object;

/// Why a generation failed.
#[derive(Debug, Clone, Object)]
pub(crate) struct GenerationFailure {
    /// `permanent` was refunded; the others were tried again until the attempts were used up.
    pub class: ClassName,
    /// Stable code, such as `content_refused`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
}

impl GenerationFailure {
    /// As its user is told, of a generation in this status.
    pub(crate) fn for_its_user(failure: &Failure, status: Status) -> GenerationFailure {
        let message = failure.for_its_user(status).to_owned();
        GenerationFailure { message, ..failure.into() }
    }
}

impl From<&Failure> for GenerationFailure {
    fn from(failure: &Failure) -> GenerationFailure {
        GenerationFailure {
            class: ClassName(failure.class),
            code: failure.code.clone(),
            message: failure.message.clone(),
        }
    }
}
