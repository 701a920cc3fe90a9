//! How fast read models are made from the log: by the projector, and by a rebuild beside the live table.
//!
//! `cargo bench -p projections` starts a private server with fsync on, lets the ledger write a log of jobs from
//! purchase to end, and then, several rounds: empties `account_balances` alone and lets a projector catch up;
//! empties all read models and lets it catch up; rebuilds each. Printed are medians over the rounds.
//!
//! `cargo bench -p projections -- fill FOLDER` writes such a log into the private Postgres of that folder and ends.
//!
//! `BENCH_EVENTS` (1000000) is the length of the log, `BENCH_ROUNDS` (3) how many rounds there are.

mod commands;
mod fill;
mod log;
mod stage;

use anyhow::{Context as _, Result, bail};
use measure::arguments::{given, number};
use measure::figures::median;
use measure::processes;
use projections::ReadModel;
use stage::{Figure, Stage};
use std::time::Instant;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let events = number("BENCH_EVENTS", 1_000_000)?;
    let Some(given) = given() else { return Ok(()) };
    let arguments: Vec<&str> = given.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => runtime.block_on(Box::pin(bench(events))),
        ["fill", folder] => runtime.block_on(Box::pin(fill::fill(folder.into(), events))),
        _ => bail!("usage: cargo bench -p projections [-- fill FOLDER]"),
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
enum Case {
    CatchUp(ReadModel),
    CatchUpAll,
    Rebuild(ReadModel),
}

impl Case {
    fn all() -> Vec<Case> {
        let first = [Case::CatchUp(ReadModel::Balances), Case::CatchUpAll];
        first.into_iter().chain(ReadModel::ALL.map(Case::Rebuild)).collect()
    }

    fn name(self) -> String {
        match self {
            Case::CatchUp(model) => format!("catch-up of {model} alone"),
            Case::CatchUpAll => "catch-up of all read models".to_owned(),
            Case::Rebuild(model) => format!("rebuild of {model}"),
        }
    }

    async fn measure(self, stage: &Stage) -> Result<Figure> {
        match self {
            Case::CatchUp(model) => stage.catch_up(&[model]).await,
            Case::CatchUpAll => stage.catch_up(&ReadModel::ALL).await,
            Case::Rebuild(model) => stage.rebuild(model).await,
        }
    }
}

async fn bench(events: u64) -> Result<()> {
    let rounds = number("BENCH_ROUNDS", 3)?.max(1);
    eprintln!("writing a log of about {events} events");
    let begun = Instant::now();
    let stage = Stage::set(events).await?;
    eprintln!("{} events after {:.0} s", stage.log.events, begun.elapsed().as_secs_f64());
    let cases = Case::all();
    let mut figures: Vec<Vec<Figure>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        for (number, (case, figures)) in cases.iter().zip(&mut figures).enumerate() {
            eprintln!("round {round} of {rounds}, {} of {}: {}", number + 1, cases.len(), case.name());
            figures.push(case.measure(&stage).await.with_context(|| case.name())?);
        }
    }
    let fsync: String = stage.owner.query_one("select current_number('fsync')", &[]).await?.try_get(0)?;
    println!(
        "\n{} events, medians of {rounds} rounds, fsync {fsync}; CPU is for each event",
        stage.log.events
    );
    report(&cases, &figures);
    println!("\nMemory of this process at the end: {:.1} MiB", processes::resident_mib()?);
    stage.strike().await;
    Ok(())
}

fn report(cases: &[Case], figures: &[Vec<Figure>]) {
    println!("\n{:<36} {:>12} {:>20} {:>12} {:>12}", "", "events/s", "low–high", "our CPU µs", "PG CPU µs");
    for (case, rounds) in cases.iter().zip(figures) {
        let of = |field: fn(&Figure) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(field).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let rates = of(|figure| figure.per_second);
        let range = format!("{:.0}–{:.0}", rates[0], rates[rates.len() - 1]);
        println!(
            "{:<36} {:>12.0} {range:>20} {:>12.2} {:>12.2}",
            case.name(),
            median(rates),
            median(of(|figure| figure.own_cpu_us)),
            median(of(|figure| figure.server_cpu_us)),
        );
    }
}
