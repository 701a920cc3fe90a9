//! Writes down what has lapsed on accounts that nobody touches: lots that expire, holds that end.
//!
//! No decision waits for it. An account's next command treats what has lapsed as gone and writes it down itself,
//! so this only keeps idle accounts, their histories and the totals up to date. A command that finds nothing to
//! write writes nothing: sweeping twice, or from two processes, is harmless.
//!
//! The read model that says whose turn it is lags behind the log, and a parked stream stays behind. What was
//! swept is therefore remembered for as long as it is still shown, and not asked for again; and while the read model is behind
//! what is known to have happened, it is looked at again soon.

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use futures::stream::{self, StreamExt};
use ledger::account::AccountCommand;
use ledger::{Action, Actor, Command, Context, Position, error_chain, failpoint};
use projections::ReadModel;
use projections::balances::{self, Lapse};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NAME: &str = "sweeper";

/// Accounts read at once.
const PAGE: i64 = 500;

/// Commands at once: enough to share INSERTs, few enough to leave the lanes to those who wait for an answer.
const AT_ONCE: usize = 64;

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, sweep).await
}

async fn sweep(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let mut mark = station.mark.clone();
    let mut swept = HashSet::new();
    loop {
        let news = *mark.borrow_and_update();
        let begun = Instant::now();
        // Asked before the look: what the read model learns after that is for the next one.
        let is_current = balances_position(&station).await? >= news;
        swept = round(&station, &swept, &held).await?;
        let least = station.timings.sweep_pause.max(begun.elapsed());
        let most = if is_current { until_next(&station).await? } else { least };
        let rest = async {
            tokio::time::sleep(least).await;
            tokio::select! {
                () = tokio::time::sleep(most.saturating_sub(least)) => {}
                // Something happened, and may lapse sooner.
                changed = mark.changed() => if changed.is_err() {
                    // The watcher ends only with the process.
                    held.cancelled().await;
                },
            }
        };
        if held.run_until_cancelled(rest).await.is_none() {
            return Ok(());
        }
    }
}

/// Up to where the read model knows of the log that tells whose turn it is.
async fn balances_position(station: &Station) -> Result<Position, Error> {
    let positions = projections::positions(&**station.reader.get().await?).await?;
    Ok(positions.get(&ReadModel::Balances).copied().unwrap_or(Position::START))
}

/// How long it takes until the next lot or hold lapses, as far as is known.
async fn until_next(station: &Station) -> Result<Duration, Error> {
    let client = station.reader.get().await?;
    let (now, most) = (station.now(), station.timings.sweep_every);
    let next = balances::lapsed(&**client, now + most, None, 1).await?;
    Ok(next.first().map_or(most, |(moment, _)| (*moment - now).to_std().unwrap_or_default()))
}

/// Sweeps every account whose turn it is, page by page; returns those that need no second time.
async fn round(
    station: &Station,
    before: &HashSet<Lapse>,
    held: &CancellationToken,
) -> Result<HashSet<Lapse>, Error> {
    let now = station.now();
    let mut swept = HashSet::new();
    let mut last = None;
    while !held.is_cancelled() {
        let client = station.reader.get().await?;
        let page = balances::lapsed(&**client, now, last, PAGE).await?;
        drop(client);
        last = page.last().copied();
        let (known, new): (Vec<Lapse>, Vec<Lapse>) = page.iter().partition(|due| before.contains(due));
        swept.extend(known);
        let lapsing = stream::iter(new).map(|due| async move { lapse(station, due).await.then_some(due) });
        let done: Vec<Option<Lapse>> = lapsing.buffer_unordered(AT_ONCE).collect().await;
        swept.extend(done.into_iter().flatten());
        if page.len() < PAGE as usize {
            break;
        }
    }
    Ok(swept)
}

/// Writes down what has lapsed on one account; whether that is done.
async fn lapse(station: &Station, (lapsed_at, account): Lapse) -> bool {
    let command = Command {
        account,
        context: Context { actor: Actor::System(NAME), request_id: NAME.to_owned(), causation_id: None },
        idempotency: None,
        action: Action::Account(AccountCommand::Lapse),
    };
    failpoint::pass("sweeper.lapse.before");
    let written = station.ledger.execute(command).await;
    failpoint::pass("sweeper.lapse.after");
    match written {
        Ok(outcome) => {
            if outcome.position.is_some() {
                let late = (station.now() - lapsed_at).to_std().unwrap_or_default();
                metrics::counter!("cooly_lapses_total").increment(1);
                metrics::histogram!("cooly_lapse_late_seconds").record(late.as_secs_f64());
            }
            true
        }
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), account_id = %account, "what has lapsed could not be written down");
            metrics::counter!("cooly_lapse_failures_total").increment(1);
            false
        }
    }
}
