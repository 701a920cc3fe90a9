//! One run: all cases, round after round, then the parts that take long, then the report.

use crate::case::{self, Case};
use crate::disk::Disk;
use crate::figures::{Figure, Line};
use crate::report::Report;
use crate::settings::{Part, Settings};
use crate::stage::Stage;
use crate::{growth, memory};
use anyhow::{Context as _, Result};
use measure::machine::Machine;
use std::time::{Duration, Instant};

/// Measures what was asked for and tells.
pub(crate) async fn run(settings: &Settings) -> Result<()> {
    if settings.parts.contains(&Part::Memory) {
        memory::check(settings.accounts)?;
    }
    eprintln!("starting a private Postgres and filling it");
    let mut stage = Stage::set(settings).await?;
    let machine = Machine::look(&stage.owner).await?;
    let lines = Box::pin(all_rounds(&mut stage, settings)).await?;
    let disk = Disk::weigh(&stage.owner).await?;
    let mut report = Report {
        machine,
        seconds: settings.length.as_secs(),
        rounds: settings.rounds,
        lanes: settings.lanes,
        events_per_command: stage.events_per_command,
        lines,
        disk,
        memory: Vec::new(),
        growth: Vec::new(),
    };
    // Kept before and after each long part: whatever happens in the next, the figures so far are there.
    keep(&report, settings)?;
    if settings.parts.contains(&Part::Growth) {
        report.growth = growth::measure(&stage, settings).await?;
        keep(&report, settings)?;
    }
    if settings.parts.contains(&Part::Memory) {
        report.memory = watch_memory(&stage, settings).await?;
        keep(&report, settings)?;
    }
    stage.strike().await?;
    report.print();
    Ok(())
}

fn keep(report: &Report, settings: &Settings) -> Result<()> {
    settings.json.as_deref().map_or(Ok(()), |file| report.write(file))
}

/// Rounds go through all cases in turn, so that a slow quarter of an hour of the machine is shared by all.
async fn all_rounds(stage: &mut Stage, settings: &Settings) -> Result<Vec<Line>> {
    let cases = case::cases(&settings.parts);
    let mut figures: Vec<Vec<Figure>> = cases.iter().map(|_| Vec::new()).collect();
    let mut progress = Progress { done: 0, all: cases.len() * settings.rounds, begun: Instant::now() };
    for round in 1..=settings.rounds {
        stage.begin_round().await?;
        for (case, figures) in cases.iter().zip(&mut figures) {
            progress.tell(round, settings, *case);
            figures.push(stage.measure(*case).await.with_context(|| case.to_string())?);
            progress.done += 1;
        }
    }
    let events = stage.events_per_command;
    Ok(cases.into_iter().zip(figures).map(|(case, rounds)| Line::new(case, rounds, events)).collect())
}

/// A database of its own: a million accounts more would change what the other parts measure.
async fn watch_memory(stage: &Stage, settings: &Settings) -> Result<Vec<memory::Point>> {
    const NAME: &str = "memory";
    stage.fresh_database(NAME).await?;
    let points =
        memory::measure(&stage.url(NAME), settings.lanes, settings.accounts, settings.memory, settings.rate)
            .await?;
    stage.drop_database(NAME).await?;
    Ok(points)
}

struct Progress {
    done: usize,
    all: usize,
    begun: Instant,
}

impl Progress {
    fn tell(&self, round: usize, settings: &Settings, case: Case) {
        // Before there is anything to go by: a measurement, its warm-up and its checkpoint.
        let guess = settings.length.mul_f64(1.5);
        let each = self.begun.elapsed().checked_div(u32::try_from(self.done).unwrap_or(0)).unwrap_or(guess);
        let left: Duration = each * u32::try_from(self.all - self.done).unwrap_or(u32::MAX);
        eprintln!(
            "round {round} of {}, {} of {}, {:.0} s left: {case}",
            settings.rounds,
            self.done + 1,
            self.all,
            left.as_secs_f64().max(1.0),
        );
    }
}
