//! Deletes what was kept for long enough, and tells how endpoints do.

use crate::error::Error;
use crate::station::Station;
use chrono::{DateTime, Utc};
use projections::hooks::{self, Counts};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(10);

/// Rows deleted in one statement.
const PAGE: i64 = 2_000;

pub(super) async fn tidy(station: &Station, held: &CancellationToken) -> Result<(), Error> {
    while !held.is_cancelled() {
        let is_more = forget(station).await?;
        let counts = hooks::counts(&**station.reader.get().await?).await?;
        measure(&counts, station.now());
        if !is_more {
            held.run_until_cancelled(tokio::time::sleep(EVERY)).await;
        }
    }
    Ok(())
}

/// Whether there may be more.
async fn forget(station: &Station) -> Result<bool, Error> {
    let client = station.hooks.pool.get().await?;
    let before = station.now() - station.timings.keep_deliveries;
    let settled = hooks::forget_settled(&**client, before, PAGE).await?;
    let deleted = hooks::forget_deleted(&**client, PAGE).await?;
    Ok(settled.max(deleted) as i64 >= PAGE)
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
