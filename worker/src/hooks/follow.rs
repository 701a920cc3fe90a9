//! Follows the log and writes down who is to be told what, for the first time and again.
//!
//! A page is read before the endpoints are: whoever makes an endpoint is told of everything that is written after the answer. What is
//! written and the checkpoint, or how far a replay is, move in one transaction.

use super::NAME;
use super::context::told;
use crate::checkpoint;
use crate::error::Error;
use crate::station::Station;
use ledger::Position;
use ledger::read::{self, ReadablePage, Side};
use projections::hooks::{self, Listener, Replay};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Most events of one page.
const PAGE: usize = 500;

/// How long an event may wait for others.
const LINGER: Duration = Duration::from_millis(50);

pub(super) async fn follow(
    station: &Station,
    fencing: i64,
    news: &Notify,
    held: &CancellationToken,
) -> Result<(), Error> {
    let mut mark = station.mark.clone();
    let mut position = checkpoint::claim(&**station.writer.get().await?, NAME, fencing).await?;
    let mut replayed = Uuid::nil();
    while !held.is_cancelled() {
        let until = *mark.borrow_and_update();
        let listeners = hooks::listeners(&**station.reader.get().await?).await?;
        // What is new comes first, and after each page of it one of one replay: neither waits for the other's end.
        if position < until {
            position = advance(station, fencing, &listeners, (position, until), news).await?;
        }
        let mut is_more = position < until;
        if let Some((listener, replay)) = next_replay(&listeners, replayed) {
            replayed = listener.id;
            is_more |= replay_page(station, fencing, listener, replay).await? || others(&listeners, replayed);
            news.notify_one();
        }
        if !is_more {
            held.run_until_cancelled(rest(station, &mut mark, !listeners.is_empty())).await;
        }
    }
    Ok(())
}

/// Waits for something to do. Somebody may make an endpoint or order a replay, which no signal tells.
async fn rest(station: &Station, mark: &mut watch::Receiver<Position>, is_heard: bool) {
    let every = station.timings.hooks_every;
    let news = async {
        // Events that come closely one after the other share a transaction; if nobody listens, many of them do.
        tokio::time::sleep(if is_heard { LINGER.min(every) } else { every }).await;
        if mark.changed().await.is_err() {
            // The watcher ends only with the process.
            std::future::pending::<()>().await;
        }
    };
    let _ = tokio::time::timeout(every.max(LINGER), news).await;
}

/// Deals with the next page; up to where that goes.
async fn advance(
    station: &Station,
    fencing: i64,
    listeners: &[Listener],
    (after, until): (Position, Position),
    news: &Notify,
) -> Result<Position, Error> {
    // Nobody was there after `until` was known, and before any endpoint nobody needs to be told.
    let Some(first) = listeners.iter().map(|listener| listener.after).min() else {
        return skip(station, fencing, until).await;
    };
    let after = after.max(first.min(until));
    let (page, to) = page(station, after, until).await?;
    let listeners = hooks::listeners(&**station.reader.get().await?).await?;
    let told = told(station, &page, to, &listeners).await?;
    if told.pairs.is_empty() {
        return skip(station, fencing, told.to).await;
    }
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    let now = station.now();
    let lanes = hooks::tell(&*transaction, &told.messages, &told.pairs, now).await?;
    hooks::promote(&*transaction, &lanes, now).await?;
    checkpoint::move_to(&*transaction, NAME, fencing, told.to).await?;
    transaction.commit().await?;
    metrics::counter!("cooly_webhook_messages_total").increment(told.messages.len() as u64);
    news.notify_one();
    Ok(told.to)
}

/// Nothing up to there is told to anybody. Finding that once more after a crash of the server is harmless.
async fn skip(station: &Station, fencing: i64, to: Position) -> Result<Position, Error> {
    checkpoint::move_unflushed(&**station.writer.get().await?, NAME, fencing, to).await?;
    Ok(to)
}

/// Whose replay is taken a page further: of those that have one, in the order of their names, the next after the last one.
fn next_replay(listeners: &[Listener], last: Uuid) -> Option<(&Listener, Replay)> {
    let mut replaying = listeners.iter().filter_map(|listener| Some((listener, listener.replay?)));
    let first = replaying.clone().next();
    replaying.find(|(listener, _)| listener.id > last).or(first)
}

/// Whether another endpoint than this one is told something again.
fn others(listeners: &[Listener], this: Uuid) -> bool {
    listeners.iter().any(|listener| listener.replay.is_some() && listener.id != this)
}

/// Takes a replay a page further; whether there is more of it.
async fn replay_page(
    station: &Station,
    fencing: i64,
    listener: &Listener,
    replay: Replay,
) -> Result<bool, Error> {
    let (page, to) = page(station, replay.after, replay.until).await?;
    // Also what was before the endpoint, if that is asked for.
    let listener = Listener { after: replay.after, ..listener.clone() };
    let told = told(station, &page, to, std::slice::from_ref(&listener)).await?;
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    // Before its deliveries, as admins do who change it, or each might wait for the other.
    hooks::lock(&*transaction, &[listener.id]).await?;
    if !told.pairs.is_empty() {
        let (now, again) = (station.now(), replay.with_delivered);
        let lanes = hooks::tell_again(&*transaction, &told.messages, &told.pairs, now, again).await?;
        hooks::promote(&*transaction, &lanes, now).await?;
    }
    hooks::move_replay(&*transaction, listener.id, told.to).await?;
    transaction.commit().await?;
    Ok(told.to < replay.until)
}

/// The next page, and up to where it goes.
async fn page(
    station: &Station,
    after: Position,
    until: Position,
) -> Result<(ReadablePage, Position), Error> {
    let client = station.reader.get().await?;
    let page = read::readable_page(&**client, Side::Both, after, until, PAGE as i64).await?;
    let to = page.last.filter(|_| page.length >= PAGE).unwrap_or(until);
    Ok((page, to))
}
