//! Deletes what was kept for long enough, gives up what has waited for so long, and tells how endpoints do.

use crate::error::Error;
use crate::station::Station;
use chrono::{DateTime, TimeDelta, Utc};
use projections::hooks::{self, Counts};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(10);

/// Rows deleted in one statement.
const PAGE: i64 = 2_000;

/// How long an endpoint that was taken away is kept at least: whoever looked up before who is to be told has written it down by then.
const LEAVE: TimeDelta = TimeDelta::hours(1);

pub(super) async fn tidy(station: &Station, fencing: i64, held: &CancellationToken) -> Result<(), Error> {
    while !held.is_cancelled() {
        let is_more = forget(station, fencing).await?;
        let counts = hooks::counts(&**station.reader.get().await?).await?;
        measure(&counts, station.now());
        if !is_more {
            held.run_until_cancelled(tokio::time::sleep(EVERY)).await;
        }
    }
    Ok(())
}

/// Whether there may be more.
async fn forget(station: &Station, fencing: i64) -> Result<bool, Error> {
    let now = station.now();
    let before = now - station.timings.keep_deliveries;
    let mut client = station.hooks.pool.get().await?;
    let transaction = client.transaction().await?;
    hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
    let (lanes, given_up) = hooks::give_up(&*transaction, before, PAGE, now).await?;
    hooks::promote(&*transaction, &lanes, now).await?;
    let settled = hooks::forget_settled(&*transaction, before, PAGE).await?;
    let deleted = hooks::forget_deleted(&*transaction, now - LEAVE, PAGE).await?;
    transaction.commit().await?;
    if given_up > 0 {
        let outcome = "given_up";
        metrics::counter!("cooly_webhook_deliveries_total", "outcome" => outcome).increment(given_up as u64);
    }
    Ok(settled.max(deleted).max(given_up) as i64 >= PAGE)
}

fn measure(counts: &Counts, now: DateTime<Utc>) {
    for (state, endpoints) in
        [("well", counts.well), ("failing", counts.failing), ("disabled", counts.disabled)]
    {
        metrics::gauge!("cooly_webhook_endpoints", "state" => state).set(endpoints as f64);
    }
    let overdue = counts.first_due_at.and_then(|due| (now - due).to_std().ok()).unwrap_or_default();
    metrics::gauge!("cooly_webhook_overdue_seconds").set(overdue.as_secs_f64());
}

/// What this process knows no more.
pub(super) fn tell_nothing() {
    let none = Counts { disabled: 0, failing: 0, well: 0, first_due_at: None };
    measure(&none, DateTime::UNIX_EPOCH);
}
