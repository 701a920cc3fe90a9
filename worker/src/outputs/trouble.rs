//! Why a file could not be kept: for good, or for now.

use crate::provider::ProviderFailure;

/// Why one try to keep a file failed. Holds no address: those of files may hold a signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The address is not one that may be fetched.
    #[error("the address is refused: {0}")]
    Refused(&'static str),
    /// The provider has it no more, or gives it to nobody any more.
    #[error("the provider answers {0}")]
    Expired(u16),
    /// It has more bytes than allowed.
    #[error("the file is too large")]
    TooLarge,
    /// It is nothing that can be shown.
    #[error("the file is of a kind that is not kept")]
    Type,
    /// Something that may pass; with its causes.
    #[error("{0}")]
    Passing(String),
}

impl Trouble {
    /// What it means for the attempt, if another try cannot help.
    pub(super) fn failure(&self) -> Option<ProviderFailure> {
        match self {
            Trouble::Refused(_) => Some(ProviderFailure::output_refused()),
            Trouble::Expired(_) => Some(ProviderFailure::output_expired()),
            Trouble::TooLarge => Some(ProviderFailure::output_too_large()),
            Trouble::Type => Some(ProviderFailure::output_type()),
            Trouble::Passing(_) => None,
        }
    }
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Trouble {
        Trouble::Passing(ledger::error_chain(&error))
    }
}
