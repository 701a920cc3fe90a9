//! Sends what is due, and writes down what became of it.

use super::flights::{Flights, Landed};
use super::verdict::{is_gone, rest, verdict};
use crate::error::Error;
use crate::station::Station;
use chrono::{DateTime, Utc};
use projections::hooks::{self, Lane, Settled, Verdict, Word};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long what is under way is waited for when the duty ends. What lands later is sent again by whoever has the duty then.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is under way outlives a failure: whoever starts over notes it first.
pub(super) async fn send(
    station: &Station,
    fencing: i64,
    flights: &Mutex<Flights>,
    news: &Notify,
    held: &CancellationToken,
) -> Result<(), Error> {
    let mut flights = flights.lock().await;
    while !held.is_cancelled() {
        note(station, fencing, &mut flights).await?;
        start(station, &mut flights).await?;
        // A pause is over then, or somebody ordered a test.
        let rest = station.timings.hooks_every;
        let rest = flights.until_late().map_or(rest, |late| late.min(rest));
        tokio::select! {
            () = held.cancelled() => {}
            () = flights.land() => {}
            () = news.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    let until = Instant::now() + FAREWELL;
    while !flights.is_empty() && tokio::time::timeout_at(until, flights.land()).await.is_ok() {
        note(station, fencing, &mut flights).await?;
    }
    note(station, fencing, &mut flights).await
}

/// Sends what is due and has room.
async fn start(station: &Station, flights: &mut Flights) -> Result<(), Error> {
    loop {
        let room = flights.room();
        let client = station.hooks.pool.get().await?;
        let due = hooks::due(&**client, station.now(), &room).await?;
        drop(client);
        // Whoever fails stood in the way of others; there is no room for its like now, so these are asked for alone.
        if !flights.start(due) {
            return Ok(());
        }
    }
}

/// Writes down what became of what has landed, and has the next of each account sent.
async fn note(station: &Station, fencing: i64, flights: &mut Flights) -> Result<(), Error> {
    if !flights.landed().is_empty() {
        settle(station, fencing, flights.landed()).await?;
        flights.noted();
    }
    Ok(())
}

async fn settle(station: &Station, fencing: i64, landed: &[Landed]) -> Result<(), Error> {
    let now = station.now();
    let mut settled: Vec<Settled> = landed.iter().map(|landed| settled(station, landed, now)).collect();
    // In order, since whoever locks rows in another order might wait for this in vain.
    settled.sort_unstable_by_key(|one| (one.endpoint, one.message_id));
    let endpoints: BTreeSet<Uuid> = settled.iter().map(|one| one.endpoint).collect();
    let endpoints: Vec<Uuid> = endpoints.into_iter().collect();
    let over = settled.iter().filter(|one| !matches!(one.verdict, Verdict::Again(_)));
    let lanes: BTreeSet<Lane> = over.map(|one| (one.endpoint, one.account_id)).collect();
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    hooks::lock(&*transaction, &endpoints).await?;
    let too_long_ago = now - station.timings.hook_patience;
    let disabled = hooks::note(&*transaction, &words(station, landed, now), now, too_long_ago).await?;
    hooks::settle(&*transaction, &settled, now).await?;
    hooks::promote(&*transaction, &lanes, now).await?;
    transaction.commit().await?;
    for (endpoint, why) in disabled {
        tracing::warn!(%endpoint, reason = why.as_str(), "a customer's webhook is disabled");
    }
    settled.iter().for_each(count);
    Ok(())
}

fn settled(station: &Station, Landed { due, answer }: &Landed, now: DateTime<Utc>) -> Settled {
    Settled {
        endpoint: due.endpoint,
        url: due.url.clone(),
        message_id: due.message_id,
        account_id: due.account_id,
        verdict: verdict(answer, due.attempts, &station.timings.hook_pauses, now),
        status: answer.status,
        error: answer.error,
    }
}

/// How each endpoint did, at each address; one that took anything does well.
fn words(station: &Station, landed: &[Landed], now: DateTime<Utc>) -> Vec<Word> {
    let pauses = &station.timings.hook_pauses;
    let mut words: BTreeMap<(Uuid, &str), Word> = BTreeMap::new();
    for Landed { due, answer } in landed {
        let rests_until = rest(answer, due.failing_since, pauses, now);
        let none = Word { endpoint: due.endpoint, url: due.url.clone(), rests_until, is_gone: false };
        let word = words.entry((due.endpoint, due.url.as_str())).or_insert(none);
        // Nothing comes before an instant.
        word.rests_until = word.rests_until.zip(rests_until).map(|(one, other)| one.max(other));
        word.is_gone |= is_gone(answer);
    }
    words.into_values().collect()
}

fn count(settled: &Settled) {
    let outcome = match settled.verdict {
        Verdict::Delivered => "delivered",
        Verdict::Again(_) => "again",
        Verdict::GivenUp => "given_up",
    };
    metrics::counter!("cooly_webhook_deliveries_total", "outcome" => outcome).increment(1);
}
