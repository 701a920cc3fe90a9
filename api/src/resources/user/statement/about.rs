//! What the entries of a statement are about: the generation that was paid, as it was asked for, and what a cancel kept of it.
//!
//! Read from the log like the entries themselves, so that a statement is whole however far the read models are.

use crate::app::App;
use crate::serve::problem::Problem;
use ledger::account::{AccountEvent, RefundReason};
use ledger::job::{JobEvent, JobRequest};
use ledger::read;
use ledger::{AccountId, Credits, Event, JobId, RecordedEvent};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Version of the event of a job that says what was asked for.
const QUEUED: i64 = 1;

/// Characters of a prompt that a line has room for.
const PROMPT_CHARS: usize = 120;

/// What some entries are about.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    requests: HashMap<JobId, Arc<JobRequest>>,
    /// By the job and the version of its event.
    kept: HashMap<(JobId, i64), Credits>,
}

impl Subjects {
    /// Of a page of an account's events.
    pub(super) async fn of(
        app: &App,
        account: AccountId,
        events: &[RecordedEvent],
    ) -> Result<Subjects, Problem> {
        let mut places = BTreeSet::new();
        for recorded in events {
            if let Event::Account(event) = &recorded.event {
                places.extend(event.job_id().map(|job| (job, QUEUED)));
                places.extend(cancel(event));
            }
        }
        let places: Vec<(JobId, i64)> = places.into_iter().collect();
        let mut subjects = Subjects::default();
        if places.is_empty() {
            return Ok(subjects);
        }
        for recorded in read::job_events_at(&**app.reader().await?, account, &places).await? {
            let job = JobId(recorded.stream_id.0);
            match recorded.event {
                Event::Job(JobEvent::Queued { request, .. }) => {
                    subjects.requests.insert(job, request);
                }
                Event::Job(JobEvent::Cancelled { kept: Some(kept), .. }) => {
                    subjects.kept.insert((job, recorded.version), kept);
                }
                Event::Job(_) | Event::Account(_) => {}
            }
        }
        Ok(subjects)
    }

    /// The model that made what an event is about.
    pub(super) fn model(&self, event: &AccountEvent) -> Option<String> {
        self.requests.get(&event.job_id()?).map(|request| request.model.clone())
    }

    /// What was asked for, on one line and shortened.
    pub(super) fn prompt(&self, event: &AccountEvent) -> Option<String> {
        self.requests.get(&event.job_id()?).map(|request| shortened(&request.prompt))
    }

    /// What the cancel kept that this event gives the rest back for.
    pub(super) fn kept(&self, event: &AccountEvent) -> Option<Credits> {
        self.kept.get(&cancel(event)?).copied()
    }
}

/// Where the cancel is that an event gives credits back for.
fn cancel(event: &AccountEvent) -> Option<(JobId, i64)> {
    match event {
        AccountEvent::Refunded {
            job_id,
            reason: RefundReason::Cancelled,
            job_version: Some(version),
            ..
        } => Some((*job_id, *version)),
        _ => None,
    }
}

fn shortened(prompt: &str) -> String {
    let mut words = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(PROMPT_CHARS) {
        words.truncate(end);
        words.truncate(words.trim_end().len());
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_prompt_is_one_short_line() {
        assert_eq!(shortened(" two\n  foxes "), "two foxes");
        assert_eq!(shortened(&"é".repeat(120)), "é".repeat(120));
        assert_eq!(shortened(&format!("{} xyz", "é".repeat(119))), format!("{}…", "é".repeat(119)));
    }
}
