//! What SQS is asked for each 1,000 jobs, counted at its server, and what that costs.

use super::latency::LINGER;
use crate::baselines::one_by_one;
use crate::feed;
use crate::maker::{IMAGE, Maker, Times};
use crate::sample::{Column, Sample};
use crate::settings::Settings;
use crate::site::{Site, Wanted};
use crate::stage::Stage;
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const ACCOUNTS: usize = 1_000;
/// Jobs of each line.
pub(crate) const JOBS: usize = 1_000;
/// Jobs a second that come steadily.
const RATE: u32 = 100;

/// What Amazon asks for a million requests to a standard queue in us-east-1 beyond the first million of a month, in USD:
/// the list price of <https://aws.amazon.com/sqs/pricing/>.
const USD_A_MILLION: f64 = 0.40;

const SENDS: Column = Column::of("send", "", 0);
const RECEIVES: Column = Column::of("receive", "", 0);
const DELETES: Column = Column::of("delete", "", 0);
const HIDES: Column = Column::of("change visibility", "", 0);
/// All of them.
pub(crate) const ALL: Column = Column::of("all", "", 0);
const COST: Column = Column::of("USD a million jobs", "", 2);

/// Lines of this part.
pub(crate) const LINE_STEADY: &str = "steady, 100 jobs/s";
pub(crate) const LINE_LINGER: &str = "steady, 100 jobs/s, linger 100 ms";
pub(crate) const LINE_BURST: &str = "1,000 jobs at once";
pub(crate) const LINE_SINGLY: &str = "(b) one message a request";

pub(super) async fn measure(stage: &Stage, settings: &Settings) -> Result<Vec<Sample>> {
    let singly = one_by_one::calls(JOBS).await?;
    let steadily = async |site: &Arc<Site>| {
        let length = Duration::from_secs(JOBS as u64) / RATE;
        feed::steadily(site, RATE, length).await.map(drop)
    };
    let at_once = async |site: &Arc<Site>| feed::at_once(site, JOBS, IMAGE).await;
    let none = Duration::ZERO;
    Ok(vec![
        pipeline(stage, settings, LINE_STEADY, none, &steadily).await?,
        pipeline(stage, settings, LINE_LINGER, LINGER, &steadily).await?,
        pipeline(stage, settings, LINE_BURST, none, at_once).await?,
        tell(LINE_SINGLY, &BTreeMap::new(), &singly),
    ])
}

async fn pipeline(
    stage: &Stage,
    settings: &Settings,
    line: &str,
    linger: Duration,
    buy: impl AsyncFnOnce(&Arc<Site>) -> Result<()>,
) -> Result<Sample> {
    let wanted = Wanted { accounts: ACCOUNTS, slots: settings.slots, checks: 1, linger };
    let mut site = Site::open(stage, wanted, Maker::new(Times::default())).await?;
    site.start_worker()?;
    let site = Arc::new(site);
    // Until the worker has made its queues and waits for messages.
    feed::at_once(&site, 1, IMAGE).await?;
    site.until_done(1).await?;
    let before = site.sqs.calls();
    buy(&site).await?;
    site.until_done(JOBS + 1).await?;
    let sample = tell(line, &before, &site.sqs.calls());
    super::close(site, stage).await?;
    Ok(sample)
}

/// The requests between two counts.
fn tell(line: &str, before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Sample {
    let of = |action: &str| {
        let count = |counts: &BTreeMap<String, u64>| {
            let named = counts.iter().filter(|(name, _)| name.starts_with(action));
            named.map(|(_, count)| *count).sum::<u64>()
        };
        (count(after) - count(before)) as f64
    };
    let kinds = [
        (SENDS, of("SendMessage")),
        (RECEIVES, of("ReceiveMessage")),
        (DELETES, of("DeleteMessage")),
        (HIDES, of("ChangeMessageVisibility")),
    ];
    let all: f64 = kinds.iter().map(|(_, count)| count).sum();
    let sample = kinds.into_iter().fold(Sample::new(line), |line, (column, count)| line.with(column, count));
    sample.with(ALL, all).with(COST, all / JOBS as f64 * USD_A_MILLION)
}
