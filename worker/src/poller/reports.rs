//! Reading what providers reported by webhook: which jobs to ask about now. What is old is removed.

use crate::error::Error;
use crate::station::Station;
use ledger::{AccountId, JobId};
use std::time::Duration;
use tokio::time::Instant;
use webhooks::signals;

/// Reports read at a time.
const MOST: i64 = 500;

/// After this nobody asks for a report any more: its run has ended, or a person has it.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How often old ones are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// Old ones removed at a time.
const MOST_FORGOTTEN: i64 = 5_000;

pub(super) struct Reports {
    forget_due: Instant,
}

impl Reports {
    /// Nothing of them is known yet.
    pub(super) fn unread() -> Reports {
        Reports { forget_due: Instant::now() }
    }

    /// The jobs that something was reported about since the last time. Nobody gets them again: who takes the duty over asks
    /// after everything anyway.
    pub(super) async fn read(&mut self, station: &Station) -> Result<Vec<(AccountId, JobId)>, Error> {
        self.forget(station).await?;
        if !station.offer().providers.report() {
            return Ok(Vec::new());
        }
        let jobs = signals::take(&**station.writer.get().await?, MOST).await?;
        metrics::counter!("cooly_provider_reports_taken_total").increment(jobs.len() as u64);
        Ok(jobs)
    }

    async fn forget(&mut self, station: &Station) -> Result<(), Error> {
        let now = Instant::now();
        if now < self.forget_due {
            return Ok(());
        }
        let forgotten = signals::forget(&**station.writer.get().await?, KEPT, MOST_FORGOTTEN).await?;
        let are_more = forgotten == MOST_FORGOTTEN.unsigned_abs();
        self.forget_due = if are_more { now } else { now + FORGET_EVERY };
        Ok(())
    }
}
