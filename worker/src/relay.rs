//! Turns events of the log into messages of the queue.
//!
//! Phases: read a page up to the safe mark, send its messages ten at a time until SQS has acknowledged every
//! one, then move the checkpoint. What was sent when a crash or a lost answer came in between is sent again;
//! a claim that somebody has already won makes the second message harmless. The checkpoint carries the fencing
//! number of the lease, so a relay that slept through its end cannot move it back.
//!
//! An event that this version cannot read is an alarm and holds nobody up.

use crate::duty;
use crate::error::Error;
use crate::queue::{JobMessage, Letter};
use crate::station::Station;
use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use futures::future::try_join_all;
use ledger::job::JobEvent;
use ledger::read::{self, ReadablePage, Side, UnreadableEvent};
use ledger::{Event, JobId, Position, RecordedEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;

const NAME: &str = "relay";

/// Most events of one page.
const PAGE: usize = 1_000;

/// A checkpoint is moved at once past events that became messages. Past others it may lag this long, since
/// reading those again costs nothing.
const LAZY_CHECKPOINT: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Takes the checkpoint over, unless a higher fencing number has.
const CLAIM: &str = r"
insert into relay_checkpoints as kept (relay, position, fencing) values ($1, 0, $2)
on conflict (relay) do update set fencing = excluded.fencing where kept.fencing <= excluded.fencing
returning position";

const MOVE: &str = r"
update relay_checkpoints set position = $3, updated_at = statement_timestamp()
where relay = $1 and fencing = $2 returning position";

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, follow).await
}

/// Follows the log while the lease is held.
async fn follow(station: Arc<Station>, fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let mut mark = station.mark.clone();
    let mut position = claim(&station.writer, fencing).await?;
    let mut moved = Instant::now();
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
        let page = read_page(&station, position, until).await?;
        page.unreadable.iter().for_each(alarm);
        let letters = letters(&station, &page.events).await?;
        if !deliver(&station, letters.clone(), &held).await {
            return Ok(());
        }
        position = page.last.filter(|_| page.length >= PAGE).unwrap_or(until);
        if !letters.is_empty() || moved.elapsed() > LAZY_CHECKPOINT {
            move_to(&station.writer, fencing, position).await?;
            moved = Instant::now();
        }
        measure(&page.events, letters.len(), station.now());
    }
    Ok(())
}

async fn read_page(station: &Station, after: Position, until: Position) -> Result<ReadablePage, Error> {
    let client = station.reader.get().await?;
    Ok(read::readable_page(&**client, Side::Jobs, after, until, PAGE as i64).await?)
}

/// A newer release wrote it, or somebody else did. No message is made of it here: the reconciler of a release that can
/// read it finds its job waiting.
fn alarm(event: &UnreadableEvent) {
    let UnreadableEvent { position, account_id, stream_id, error } = event;
    let cause = ledger::error_chain(error);
    tracing::error!(%position, %account_id, %stream_id, cause, "an event cannot be read by this version");
    metrics::counter!("cooly_relay_unreadable_total").increment(1);
}

/// The messages that these events ask for, in order.
async fn letters(station: &Station, page: &[RecordedEvent]) -> Result<Vec<Letter>, Error> {
    let asked = page.iter().filter_map(|recorded| match &recorded.event {
        Event::Job(JobEvent::Queued { .. }) => Some((recorded, Some(1), None)),
        Event::Job(JobEvent::Retried { run, .. }) => Some((recorded, Some(*run), None)),
        Event::Job(JobEvent::AttemptFailed { run, retry_at, .. }) => Some((recorded, *run, Some(*retry_at))),
        Event::Job(_) | Event::Account(_) => None,
    });
    let letters = asked.map(|(recorded, run, due)| letter(station, recorded, run, due));
    Ok(try_join_all(letters).await?.into_iter().flatten().collect())
}

/// The message about this event; none if the rest of its stream cannot be read by this version.
async fn letter(
    station: &Station,
    recorded: &RecordedEvent,
    run: Option<u32>,
    due: Option<DateTime<Utc>>,
) -> Result<Option<Letter>, Error> {
    let RecordedEvent { position, account_id, stream_id, .. } = *recorded;
    let job_id = JobId(stream_id.0);
    let run = match run {
        Some(run) => run,
        // An earlier release wrote the failed attempt, which does not say of which run it was.
        None => match station.job(account_id, job_id).await {
            Ok(job) => job.map_or(1, |job| job.run),
            Err(Error::Ledger(error @ ledger::Error::Unreadable { .. })) => {
                alarm(&UnreadableEvent { position, account_id, stream_id, error });
                return Ok(None);
            }
            Err(error) => return Err(error),
        },
    };
    let delay = due.and_then(|due| (due - station.now()).to_std().ok()).unwrap_or_default();
    Ok(Some(Letter { message: JobMessage { account_id, job_id, run }, delay }))
}

/// Sends until everything is acknowledged; `false` if the lease was lost before.
async fn deliver(station: &Station, mut letters: Vec<Letter>, held: &CancellationToken) -> bool {
    let mut pause = FIRST_PAUSE;
    loop {
        letters = station.queue.send(&letters).await;
        if letters.is_empty() {
            return true;
        }
        tracing::warn!(messages = letters.len(), "messages are sent again");
        metrics::counter!("cooly_relay_resent_total").increment(letters.len() as u64);
        if held.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return false;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn measure(page: &[RecordedEvent], sent: usize, now: DateTime<Utc>) {
    metrics::counter!("cooly_relay_messages_total").increment(sent as u64);
    if let (Some(oldest), true) = (page.first(), sent > 0) {
        let age = (now - oldest.recorded_at).to_std().unwrap_or_default();
        metrics::histogram!("cooly_relay_seconds").record(age.as_secs_f64());
    }
}

async fn claim(pool: &Pool, fencing: i64) -> Result<Position, Error> {
    let rows = pool.get().await?.query_typed(CLAIM, &[(&NAME, Type::TEXT), (&fencing, Type::INT8)]).await?;
    rows.first().map(|row| Ok(Position(row.try_get(0)?))).unwrap_or(Err(Error::Fenced))
}

async fn move_to(pool: &Pool, fencing: i64, position: Position) -> Result<(), Error> {
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&NAME, Type::TEXT), (&fencing, Type::INT8), (&position.0, Type::INT8)];
    let rows = pool.get().await?.query_typed(MOVE, &parameters).await?;
    if rows.is_empty() { Err(Error::Fenced) } else { Ok(()) }
}
