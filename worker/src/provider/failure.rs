//! Why a provider did not do what was asked, in the ledger's classes.

use ledger::catalogue::OnUnknown;
use ledger::job::{Billed, Failure, FailureClass};
use std::time::Duration;

const WORKER_STOPPED: &str = "worker_stopped";
const TIMEOUT: &str = "provider_timeout";
const OVER: &str = "attempt_over";
const SUBMIT_UNKNOWN: &str = "submit_unknown";
const LOG_UNAVAILABLE: &str = "log_unavailable";

const PAUSED: &str = "provider_paused";
const SPEND_CAP: &str = "provider_spend_cap";

/// The provider does not accept our key, or our account there is used up.
const OUR_ACCOUNT: [&str; 2] = ["provider_auth", "provider_quota"];

/// A failure, and how long the provider asks to wait. Its message is ours: never a provider's raw answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .failure.code, .failure.message)]
pub struct ProviderFailure {
    /// Class, code and message, as the log keeps them.
    pub failure: Failure,
    /// How long to wait before the next try, if the provider said so.
    pub retry_after: Option<Duration>,
    /// Whether trying again could do harm: the job becomes a dead letter, whatever attempts are left.
    pub gives_up: bool,
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
        let failure = Failure { class, code: code.to_owned(), message: message.to_owned(), billed: None };
        ProviderFailure { failure, retry_after, gives_up: false }
    }

    /// The same, and whether the provider is paid for it.
    #[must_use]
    pub fn billed(mut self, billed: Billed) -> ProviderFailure {
        self.failure.billed = Some(billed);
        self
    }

    /// The same, for a person to decide.
    #[must_use]
    fn for_a_person(self) -> ProviderFailure {
        ProviderFailure { gives_up: true, ..self }
    }

    /// Whether another provider may be asked for the same work: this one surely did none, and the request is not at
    /// fault.
    pub(crate) fn lets_others_try(&self) -> bool {
        let is_about_our_account = self.is_about_our_account();
        if self.is_over() {
            return false;
        }
        match self.failure.billed {
            Some(Billed::No) => self.failure.class != FailureClass::Permanent || is_about_our_account,
            None => is_about_our_account,
            Some(Billed::Yes | Billed::Unknown) => false,
        }
    }

    /// Whether the provider may have taken the work all the same.
    pub(crate) fn is_unknown(&self) -> bool {
        self.failure.billed == Some(Billed::Unknown)
    }

    /// Whether it is about our account at the provider: no request of ours is taken until somebody mends that.
    pub(crate) fn is_about_our_account(&self) -> bool {
        OUR_ACCOUNT.contains(&self.failure.code.as_str())
    }

    /// The provider is left alone for so long. Nothing was sent.
    pub(crate) fn paused(wait: Duration) -> ProviderFailure {
        let message = "the provider is not asked for a while, because it fails or has enough to do";
        ProviderFailure::throttled(PAUSED, message, Some(wait)).billed(Billed::No)
    }

    /// As much is spent at the provider today as may be. Nothing was sent.
    pub(crate) fn spend_cap(wait: Duration) -> ProviderFailure {
        let message = "as much as may be was spent at the provider today; it is asked again tomorrow";
        ProviderFailure::throttled(SPEND_CAP, message, Some(wait)).billed(Billed::No)
    }

    /// Whether a recorded failure says that nobody was asked, because the provider is left alone or its cap is reached.
    pub(crate) fn is_left_alone(failure: &Failure) -> bool {
        [PAUSED, SPEND_CAP].contains(&failure.code.as_str())
    }

    /// Nobody can tell whether it may be bought. Nothing was sent.
    pub(crate) fn spend_unknown(wait: Duration) -> ProviderFailure {
        let message = "it cannot be told how much was spent at the provider today";
        ProviderFailure::throttled("provider_spend_unknown", message, Some(wait)).billed(Billed::No)
    }

    /// The provider took longer than it may.
    pub(crate) fn timeout() -> ProviderFailure {
        ProviderFailure::transient(TIMEOUT, "the provider did not answer in time")
    }

    /// Whether a recorded failure says that the provider's time was up: it may still be at work.
    pub(crate) fn is_out_of_time(failure: &Failure) -> bool {
        failure.code == TIMEOUT
    }

    /// The provider's adapter panicked.
    pub(crate) fn crashed() -> ProviderFailure {
        ProviderFailure::transient("provider_crashed", "the provider's adapter failed unexpectedly")
    }

    /// This worker cannot run the model. Transient: another worker, or the next version, may.
    pub(crate) fn no_provider() -> ProviderFailure {
        ProviderFailure::transient("model_unavailable", "no worker offers this model at the moment")
            .billed(Billed::No)
    }

    /// An earlier attempt may have been accepted, and the provider cannot tell.
    pub(crate) fn submit_unknown() -> ProviderFailure {
        let message =
            "the provider may have taken this job already and cannot tell; trying again may pay for it twice";
        ProviderFailure::transient(SUBMIT_UNKNOWN, message).billed(Billed::Unknown).for_a_person()
    }

    /// The same for a model of which such jobs are to fail: the user gets the credits back.
    pub(crate) fn submit_given_up() -> ProviderFailure {
        let message = "the provider may have taken this job already and cannot tell, so it was given up";
        ProviderFailure::permanent(SUBMIT_UNKNOWN, message).billed(Billed::Unknown)
    }

    /// An earlier attempt may have been accepted, and asking after it failed like this. Whatever the reason, it tells
    /// nothing about the work: it is asked after again, without using up attempts.
    pub(crate) fn submit_unanswered(asking: &ProviderFailure) -> ProviderFailure {
        let message = "the provider may have taken this job already and does not answer when it is asked";
        ProviderFailure::throttled(SUBMIT_UNKNOWN, message, asking.retry_after).billed(Billed::Unknown)
    }

    /// An earlier attempt may have been accepted, and the provider would report that: it is waited for a while more.
    pub(crate) fn submit_awaited(pause: Duration) -> ProviderFailure {
        let message = "the provider may have taken this job already; it is waited for its report";
        ProviderFailure::throttled(SUBMIT_UNKNOWN, message, Some(pause)).billed(Billed::Unknown)
    }

    /// What became of earlier attempts cannot be looked up. Nothing was sent, and a provider may have work of theirs.
    pub(crate) fn log_unavailable(message: &str) -> ProviderFailure {
        ProviderFailure::transient(LOG_UNAVAILABLE, message).billed(Billed::Unknown)
    }

    /// Whether a recorded failure is about the work of earlier attempts: the one that it ended had sent nothing.
    pub(crate) fn is_about_earlier(failure: &Failure) -> bool {
        [SUBMIT_UNKNOWN, LOG_UNAVAILABLE].contains(&failure.code.as_str())
    }

    /// The provider does not know a task any more that it had accepted, and what becomes of such jobs of the model.
    pub(crate) fn task_gone(on_unknown: OnUnknown) -> ProviderFailure {
        let message = "the provider does not know this job any more, and may have made it";
        let gone = |class| ProviderFailure::new(class, "task_gone", message, None).billed(Billed::Unknown);
        match on_unknown {
            OnUnknown::Person => gone(FailureClass::Transient).for_a_person(),
            OnUnknown::Again => gone(FailureClass::Transient),
            OnUnknown::Fail => gone(FailureClass::Permanent),
        }
    }

    /// Nobody answered for a task for so long that it is given up. It may be made and paid for.
    pub(crate) fn silent() -> ProviderFailure {
        ProviderFailure::timeout().billed(Billed::Unknown).for_a_person()
    }

    /// The claim was nearly over before the provider was asked; costs no attempt.
    pub(crate) fn claim_late() -> ProviderFailure {
        let message = "the worker was held up before it could begin";
        ProviderFailure::throttled("claim_late", message, None).billed(Billed::No)
    }

    /// The outputs could not be kept, for as long as there was time. Making them again would be paid for again.
    pub(crate) fn not_stored() -> ProviderFailure {
        let message = "the outputs could not be stored";
        ProviderFailure::transient("output_store_unavailable", message).billed(Billed::Yes).for_a_person()
    }

    /// The provider said that it is done and gave another number of outputs than was asked for.
    pub(crate) fn wrong_count() -> ProviderFailure {
        let message = "the provider did not make everything that was asked for";
        ProviderFailure::transient("outputs_missing", message).billed(Billed::Yes).for_a_person()
    }

    /// The provider made a clip that is priced by the second, and neither says how long it is, nor does the file.
    pub(crate) fn no_length() -> ProviderFailure {
        let message = "neither the provider nor the file says how long the clip is";
        ProviderFailure::transient("length_missing", message).billed(Billed::Yes).for_a_person()
    }

    /// What was made lies where nothing is fetched from.
    pub(crate) fn output_refused() -> ProviderFailure {
        ProviderFailure::unusable("output_refused", "what was made lies at an address that is not trusted")
    }

    /// What was made is gone from the provider, or may not be fetched any more.
    pub(crate) fn output_expired() -> ProviderFailure {
        ProviderFailure::unusable("output_expired", "the provider does not hand out what was made any more")
    }

    /// What was made has more bytes than one file may have.
    pub(crate) fn output_too_large() -> ProviderFailure {
        ProviderFailure::unusable("output_too_large", "what was made is larger than a file may be")
    }

    /// What was made is no picture or clip that can be shown.
    pub(crate) fn output_type() -> ProviderFailure {
        ProviderFailure::unusable("output_type", "what was made is not a picture or clip that can be shown")
    }

    /// It was made, is paid for, and cannot be kept, however often that is tried.
    fn unusable(code: &str, message: &str) -> ProviderFailure {
        ProviderFailure::transient(code, message).billed(Billed::Yes).for_a_person()
    }

    /// The attempt no longer counts, so this is recorded nowhere.
    pub(crate) fn attempt_over() -> ProviderFailure {
        ProviderFailure::throttled(OVER, "the job was cancelled or given to another worker", None)
    }

    /// Whether it was cut off because it no longer counts.
    pub(crate) fn is_over(&self) -> bool {
        self.failure.code == OVER
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

#[cfg(test)]
mod tests {
    use super::ProviderFailure;
    use ledger::job::Billed;

    #[test]
    fn another_provider_is_asked_only_after_a_definite_refusal_that_is_not_about_the_request() {
        let transient = || ProviderFailure::transient("provider_unavailable", "it is down");
        let throttled = || ProviderFailure::throttled("provider_busy", "slow down", None);
        let permanent = || ProviderFailure::permanent("content_refused", "not this one");
        let account = || ProviderFailure::permanent("provider_quota", "the account is used up");
        let cases = [
            ("it is down", transient().billed(Billed::No), true),
            ("it wants fewer requests", throttled().billed(Billed::No), true),
            ("it broke, and nobody said whether it worked", transient(), false),
            ("its answer was lost", transient().billed(Billed::Unknown), false),
            ("it worked for nothing", transient().billed(Billed::Yes), false),
            ("it refuses the request", permanent().billed(Billed::No), false),
            ("it refuses the account", account(), true),
            ("it refuses the account and says that it did nothing", account().billed(Billed::No), true),
            ("it refuses the account, perhaps after the work", account().billed(Billed::Unknown), false),
            ("it is not here", ProviderFailure::no_provider(), true),
            ("nobody waits for it", ProviderFailure::attempt_over().billed(Billed::No), false),
        ];
        for (which, failure, expected) in cases {
            assert_eq!(failure.lets_others_try(), expected, "{which}");
        }
    }
}
