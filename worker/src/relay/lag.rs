//! Tells how far behind the log the relay is. By a clock of its own, from the database: it also grows while nothing moves,
//! nobody leads, or the database is away.

use super::NAME;
use crate::checkpoint;
use crate::error::Error;
use crate::station::Station;
use chrono::{DateTime, Utc};
use ledger::error_chain;
use ledger::read::{self, Side};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);

/// Tells it for ever.
pub(super) async fn tell(station: &Station) {
    let mut oldest = None;
    loop {
        match look(station).await {
            Ok((behind, found)) => {
                metrics::gauge!("cooly_relay_lag_positions").set(behind as f64);
                oldest = found;
            }
            // What was behind then still is, and gets older.
            Err(error) => {
                tracing::debug!(error = %error_chain(&error), "how far the relay is cannot be read")
            }
        }
        let age = oldest.and_then(|oldest| (station.now() - oldest).to_std().ok()).unwrap_or_default();
        metrics::gauge!("cooly_relay_lag_seconds").set(age.as_secs_f64());
        tokio::time::sleep(EVERY).await;
    }
}

/// How many positions are ahead of the checkpoint, and when the first event of a job there was recorded.
async fn look(station: &Station) -> Result<(i64, Option<DateTime<Utc>>), Error> {
    let mark = *station.mark.borrow();
    let client = station.reader.get().await?;
    let done = checkpoint::read(&**client, NAME).await?;
    if done >= mark {
        return Ok((0, None));
    }
    let page = read::readable_page(&**client, Side::Jobs, done, mark, 1).await?;
    Ok((mark.0 - done.0, page.events.first().map(|event| event.recorded_at)))
}
