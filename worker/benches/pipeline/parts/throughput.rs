//! Jobs a second from purchase to success, with a provider that answers at once and always more bought than can run.

use crate::baselines::{job_table, one_by_one};
use crate::costs::Costs;
use crate::feed::Feed;
use crate::maker::{Maker, Times};
use crate::sample::{JOBS, Sample};
use crate::settings::Settings;
use crate::site::{Site, Wanted};
use crate::stage::Stage;
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Accounts of a load that lies on many.
const MANY: usize = 1_000;

/// Until the windows are full and plans are made.
const WARM_UP: Duration = Duration::from_secs(3);

/// Lines of this part.
pub(crate) const LINE_MANY: &str = "many accounts";
pub(crate) const LINE_ONE: &str = "one account";
pub(crate) const LINE_TABLE: &str = "(a) job table, `for update skip locked`";
pub(crate) const LINE_SINGLY: &str = "(b) job table and queue, one message a request";

pub(super) async fn measure(stage: &Stage, settings: &Settings) -> Result<Vec<Sample>> {
    let (slots, length) = (settings.slots, settings.length);
    Ok(vec![
        pipeline(stage, LINE_MANY, MANY, slots, length).await?,
        pipeline(stage, LINE_ONE, 1, slots, length).await?,
        pipeline(stage, "many accounts, 16 slots", MANY, 16, length).await?,
        job_table::measure(stage, LINE_TABLE, (WARM_UP, length)).await?,
        one_by_one::measure(stage, LINE_SINGLY, (WARM_UP, length)).await?,
    ])
}

async fn pipeline(
    stage: &Stage,
    line: &str,
    accounts: usize,
    slots: usize,
    length: Duration,
) -> Result<Sample> {
    let wanted = Wanted { accounts, slots, checks: 1, linger: Duration::ZERO };
    let mut site = Site::open(stage, wanted, Maker::new(Times::default())).await?;
    site.start_worker()?;
    let site = Arc::new(site);
    let feed = Feed::start(&site);
    sleep(WARM_UP).await;
    let (begun, costs) = (site.now().await?, Costs::read(stage)?);
    sleep(length).await;
    let seconds = (site.now().await? - begun).as_seconds_f64();
    let jobs = site.count("job.succeeded", Some(begun)).await?;
    let sample = Sample::new(line).with(JOBS, jobs / seconds);
    let sample = costs.since(stage, jobs, sample)?;
    feed.stop().await?;
    super::close(site, stage).await?;
    Ok(sample)
}
