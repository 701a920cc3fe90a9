//! Clips that a provider works on: whether each of many is asked after when it is due, and how long 25 take.

use crate::costs::Costs;
use crate::feed;
use crate::maker::{Maker, Times, VIDEO};
use crate::sample::{Column, Sample};
use crate::settings::Settings;
use crate::site::{Site, Wanted, until};
use crate::stage::Stage;
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long the provider takes to tell how far a clip is.
const QUESTION: Duration = Duration::from_millis(200);
/// Clips that are pending, and how often the provider wants to be asked after each.
const MANY: usize = 5_000;
const INTERVAL: Duration = Duration::from_secs(5);
/// Slots for questions: with so many, a round of all clips takes four of the five seconds.
const SLOTS: usize = 256;
const FEW: usize = 25;

const CLIPS: Column = Column::of("clips", "", 0);
/// Questions a second.
pub(crate) const CHECKS: Column = Column::of("checks/s", "", 1);
const LATE_P50: Column = Column::of("late, p50", "ms", 1);
/// How much later than due 99 of 100 questions came at most.
pub(crate) const LATE_P99: Column = Column::of("late, p99", "ms", 1);

/// Lines of this part.
pub(crate) const LINE_MANY: &str = "5,000 clips, each every 5 s, 256 slots";
pub(crate) const LINE_FEW: &str = "25 clips, always due, 64 slots";
pub(crate) const LINE_SINGLY: &str = "25 clips, always due, one by one";

pub(super) async fn measure(stage: &Stage, settings: &Settings) -> Result<Vec<Sample>> {
    let times = Times { question: QUESTION, interval: INTERVAL, ..Times::default() };
    let busy = Times { interval: Duration::ZERO, ..times };
    let length = settings.length.max(INTERVAL * 2);
    Ok(vec![
        clips(stage, LINE_MANY, MANY, SLOTS, times, length).await?,
        clips(stage, LINE_FEW, FEW, 64, busy, length).await?,
        clips(stage, LINE_SINGLY, FEW, 1, busy, length).await?,
    ])
}

async fn clips(
    stage: &Stage,
    line: &str,
    clips: usize,
    slots: usize,
    times: Times,
    length: Duration,
) -> Result<Sample> {
    let wanted = Wanted { accounts: 1_000, slots: 64, checks: slots, linger: Duration::ZERO };
    let mut site = Site::open(stage, wanted, Maker::new(times)).await?;
    site.start_worker()?;
    let site = Arc::new(site);
    feed::at_once(&site, clips, VIDEO).await?;
    until("every clip was asked after", async || Ok(site.maker.take_checks().clips() >= clips)).await?;
    // The first questions come all at once; the rounds after that are what goes on for hours.
    sleep(times.interval * 2).await;
    site.maker.take_checks();
    let (begun, costs) = (Instant::now(), Costs::read(stage)?);
    sleep(length).await;
    let late = site.maker.take_checks().late;
    let (checks, seconds) = (late.len() as f64, begun.elapsed().as_secs_f64());
    let sample = Sample::new(line).with(CLIPS, clips as f64).with(CHECKS, checks / seconds);
    // What is always due is always late.
    let sample = if times.interval.is_zero() { sample } else { lateness(sample, late) };
    let sample = costs.since(stage, checks, sample)?;
    super::close(site, stage).await?;
    Ok(sample)
}

fn lateness(sample: Sample, mut late: Vec<f64>) -> Sample {
    late.sort_unstable_by(f64::total_cmp);
    let at = |share| measure::figures::percentile(&late, share).unwrap_or(f64::NAN);
    sample.with(LATE_P50, at(0.5)).with(LATE_P99, at(0.99))
}
