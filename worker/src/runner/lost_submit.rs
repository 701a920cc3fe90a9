//! Finding work that a provider accepted from an earlier attempt which did not live to record it. Sending it
//! again would pay for it twice, so the provider is asked first.

use super::Runner;
use crate::error::Error;
use crate::provider::{Provider, ProviderFailure, Task, reference};
use ledger::error_chain;
use ledger::job::JobEvent;
use ledger::{Event, RecordedEvent, read};

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
            ProviderFailure::transient("log_unavailable", "earlier attempts could not be looked up")
        })?;
        for fencing in unsubmitted(&events, task.fencing) {
            if let Some(id) = provider.find(&reference(task.job_id, task.run, fencing)).await? {
                tracing::info!(fencing, "work of a lost attempt was found at the provider");
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    async fn events(&self, task: &Task) -> Result<Vec<RecordedEvent>, Error> {
        let client = self.station.reader.get().await?;
        Ok(read::stream(&**client, task.account_id, task.job_id.into()).await?)
    }
}

/// Tokens of this run's earlier attempts that recorded no submission, newest first.
fn unsubmitted(events: &[RecordedEvent], current: i64) -> Vec<i64> {
    let mut tokens = Vec::new();
    for recorded in events.iter().take_while(|recorded| recorded.version < current) {
        match &recorded.event {
            Event::Job(JobEvent::Queued { .. } | JobEvent::Retried { .. }) => tokens.clear(),
            Event::Job(JobEvent::Started { .. }) => tokens.push(recorded.version),
            Event::Job(JobEvent::Submitted { .. }) => drop(tokens.pop()),
            _ => {}
        }
    }
    tokens.reverse();
    tokens
}
