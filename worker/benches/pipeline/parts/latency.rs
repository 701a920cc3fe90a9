//! How soon a job starts: from the answer to its purchase until its provider is asked, at a steady rate.

use crate::feed;
use crate::maker::{Maker, Times};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::site::{Site, Wanted, until};
use crate::stage::Stage;
use anyhow::Result;
use ledger::JobId;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const ACCOUNTS: usize = 1_000;

/// How long messages wait for each other in one of the lines.
pub(super) const LINGER: Duration = Duration::from_millis(100);

/// The first purchases are left out.
const WARM_UP: Duration = Duration::from_secs(2);

/// The line that has aims.
pub(crate) const LINE: &str = "100 jobs/s";
const LINE_LINGER: &str = "100 jobs/s, linger 100 ms";

pub(super) async fn measure(stage: &Stage, settings: &Settings) -> Result<Vec<Sample>> {
    let length = settings.length * 2;
    Ok(vec![
        steady(stage, LINE, 100, Duration::ZERO, settings.slots, length).await?,
        steady(stage, LINE_LINGER, 100, LINGER, settings.slots, length).await?,
        steady(stage, "10 jobs/s", 10, Duration::ZERO, settings.slots, length).await?,
    ])
}

async fn steady(
    stage: &Stage,
    line: &str,
    rate: u32,
    linger: Duration,
    slots: usize,
    length: Duration,
) -> Result<Sample> {
    let wanted = Wanted { accounts: ACCOUNTS, slots, checks: 1, linger };
    let mut site = Site::open(stage, wanted, Maker::new(Times::default())).await?;
    site.start_worker()?;
    let site = Arc::new(site);
    let bought = feed::steadily(&site, rate, WARM_UP + length).await?;
    until("all jobs have begun", async || Ok(site.maker.started() >= bought.len())).await?;
    let starts: HashMap<JobId, Instant> = site.maker.starts().into_iter().collect();
    let measured = &bought[(WARM_UP.as_secs() * u64::from(rate)) as usize..];
    // A worker may be quicker than the answer is read.
    let waited = measured.iter().filter_map(|(job, answered)| {
        Some(starts.get(job)?.saturating_duration_since(*answered).as_secs_f64() * 1e3)
    });
    let sample = Sample::new(line).with_times(waited.collect());
    super::close(site, stage).await?;
    Ok(sample)
}
