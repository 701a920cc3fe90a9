//! Thousands of long jobs at once: what they take of memory, whether the heartbeats keep their messages hidden, and
//! whether one is delivered twice.
//!
//! The queue is made to give up a message at its second delivery, so that one would show as a dead letter.

use crate::feed;
use crate::maker::{IMAGE, Maker, Times};
use crate::sample::{Column, Sample};
use crate::site::{Site, Wanted, until};
use crate::stage::Stage;
use anyhow::Result;
use measure::processes::resident_mib;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use worker::Timings;
use worker::queue::{Queue, Source};

/// Jobs at once, and how long each takes.
const HELD: usize = 2_000;
const TAKES: Duration = Duration::from_secs(26);
/// How many times the slots are filled.
const FILLS: usize = 3;

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_secs(10);

const IN_WORK: Column = Column::of("in work", "", 0);
/// Memory in RAM.
pub(crate) const MEMORY: Column = Column::of("memory", "MiB", 1);
const BEATS: Column = Column::of("requests of heartbeats", "", 0);
/// Messages that a heartbeat did not hide in its time.
pub(crate) const MISSED: Column = Column::of("missed", "", 0);
const STALE: Column = Column::of("receipts stale", "", 0);
/// Messages that were delivered a second time.
pub(crate) const TWICE: Column = Column::of("delivered twice", "", 0);
const DONE: Column = Column::of("succeeded", "", 0);

/// The lines that have aims: all slots were filled for the first time, the last time, and everything.
pub(crate) const LINE_FIRST: &str = "all slots filled for the first time";
pub(crate) const LINE_LAST: &str = "before the last are done";
pub(crate) const LINE_ALL: &str = "at the end";

pub(super) async fn measure(stage: &Stage) -> Result<Vec<Sample>> {
    let times = Times { image: TAKES, ..Times::default() };
    let wanted = Wanted { accounts: 1_000, slots: HELD, checks: 1, linger: Duration::ZERO };
    let mut site = Site::open(stage, wanted, Maker::new(times)).await?;
    let queues = Queue::ensure(&site.queue, 1, Timings::default().visibility).await?;
    site.start_worker()?;
    let site = Arc::new(site);
    feed::at_once(&site, HELD * FILLS, IMAGE).await?;
    until("all slots are taken", async || Ok(site.maker.making() >= HELD)).await?;
    let mut lines = watch(stage, &site).await?;
    site_done(&site).await?;
    let hides = site.sqs.calls().get("ChangeMessageVisibilityBatch").copied().unwrap_or_default();
    let dead = queues.depth(Source::DeadLetters).await?;
    let twice = (dead.visible + dead.in_flight) as f64 + site.count("job.dead_lettered", None).await?;
    let all = look(stage, &site, LINE_ALL)?
        .with(BEATS, hides as f64)
        .with(MISSED, stage.counter("cooly_heartbeats_missed_total"))
        .with(STALE, stage.counter("cooly_receipts_stale_total"))
        .with(TWICE, twice)
        .with(DONE, site.count("job.succeeded", None).await?);
    lines.push(all);
    super::close(site, stage).await?;
    Ok(lines)
}

/// Looks at the memory until the last jobs are nearly done.
async fn watch(stage: &Stage, site: &Site) -> Result<Vec<Sample>> {
    let mut lines = vec![look(stage, site, LINE_FIRST)?];
    let begun = Instant::now();
    let end = begun + TAKES * FILLS as u32 - Duration::from_secs(3);
    let mut next = begun + LOOK;
    while next < end {
        tokio::time::sleep_until(next).await;
        lines.push(look(stage, site, &format!("{:.0} s later", begun.elapsed().as_secs_f64()))?);
        next += LOOK;
    }
    tokio::time::sleep_until(end).await;
    lines.push(look(stage, site, LINE_LAST)?);
    Ok(lines)
}

fn look(stage: &Stage, site: &Site, line: &str) -> Result<Sample> {
    stage.tidy();
    let memory = resident_mib()?;
    eprintln!("held: {} in work, {memory:.1} MiB", site.maker.making());
    Ok(Sample::new(line).with(IN_WORK, site.maker.making() as f64).with(MEMORY, memory))
}

/// Until all have ended in some way.
async fn site_done(site: &Site) -> Result<()> {
    until("all jobs are done", async || {
        let ended = site.count("job.succeeded", None).await? + site.count("job.dead_lettered", None).await?;
        Ok(ended as usize >= HELD * FILLS)
    })
    .await?;
    // The last deletions.
    sleep(Duration::from_secs(1)).await;
    Ok(())
}
