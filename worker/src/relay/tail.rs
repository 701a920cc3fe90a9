//! Reading the log: which jobs ask for a message, and which need none any more.
//!
//! An event that this version cannot read is an alarm and holds nobody up.

use super::board::{Ask, Key};
use crate::error::Error;
use crate::provider::ProviderFailure;
use crate::station::Station;
use ledger::job::{Billed, JobEvent};
use ledger::read::{self, Side, UnreadableEvent};
use ledger::{Event, JobId, Position, RecordedEvent};
use std::collections::HashMap;
use std::sync::Arc;

/// Most events of one page.
const PAGE: usize = 1_000;

/// What an event says about messages.
#[derive(Debug)]
pub(super) enum Step {
    Ask(Ask),
    /// `claimed` says that a worker has the job.
    Settle {
        key: Key,
        position: Position,
        claimed: bool,
    },
}

/// A page of the log.
#[derive(Debug)]
pub(super) struct Page {
    pub steps: Vec<Step>,
    /// Models of which a worker had a job and could ask nobody.
    pub paused: Vec<Arc<str>>,
    /// Up to here everything is told.
    pub until: Position,
}

/// The next events after a position, up to the safe mark.
pub(super) async fn read_page(station: &Station, after: Position, until: Position) -> Result<Page, Error> {
    let client = station.reader.get().await?;
    let page = read::readable_page(&**client, Side::Jobs, after, until, PAGE as i64).await?;
    page.unreadable.iter().for_each(alarm);
    let unnamed: Vec<Key> = page.events.iter().filter(|event| is_unnamed(event)).map(key_of).collect();
    let models = match unnamed.is_empty() {
        true => HashMap::new(),
        false => read::models(&**client, &unnamed).await?,
    };
    drop(client);
    let mut steps = Vec::new();
    for event in &page.events {
        steps.extend(step(station, event, &models).await?);
    }
    let mut paused: Vec<Arc<str>> =
        page.events.iter().filter_map(|event| paused_model(event, &models)).map(Arc::from).collect();
    paused.sort();
    paused.dedup();
    Ok(Page { steps, paused, until: page.last.filter(|_| page.length >= PAGE).unwrap_or(until) })
}

/// A newer release wrote it, or somebody else did. No message is made of it here: a release that can read it finds its
/// job waiting.
fn alarm(event: &UnreadableEvent) {
    let UnreadableEvent { position, account_id, stream_id, error } = event;
    let cause = ledger::error_chain(error);
    tracing::error!(%position, %account_id, %stream_id, cause, "an event cannot be read by this version");
    metrics::counter!("cooly_relay_unreadable_total").increment(1);
}

fn key_of(event: &RecordedEvent) -> Key {
    (event.account_id, JobId(event.stream_id.0))
}

/// Whether it asks for a message and does not name the model.
fn is_unnamed(event: &RecordedEvent) -> bool {
    matches!(event.event, Event::Job(JobEvent::Retried { .. } | JobEvent::AttemptFailed { .. }))
}

fn paused_model<'a>(event: &RecordedEvent, models: &'a HashMap<JobId, String>) -> Option<&'a str> {
    match &event.event {
        Event::Job(JobEvent::AttemptFailed { failure, .. }) if ProviderFailure::is_left_alone(failure) => {
            models.get(&key_of(event).1).map(String::as_str)
        }
        _ => None,
    }
}

async fn step(
    station: &Station,
    event: &RecordedEvent,
    models: &HashMap<JobId, String>,
) -> Result<Option<Step>, Error> {
    let key = key_of(event);
    let model = || models.get(&key.1).map_or("", String::as_str);
    let Event::Job(job_event) = &event.event else { return Ok(None) };
    let claimed = matches!(job_event, JobEvent::Started { .. });
    Ok(match job_event {
        JobEvent::Queued { request, .. } => Some(Step::Ask(ask(station, event, 1, &request.model))),
        JobEvent::Retried { run, .. } => Some(Step::Ask(ask(station, event, *run, model()))),
        JobEvent::AttemptFailed { run, retry_at, failure, .. } => {
            let may_be_made = failure.billed != Some(Billed::No);
            let run = run_of(station, event, *run).await?;
            run.map(|run| Ask { may_be_made, due: Some(*retry_at), ..ask(station, event, run, model()) })
                .map(Step::Ask)
        }
        JobEvent::Submitted { .. } | JobEvent::Refunded { .. } => None,
        JobEvent::Started { .. }
        | JobEvent::Succeeded { .. }
        | JobEvent::Failed { .. }
        | JobEvent::DeadLettered { .. }
        | JobEvent::Discarded { .. }
        | JobEvent::Cancelled { .. } => Some(Step::Settle { key, position: event.position, claimed }),
    })
}

fn ask(station: &Station, event: &RecordedEvent, run: u32, model: &str) -> Ask {
    let (model, via) = (Arc::from(model), station.window_of(model));
    let RecordedEvent { position, recorded_at, .. } = *event;
    Ask { key: key_of(event), run, model, via, may_be_made: false, due: None, position, since: recorded_at }
}

/// Of which run a failed attempt was; `None` if the rest of its stream cannot be read by this version.
async fn run_of(station: &Station, event: &RecordedEvent, told: Option<u32>) -> Result<Option<u32>, Error> {
    if told.is_some() {
        return Ok(told);
    }
    // An earlier release wrote it, which does not say.
    let RecordedEvent { position, account_id, stream_id, .. } = *event;
    match station.job(account_id, JobId(stream_id.0)).await {
        Ok(job) => Ok(Some(job.map_or(1, |job| job.run))),
        Err(Error::Ledger(error @ ledger::Error::Unreadable { .. })) => {
            alarm(&UnreadableEvent { position, account_id, stream_id, error });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
