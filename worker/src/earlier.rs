//! What the log tells of the attempts at a job before one of its events, as far as a provider may have work of theirs.
//!
//! A run that ended among the dead letters may have left work of which nobody could tell; its retry looks for that too. What
//! a user cancelled is stopped at its provider, and is nobody's any more.

use crate::provider::ProviderFailure;
use chrono::{DateTime, Utc};
use ledger::job::{Billed, Failure, JobEvent};
use ledger::{Event, RecordedEvent};

/// Whether an attempt that recorded no submission may have been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nobody knows: its answer was lost, or its worker.
    Unknown,
    /// It was answered, as far as the log tells.
    Answered,
}

/// An attempt that recorded no submission and was not surely refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsubmitted<'a> {
    pub run: u32,
    pub fencing: i64,
    pub began: DateTime<Utc>,
    pub sent: Sent,
    /// Who may have the work; none if the log does not say.
    pub providers: Vec<&'a str>,
}

/// See the module.
pub(crate) struct Earlier<'a> {
    /// Oldest first. Of earlier runs only those of which nobody knows.
    pub unsubmitted: Vec<Unsubmitted<'a>>,
    /// The tasks that were recorded, whichever attempt found them, and the provider of each where that was recorded.
    recorded: Vec<(Option<&'a str>, &'a str)>,
    /// The last run.
    run: u32,
}

/// An attempt of which the log has told no end yet: its token, when it began, and the providers that it may ask.
type Open<'a> = Option<(i64, DateTime<Utc>, Vec<&'a str>)>;

impl Earlier<'_> {
    /// Whether this task was recorded.
    pub(crate) fn is_recorded(&self, provider: &str, id: &str) -> bool {
        self.recorded.iter().any(|(by, known)| *known == id && by.is_none_or(|by| by == provider))
    }

    /// Whether it is of a run before the last one. Somebody has decided since then to have the work done again.
    pub(crate) fn is_of_earlier_run(&self, attempt: &Unsubmitted<'_>) -> bool {
        attempt.run != self.run
    }

    /// Since when a provider may have work of the last run of which nobody knows.
    pub(crate) fn unknown_since(&self) -> Option<DateTime<Utc>> {
        let of_this_run = self.unsubmitted.iter().filter(|attempt| !self.is_of_earlier_run(attempt));
        of_this_run.filter(|attempt| attempt.sent == Sent::Unknown).map(|attempt| attempt.began).next()
    }

    /// The attempts in these events whose tokens are below this version.
    pub(crate) fn of(events: &[RecordedEvent], below: i64) -> Earlier<'_> {
        let mut earlier = Earlier { unsubmitted: Vec::new(), recorded: Vec::new(), run: 1 };
        let mut open: Open<'_> = None;
        for recorded in events.iter().take_while(|recorded| recorded.version < below) {
            match &recorded.event {
                Event::Job(JobEvent::Retried { run, .. }) => {
                    earlier.ended(open.take(), None, None);
                    earlier.unsubmitted.retain(|attempt| attempt.sent == Sent::Unknown);
                    earlier.run = *run;
                }
                Event::Job(JobEvent::Started { providers, .. }) => {
                    let providers = providers.iter().map(String::as_str).collect();
                    let begun = open.replace((recorded.version, recorded.occurred_at, providers));
                    earlier.ended(begun, None, None);
                }
                Event::Job(JobEvent::Submitted { provider_task_id, provider, .. }) => {
                    open = None;
                    earlier.recorded.push((provider.as_deref(), provider_task_id.as_str()));
                }
                Event::Job(JobEvent::AttemptFailed { failure, provider, .. }) => {
                    let sent = open.take().filter(|(_, _, asked)| has_asked(asked, provider, failure));
                    earlier.ended(sent, Some(failure), provider.as_deref());
                }
                Event::Job(JobEvent::DeadLettered { failure } | JobEvent::Failed { failure, .. }) => {
                    earlier.ended(open.take(), Some(failure), None);
                }
                Event::Job(JobEvent::Cancelled { .. }) => {
                    open = None;
                    earlier.unsubmitted.clear();
                }
                _ => {}
            }
        }
        earlier.ended(open, None, None);
        earlier
    }
}

/// Whether the attempt may have asked anybody. One that names nobody whom it came to has not, unless its worker was lost;
/// earlier releases named nobody at all.
fn has_asked(may_ask: &[&str], came_to: &Option<String>, failure: &Failure) -> bool {
    came_to.is_some() || may_ask.is_empty() || failure.code == "worker_lost"
}

impl<'a> Earlier<'a> {
    /// An attempt that recorded no submission ended like this at this provider, or was taken over.
    fn ended(&mut self, attempt: Open<'a>, failure: Option<&Failure>, last: Option<&'a str>) {
        let Some((fencing, began, asked)) = attempt else { return };
        let sent = match failure {
            // It was still looking for the work of others.
            Some(failure) if ProviderFailure::is_about_earlier(failure) => return,
            Some(Failure { billed: Some(Billed::No), .. }) => return,
            Some(Failure { billed: Some(Billed::Yes) | None, .. }) => Sent::Answered,
            Some(Failure { billed: Some(Billed::Unknown), .. }) | None => Sent::Unknown,
        };
        // Those before the last one surely refused, or it would not have been asked.
        let providers = last.map_or(asked, |last| vec![last]);
        self.unsubmitted.push(Unsubmitted { run: self.run, fencing, began, sent, providers });
    }
}

#[cfg(test)]
mod tests {
    use super::{Earlier, Sent};
    use chrono::DateTime;
    use ledger::job::{Billed, Failure, FailureClass, JobEvent};
    use ledger::{AccountId, Event, EventId, JobId, Position, RecordedEvent};
    use uuid::Uuid;

    fn started() -> JobEvent {
        let lease_until = DateTime::UNIX_EPOCH;
        JobEvent::Started { attempt: 1, worker: "w".into(), lease_until, providers: vec!["p".into()] }
    }

    fn failure(code: &str, billed: Billed) -> Failure {
        let (class, message) = (FailureClass::Transient, "It failed.".into());
        Failure { class, code: code.into(), message, billed: Some(billed) }
    }

    fn failed(code: &str, billed: Billed, provider: Option<&str>) -> JobEvent {
        JobEvent::AttemptFailed {
            attempt: 1,
            failure: failure(code, billed),
            counted: true,
            retry_at: DateTime::UNIX_EPOCH,
            run: Some(1),
            provider: provider.map(str::to_owned),
        }
    }

    fn dead(code: &str) -> JobEvent {
        JobEvent::DeadLettered { failure: failure(code, Billed::Unknown) }
    }

    fn retried(run: u32) -> JobEvent {
        JobEvent::Retried { run, charged: None, from: Vec::new(), reason: None }
    }

    /// A stream that begins at version 2: nothing is sent before that.
    fn stream(events: Vec<JobEvent>) -> Vec<RecordedEvent> {
        let job = JobId(Uuid::nil());
        let recorded = |(version, event): (i64, JobEvent)| RecordedEvent {
            position: Position(version),
            account_id: AccountId(Uuid::nil()),
            stream_id: job.into(),
            version,
            event_id: EventId(Uuid::nil()),
            payload: event.encode(),
            event: Event::Job(event),
            schema_version: 1,
            amount: None,
            balance_after: None,
            job_id: Some(job),
            state: None,
            idempotency_key: None,
            actor: "worker:w".into(),
            request_id: "r".into(),
            causation_id: None,
            occurred_at: DateTime::UNIX_EPOCH,
            recorded_at: DateTime::UNIX_EPOCH,
            prev_hash: Vec::new(),
            hash: Vec::new(),
        };
        (2..).zip(events).map(recorded).collect()
    }

    #[test]
    fn what_may_have_been_sent_is_looked_for_until_it_is_known() {
        let (no, unknown) = (Billed::No, Billed::Unknown);
        let lost = || failed("provider_timeout", unknown, Some("p"));
        let cases = [
            ("it was refused", vec![started(), failed("busy", no, Some("p"))], vec![]),
            ("its answer was lost", vec![started(), lost()], vec![(1, 2)]),
            ("its worker died", vec![started(), failed("worker_lost", unknown, None)], vec![(1, 2)]),
            ("it was taken over", vec![started(), started()], vec![(1, 2), (1, 3)]),
            (
                "the next ones could not look it up",
                vec![
                    started(),
                    lost(),
                    started(),
                    failed("log_unavailable", unknown, None),
                    started(),
                    failed("provider_timeout", unknown, None),
                    started(),
                    dead("submit_unknown"),
                ],
                vec![(1, 2)],
            ),
            (
                "a person had it done again",
                vec![started(), lost(), started(), dead("submit_unknown"), retried(2)],
                vec![(1, 2)],
            ),
            (
                "the last one of a run was lost",
                vec![started(), dead("worker_lost"), retried(2)],
                vec![(1, 2)],
            ),
            (
                "both runs have lost one",
                vec![started(), dead("worker_lost"), retried(2), started(), lost()],
                vec![(1, 2), (2, 5)],
            ),
            (
                "its user cancelled it, so it is stopped",
                vec![started(), lost(), JobEvent::Cancelled { refund_waits: false, kept: None }, retried(2)],
                vec![],
            ),
        ];
        for (which, events, expected) in cases {
            let events = stream(events);
            let earlier = Earlier::of(&events, i64::MAX);
            let found: Vec<_> =
                earlier.unsubmitted.iter().map(|attempt| (attempt.run, attempt.fencing)).collect();
            assert_eq!(found, expected, "{which}");
            assert!(earlier.unsubmitted.iter().all(|attempt| attempt.sent == Sent::Unknown), "{which}");
        }
    }

    #[test]
    fn a_report_is_waited_for_only_of_the_run_that_goes_on() {
        let lost = failed("provider_timeout", Billed::Unknown, Some("p"));
        let events = stream(vec![started(), lost.clone(), started(), dead("submit_unknown"), retried(2)]);
        assert_eq!(Earlier::of(&events, i64::MAX).unknown_since(), None);
        let events = stream(vec![started(), lost]);
        assert_eq!(Earlier::of(&events, i64::MAX).unknown_since(), Some(DateTime::UNIX_EPOCH));
    }
}
