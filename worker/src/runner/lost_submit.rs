//! Finding work that a provider accepted from an earlier attempt which did not live to record it. Sending it
//! again would pay for it twice, so the provider is asked first; where it cannot tell, a person decides.

use super::Runner;
use crate::error::Error;
use crate::provider::{Found, Provider, ProviderFailure, Task, reference};
use ledger::error_chain;
use ledger::job::{Billed, JobEvent};
use ledger::{Event, RecordedEvent, read};
use std::collections::HashSet;

/// Version of the first `job.started` of a stream: nothing can have been submitted before it.
const FIRST_START: i64 = 2;

impl Runner {
    /// The provider's id of such work, if there is any.
    pub(super) async fn lost_submit(
        &self,
        provider: &dyn Provider,
        task: &Task,
    ) -> Result<Option<String>, ProviderFailure> {
        if task.fencing <= FIRST_START {
            return Ok(None);
        }
        let events = self.events(task).await.map_err(|error| {
            tracing::warn!(error = %error_chain(&error), "earlier attempts cannot be looked up");
            let message = "earlier attempts could not be looked up";
            ProviderFailure::transient("log_unavailable", message).billed(Billed::No)
        })?;
        let found = Earlier::of(&events, task.fencing).ask(provider, task).await?;
        if found.is_some() {
            tracing::info!("work of a lost attempt was found at the provider");
        }
        Ok(found)
    }

    async fn events(&self, task: &Task) -> Result<Vec<RecordedEvent>, Error> {
        let client = self.station.reader.get().await?;
        Ok(read::stream(&**client, task.account_id, task.job_id.into()).await?)
    }
}

/// Whether an attempt that recorded no submission may have been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Nobody knows: its answer was lost, or its worker.
    Unknown,
    /// It was answered, as far as the log tells.
    Answered,
}

/// The attempts of a run before the current one.
struct Earlier<'a> {
    /// Tokens of those that recorded no submission and were not surely refused, oldest first.
    unsubmitted: Vec<(i64, Sent)>,
    /// The tasks that were recorded, whichever attempt found them.
    recorded: HashSet<&'a str>,
}

impl Earlier<'_> {
    /// Asks after all of them, newest first: what is found counts, whatever cannot be told of the others.
    async fn ask(&self, provider: &dyn Provider, task: &Task) -> Result<Option<String>, ProviderFailure> {
        let mut open = None;
        for (fencing, sent) in self.unsubmitted.iter().rev() {
            match provider.find(&reference(task.job_id, task.run, *fencing)).await {
                Ok(Found::Accepted(id)) if !self.recorded.contains(id.as_str()) => return Ok(Some(id)),
                Ok(Found::CannotTell) if *sent == Sent::Unknown => {
                    open = Some(ProviderFailure::submit_unknown());
                }
                // What was recorded has been asked after until it ended.
                Ok(Found::Accepted(_) | Found::NotAccepted | Found::CannotTell) => {}
                Err(failure) if *sent == Sent::Unknown => {
                    return Err(ProviderFailure::submit_unanswered(&failure));
                }
                Err(failure) => return Err(failure.billed(Billed::No)),
            }
        }
        open.map_or(Ok(None), Err)
    }

    fn of(events: &[RecordedEvent], current: i64) -> Earlier<'_> {
        let mut earlier = Earlier { unsubmitted: Vec::new(), recorded: HashSet::new() };
        let mut open = None;
        for recorded in events.iter().take_while(|recorded| recorded.version < current) {
            match &recorded.event {
                Event::Job(JobEvent::Queued { .. } | JobEvent::Retried { .. }) => {
                    open = None;
                    earlier.unsubmitted.clear();
                }
                Event::Job(JobEvent::Started { .. }) => {
                    earlier.ended(open.replace(recorded.version), Some(Billed::Unknown));
                }
                Event::Job(JobEvent::Submitted { provider_task_id, .. }) => {
                    open = None;
                    earlier.recorded.insert(provider_task_id);
                }
                Event::Job(JobEvent::AttemptFailed { failure, .. }) => {
                    earlier.ended(open.take(), failure.billed);
                }
                _ => {}
            }
        }
        earlier.ended(open, Some(Billed::Unknown));
        earlier
    }

    /// An attempt that recorded no submission ended, or was taken over.
    fn ended(&mut self, token: Option<i64>, billed: Option<Billed>) {
        let sent = match billed {
            Some(Billed::No) => return,
            Some(Billed::Unknown) => Sent::Unknown,
            Some(Billed::Yes) | None => Sent::Answered,
        };
        self.unsubmitted.extend(token.map(|token| (token, sent)));
    }
}
