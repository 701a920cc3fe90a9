//! Sends what is due, and writes down what became of it.

use super::flights::{Flights, Landed};
use super::post::Post;
use super::verdict::{is_gone, verdict};
use crate::error::Error;
use crate::station::Station;
use projections::hooks::{self, Lane, Settled, Verdict, Word};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long what is under way is waited for when the duty ends. What lands later is sent again by whoever has the duty then.
const FAREWELL: Duration = Duration::from_secs(2);

pub(super) async fn send(
    station: &Station,
    fencing: i64,
    news: &Notify,
    held: &CancellationToken,
) -> Result<(), Error> {
    let post = Post::new(station.hooks.may_be_private, station.timings.hook)?;
    let mut flights = Flights::new(station, &post);
    while !held.is_cancelled() {
        let client = station.hooks.pool.get().await?;
        let due = hooks::due(&**client, station.now(), &flights.room()).await?;
        drop(client);
        for due in due {
            flights.start(due);
        }
        tokio::select! {
            () = held.cancelled() => {}
            landed = flights.landed() => settle(station, fencing, &landed).await?,
            () = news.notified() => {}
            // A pause is over, or somebody ordered a test.
            () = tokio::time::sleep(station.timings.hooks_every) => {}
        }
    }
    let until = Instant::now() + FAREWELL;
    while !flights.is_empty() {
        let Ok(landed) = tokio::time::timeout_at(until, flights.landed()).await else { break };
        settle(station, fencing, &landed).await?;
    }
    Ok(())
}

/// Writes down what became of these, and has the next of each account sent.
async fn settle(station: &Station, fencing: i64, landed: &[Landed]) -> Result<(), Error> {
    let now = station.now();
    let mut settled: Vec<Settled> = landed.iter().map(|landed| settled(station, landed)).collect();
    // In order, since whoever locks rows in another order might wait for this in vain.
    settled.sort_unstable_by_key(|one| (one.endpoint, one.message_id));
    let over = settled.iter().filter(|one| !matches!(one.verdict, Verdict::Again(_)));
    let lanes: BTreeSet<Lane> = over.map(|one| (one.endpoint, one.account_id)).collect();
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    hooks::settle(&*transaction, &settled, now).await?;
    hooks::promote(&*transaction, &lanes, now).await?;
    let too_long_ago = now - station.timings.hook_patience;
    let disabled = hooks::note(&*transaction, &words(landed), now, too_long_ago).await?;
    transaction.commit().await?;
    for (endpoint, why) in disabled {
        tracing::warn!(%endpoint, reason = why.as_str(), "a customer's webhook is disabled");
    }
    settled.iter().for_each(count);
    Ok(())
}

fn settled(station: &Station, Landed { due, answer }: &Landed) -> Settled {
    Settled {
        endpoint: due.endpoint,
        message_id: due.message_id,
        account_id: due.account_id,
        verdict: verdict(answer, due.attempts, &station.timings.hook_pauses, station.now()),
        status: answer.status,
        error: answer.error,
    }
}

/// How each endpoint did; one that took anything does well.
fn words(landed: &[Landed]) -> Vec<Word> {
    let mut words: BTreeMap<Uuid, Word> = BTreeMap::new();
    for Landed { due, answer } in landed {
        let none = Word { endpoint: due.endpoint, has_taken: false, is_gone: false };
        let word = words.entry(due.endpoint).or_insert(none);
        word.has_taken |= answer.error.is_none();
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
