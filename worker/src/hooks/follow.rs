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
    while !held.is_cancelled() {
        let until = *mark.borrow_and_update();
        let listeners = hooks::listeners(&**station.reader.get().await?).await?;
        let mut is_more = replay(station, fencing, &listeners, news).await?;
        if position < until {
            position = advance(station, fencing, &listeners, (position, until), news).await?;
            is_more |= position < until;
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
    let told = told(station, &page.events, &listeners).await?;
    if told.pairs.is_empty() {
        return skip(station, fencing, to).await;
    }
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    let now = station.now();
    let lanes = hooks::tell(&*transaction, &told.messages, &told.pairs, now).await?;
    hooks::promote(&*transaction, &lanes, now).await?;
    checkpoint::move_to(&*transaction, NAME, fencing, to).await?;
    transaction.commit().await?;
    metrics::counter!("cooly_webhook_messages_total").increment(told.messages.len() as u64);
    news.notify_one();
    Ok(to)
}

/// Nothing up to there is told to anybody. Finding that once more after a crash of the server is harmless.
async fn skip(station: &Station, fencing: i64, to: Position) -> Result<Position, Error> {
    checkpoint::move_unflushed(&**station.writer.get().await?, NAME, fencing, to).await?;
    Ok(to)
}

/// Takes every replay a page further; whether there is more of any.
async fn replay(
    station: &Station,
    fencing: i64,
    listeners: &[Listener],
    news: &Notify,
) -> Result<bool, Error> {
    let mut is_more = false;
    for listener in listeners {
        if let Some(replay) = listener.replay {
            is_more |= replay_page(station, fencing, listener, replay).await?;
            news.notify_one();
        }
    }
    Ok(is_more)
}

async fn replay_page(
    station: &Station,
    fencing: i64,
    listener: &Listener,
    replay: Replay,
) -> Result<bool, Error> {
    let (page, to) = page(station, replay.after, replay.until).await?;
    // Also what was before the endpoint, if that is asked for.
    let listener = Listener { after: replay.after, ..listener.clone() };
    let told = told(station, &page.events, std::slice::from_ref(&listener)).await?;
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    if !told.pairs.is_empty() {
        let (now, again) = (station.now(), replay.with_delivered);
        let lanes = hooks::tell_again(&*transaction, &told.messages, &told.pairs, now, again).await?;
        hooks::promote(&*transaction, &lanes, now).await?;
    }
    hooks::move_replay(&*transaction, listener.id, to).await?;
    transaction.commit().await?;
    Ok(to < replay.until)
}

/// The next page, and up to where it goes.
async fn page(
    station: &Station,
    after: Position,
    until: Position,
) -> Result<(ReadablePage, Position), Error> {
    let client = station.reader.get().await?;
    let page = read::readable_page(&**client, Side::Both, after, until, PAGE as i64).await?;
    for unreadable in &page.unreadable {
        tracing::error!(position = %unreadable.position, "an event cannot be read by this version; customers are not told of it");
    }
    let to = page.last.filter(|_| page.length >= PAGE).unwrap_or(until);
    Ok((page, to))
}
