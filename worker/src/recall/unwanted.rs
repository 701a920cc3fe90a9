//! What a provider works on in vain, told from a job's events. Pure.

use crate::provider::ProviderFailure;
use ledger::job::JobEvent;

/// Work at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unwanted<'a> {
    /// The provider's name for it.
    pub id: &'a str,
    /// Who has it; `None` where the log does not say.
    pub provider: Option<&'a str>,
}

/// The work that the last of these events left without anybody who waits for it.
///
/// A cancellation leaves whatever is under way; a time that was up leaves what was asked after last. Any other end of an
/// attempt was told by the provider itself, which then has nothing left to stop.
pub(super) fn unwanted<'a>(events: impl IntoIterator<Item = &'a JobEvent>) -> Option<Unwanted<'a>> {
    let mut open = None;
    let mut left = None;
    for event in events {
        left = None;
        match event {
            JobEvent::Submitted { provider_task_id, provider, .. } => {
                open = Some(Unwanted { id: provider_task_id, provider: provider.as_deref() });
            }
            JobEvent::Cancelled { .. } => left = open.take(),
            JobEvent::AttemptFailed { failure, .. } | JobEvent::DeadLettered { failure, .. } => {
                let ended = open.take();
                left = ended.filter(|_| ProviderFailure::is_out_of_time(failure));
            }
            JobEvent::Started { .. }
            | JobEvent::Succeeded { .. }
            | JobEvent::Failed { .. }
            | JobEvent::Queued { .. }
            | JobEvent::Retried { .. } => open = None,
            JobEvent::Discarded { .. } | JobEvent::Refunded { .. } => {}
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::unwanted;
    use chrono::DateTime;
    use ledger::job::{Failure, FailureClass, JobEvent};

    const EARLY: DateTime<chrono::Utc> = DateTime::UNIX_EPOCH;

    fn started() -> JobEvent {
        JobEvent::Started { attempt: 1, worker: "w".into(), lease_until: EARLY, providers: Vec::new() }
    }

    fn submitted(id: &str) -> JobEvent {
        JobEvent::Submitted { provider_task_id: id.into(), deadline: EARLY, provider: Some("p".into()) }
    }

    fn cancelled() -> JobEvent {
        JobEvent::Cancelled { refund_waits: false, kept: None }
    }

    fn failure(code: &str) -> Failure {
        Failure {
            class: FailureClass::Transient,
            code: code.into(),
            message: "It failed.".into(),
            billed: None,
        }
    }

    fn failed(code: &str) -> JobEvent {
        let failure = failure(code);
        JobEvent::AttemptFailed {
            attempt: 1,
            failure,
            counted: true,
            retry_at: EARLY,
            run: Some(1),
            provider: None,
        }
    }

    fn dead(code: &str) -> JobEvent {
        JobEvent::DeadLettered { failure: failure(code) }
    }

    #[test]
    fn what_was_under_way_when_nobody_waited_any_more_is_stopped() {
        let cases = [
            (vec![started(), submitted("a"), cancelled()], Some("a"), "cancelled"),
            (vec![started(), submitted("a"), failed("provider_timeout")], Some("a"), "its time was up"),
            (vec![started(), submitted("a"), dead("provider_timeout")], Some("a"), "its last time was up"),
            (
                vec![started(), submitted("a"), failed("provider_failed")],
                None,
                "the provider said that it failed",
            ),
            (vec![started(), failed("provider_timeout")], None, "it was never accepted"),
            (vec![started(), cancelled()], None, "it was never accepted and cancelled"),
            (
                vec![started(), submitted("a"), failed("provider_failed"), started(), cancelled()],
                None,
                "the next attempt had not submitted",
            ),
            (
                vec![started(), submitted("a"), failed("x"), started(), submitted("b"), cancelled()],
                Some("b"),
                "the last attempt's",
            ),
            (vec![started(), submitted("a")], None, "somebody waits for it"),
        ];
        for (events, left, why) in cases {
            assert_eq!(unwanted(&events).map(|unwanted| unwanted.id), left, "{why}");
        }
    }
}
