//! Follows the log and writes down what is to be stopped.

use super::table::{self, Recall};
use super::unwanted::unwanted;
use super::{LONGEST_WORK, NAME};
use crate::checkpoint;
use crate::earlier::{Earlier, Sent};
use crate::error::Error;
use crate::provider::ProviderFailure;
use crate::station::Station;
use ledger::job::JobEvent;
use ledger::read::{self, ReadablePage};
use ledger::{Event, JobId, Position, RecordedEvent, error_chain, failpoint};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use webhooks::Reference;

/// Most events of one page.
const PAGE: usize = 500;

pub(super) async fn follow(
    station: &Station,
    fencing: i64,
    news: &Notify,
    held: &CancellationToken,
) -> Result<(), Error> {
    let mut mark = station.mark.clone();
    let mut position = checkpoint::claim(&**station.writer.get().await?, NAME, fencing).await?;
    while !held.is_cancelled() {
        let until = *mark.borrow_and_update();
        if position >= until {
            tokio::select! {
                () = held.cancelled() => return Ok(()),
                // The watcher ends only with the process.
                changed = mark.changed() => if changed.is_err() { held.cancelled().await },
            }
            continue;
        }
        let page = read_page(station, position, until).await?;
        let recalls = recalls(station, &page.events).await?;
        position = page.last.filter(|_| page.length >= PAGE).unwrap_or(until);
        write(station, &recalls, fencing, position).await?;
        if !recalls.is_empty() {
            failpoint::pass("recall.noted");
            news.notify_one();
        }
    }
    Ok(())
}

async fn read_page(station: &Station, after: Position, until: Position) -> Result<ReadablePage, Error> {
    let client = station.reader.get().await?;
    Ok(read::page_of_stops(&**client, after, until, PAGE as i64).await?)
}

/// The recalls and the checkpoint in one transaction: what is behind the checkpoint is on the table.
async fn write(station: &Station, recalls: &[Recall], fencing: i64, to: Position) -> Result<(), Error> {
    let mut client = station.writer.get().await?;
    let transaction = client.transaction().await?;
    if !recalls.is_empty() {
        table::add(&*transaction, recalls).await?;
    }
    checkpoint::move_to(&*transaction, NAME, fencing, to).await?;
    transaction.commit().await?;
    Ok(())
}

async fn recalls(station: &Station, page: &[RecordedEvent]) -> Result<Vec<Recall>, Error> {
    let oldest = station.now() - LONGEST_WORK;
    let mut recalls = Vec::new();
    for recorded in page.iter().filter(|recorded| recorded.recorded_at > oldest && may_leave(&recorded.event))
    {
        match left_by(station, recorded).await {
            Ok(left) => recalls.extend(left),
            Err(Error::Ledger(error @ ledger::Error::Unreadable { .. })) => {
                let cause = error_chain(&error);
                tracing::error!(position = %recorded.position, cause, "what a provider works on cannot be read by this version");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(recalls)
}

/// Whether it is worth a look at the rest of the stream.
fn may_leave(event: &Event) -> bool {
    match event {
        Event::Job(JobEvent::Cancelled { .. }) => true,
        Event::Job(JobEvent::AttemptFailed { failure, .. } | JobEvent::DeadLettered { failure }) => {
            ProviderFailure::is_out_of_time(failure)
        }
        Event::Job(_) | Event::Account(_) => false,
    }
}

/// What this event left at providers, or may have left.
async fn left_by(station: &Station, ended: &RecordedEvent) -> Result<Vec<Recall>, Error> {
    let client = station.reader.get().await?;
    let stream = read::stream(&**client, ended.account_id, ended.stream_id).await?;
    drop(client);
    let until_then = stream.iter().take_while(|recorded| recorded.version <= ended.version);
    let events: Vec<&JobEvent> = until_then.filter_map(job_event).collect();
    let Some(model) = model(&events) else { return Ok(Vec::new()) };
    let recall = |provider: Option<&str>, id: String, reference: Option<String>| Recall {
        account_id: ended.account_id,
        job_id: JobId(ended.stream_id.0),
        provider_task_id: id,
        reference,
        provider: provider.map(str::to_owned),
        model: model.to_owned(),
        tries: 0,
        age: Duration::ZERO,
    };
    let known = unwanted(events.iter().copied());
    let known = known.map(|unwanted| recall(unwanted.provider, unwanted.id.to_owned(), None));
    let mut recalls: Vec<Recall> = known.into_iter().collect();
    if matches!(ended.event, Event::Job(JobEvent::Cancelled { .. })) {
        for (provider, reference) in perhaps_sent(&stream, ended) {
            let id = format!("lost:{}:{reference}", provider.unwrap_or_default());
            recalls.push(recall(provider, id, Some(reference)));
        }
    }
    Ok(recalls)
}

/// The attempts of a cancelled job that a provider may have taken without a word of it in the log: the provider, if the log
/// names it, and our name for the attempt.
fn perhaps_sent<'a>(
    stream: &'a [RecordedEvent],
    cancelled: &RecordedEvent,
) -> Vec<(Option<&'a str>, String)> {
    let earlier = Earlier::of(stream, cancelled.version);
    let job_id = JobId(cancelled.stream_id.0);
    let unknown = earlier.unsubmitted.into_iter().filter(|attempt| attempt.sent == Sent::Unknown);
    let each = unknown.flat_map(|attempt| {
        let reference = Reference { job_id, run: attempt.run, fencing: attempt.fencing }.to_string();
        let named = attempt.providers.iter().map(|provider| Some(*provider));
        let providers: Vec<Option<&str>> =
            if attempt.providers.is_empty() { vec![None] } else { named.collect() };
        providers.into_iter().map(move |provider| (provider, reference.clone()))
    });
    each.collect()
}

fn job_event(recorded: &RecordedEvent) -> Option<&JobEvent> {
    match &recorded.event {
        Event::Job(event) => Some(event),
        Event::Account(_) => None,
    }
}

fn model<'a>(events: &[&'a JobEvent]) -> Option<&'a str> {
    events.iter().find_map(|event| match event {
        JobEvent::Queued { request, .. } => Some(request.model.as_str()),
        _ => None,
    })
}
