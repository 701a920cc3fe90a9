//! What the log tells of the attempts of a run before one of its events, as far as a provider may have work of theirs.

use chrono::{DateTime, Utc};
use ledger::job::{Billed, JobEvent};
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
    pub fencing: i64,
    pub began: DateTime<Utc>,
    pub sent: Sent,
    /// Who may have the work; none if the log does not say.
    pub providers: Vec<&'a str>,
}

/// See the module.
pub(crate) struct Earlier<'a> {
    /// Oldest first.
    pub unsubmitted: Vec<Unsubmitted<'a>>,
    /// The tasks that were recorded, whichever attempt found them, and the provider of each where that was recorded.
    recorded: Vec<(Option<&'a str>, &'a str)>,
}

/// An attempt of which the log has told no end yet: its token, when it began, and the providers that it may ask.
type Open<'a> = Option<(i64, DateTime<Utc>, Vec<&'a str>)>;

impl Earlier<'_> {
    /// Whether this task was recorded.
    pub(crate) fn is_recorded(&self, provider: &str, id: &str) -> bool {
        self.recorded.iter().any(|(by, known)| *known == id && by.is_none_or(|by| by == provider))
    }

    /// Since when a provider may have work of this run of which nobody knows.
    pub(crate) fn unknown_since(&self) -> Option<DateTime<Utc>> {
        self.unsubmitted.iter().find(|attempt| attempt.sent == Sent::Unknown).map(|attempt| attempt.began)
    }

    /// The attempts of the last run in these events whose tokens are below this version.
    pub(crate) fn of(events: &[RecordedEvent], below: i64) -> Earlier<'_> {
        let mut earlier = Earlier { unsubmitted: Vec::new(), recorded: Vec::new() };
        let mut open: Open<'_> = None;
        for recorded in events.iter().take_while(|recorded| recorded.version < below) {
            match &recorded.event {
                Event::Job(JobEvent::Queued { .. } | JobEvent::Retried { .. }) => {
                    open = None;
                    earlier.unsubmitted.clear();
                }
                Event::Job(JobEvent::Started { providers, .. }) => {
                    let providers = providers.iter().map(String::as_str).collect();
                    let begun = open.replace((recorded.version, recorded.occurred_at, providers));
                    earlier.ended(begun, Some(Billed::Unknown), None);
                }
                Event::Job(JobEvent::Submitted { provider_task_id, provider, .. }) => {
                    open = None;
                    earlier.recorded.push((provider.as_deref(), provider_task_id.as_str()));
                }
                Event::Job(JobEvent::AttemptFailed { failure, provider, .. }) => {
                    earlier.ended(open.take(), failure.billed, provider.as_deref());
                }
                _ => {}
            }
        }
        earlier.ended(open, Some(Billed::Unknown), None);
        earlier
    }
}

impl<'a> Earlier<'a> {
    /// An attempt that recorded no submission ended at this provider, or was taken over.
    fn ended(&mut self, attempt: Open<'a>, billed: Option<Billed>, last: Option<&'a str>) {
        let sent = match billed {
            Some(Billed::No) => return,
            Some(Billed::Unknown) => Sent::Unknown,
            Some(Billed::Yes) | None => Sent::Answered,
        };
        self.unsubmitted.extend(attempt.map(|(fencing, began, asked)| {
            // Those before the last one surely refused, or it would not have been asked.
            let providers = last.map_or(asked, |last| vec![last]);
            Unsubmitted { fencing, began, sent, providers }
        }));
    }
}
