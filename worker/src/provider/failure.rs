//! Why a provider did not do what was asked, in the ledger's classes.

use ledger::job::{Failure, FailureClass};
use std::time::Duration;

const WORKER_STOPPED: &str = "worker_stopped";

/// A failure, and how long the provider asks to wait. Its message is ours: never a provider's raw answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .failure.code, .failure.message)]
pub struct ProviderFailure {
    /// Class, code and message, as the log keeps them.
    pub failure: Failure,
    /// How long to wait before the next try, if the provider said so.
    pub retry_after: Option<Duration>,
}

impl ProviderFailure {
    /// No retry can help: the job fails and is refunded.
    pub fn permanent(code: &str, message: &str) -> ProviderFailure {
        ProviderFailure::new(FailureClass::Permanent, code, message, None)
    }

    /// A retry may help, and costs an attempt.
    pub fn transient(code: &str, message: &str) -> ProviderFailure {
        ProviderFailure::new(FailureClass::Transient, code, message, None)
    }

    /// The provider wants fewer requests; costs no attempt.
    pub fn throttled(code: &str, message: &str, retry_after: Option<Duration>) -> ProviderFailure {
        ProviderFailure::new(FailureClass::Throttled, code, message, retry_after)
    }

    fn new(class: FailureClass, code: &str, message: &str, retry_after: Option<Duration>) -> ProviderFailure {
        let failure = Failure { class, code: code.to_owned(), message: message.to_owned() };
        ProviderFailure { failure, retry_after }
    }

    /// The provider took longer than it may.
    pub(crate) fn timeout() -> ProviderFailure {
        ProviderFailure::transient("provider_timeout", "the provider did not answer in time")
    }

    /// The provider's adapter panicked.
    pub(crate) fn crashed() -> ProviderFailure {
        ProviderFailure::transient("provider_crashed", "the provider's adapter failed unexpectedly")
    }

    /// This worker cannot run the model. Transient: another worker, or the next version, may.
    pub(crate) fn no_provider() -> ProviderFailure {
        ProviderFailure::transient("model_unavailable", "no worker offers this model at the moment")
    }

    /// The outputs could not be kept.
    pub(crate) fn not_stored() -> ProviderFailure {
        ProviderFailure::transient("output_store_unavailable", "the outputs could not be stored")
    }

    /// The provider said that it is done and gave another number of outputs than was asked for.
    pub(crate) fn wrong_count() -> ProviderFailure {
        ProviderFailure::transient(
            "outputs_missing",
            "the provider did not make everything that was asked for",
        )
    }

    /// The provider made a clip that is priced by the second, and did not say how long it is.
    pub(crate) fn no_length() -> ProviderFailure {
        ProviderFailure::transient("length_missing", "the provider did not say how long the clip is")
    }

    /// The worker stops; costs no attempt.
    pub(crate) fn worker_stopped() -> ProviderFailure {
        let message = "the worker was stopped before the attempt ended";
        ProviderFailure::throttled(WORKER_STOPPED, message, None)
    }

    /// Whether it is no failure at all: the next worker may begin at once.
    pub(crate) fn is_handed_back(&self) -> bool {
        self.failure.code == WORKER_STOPPED
    }
}
