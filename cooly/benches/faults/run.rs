//! One row after the other, each on a stage of its own.

use crate::books::{Outcome, close};
use crate::faults::SPAN;
use crate::mocks::{KEY, MODELS};
use crate::process::Role;
use crate::rows::Row;
use crate::settings::Settings;
use crate::stage::{Ground, PROGRAM, Stage};
use crate::table;
use crate::users::customer;
use anyhow::{Context as _, Result, ensure};
use futures::future::{join, join_all};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::Path;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Who is there under each fault: two of each, so that one can be away.
const CAST: [Role; 6] = [Role::Api, Role::Api, Role::Projector, Role::Projector, Role::Worker, Role::Worker];

/// Short, so that what a killed worker had is taken over soon.
const SETTINGS: [(&str, &str); 2] = [("COOLY_LEASE", "10s"), ("COOLY_RECONCILE_AFTER", "3s")];

/// Runs the rows and prints the table; fails if anything was lost, doubled or wrong.
pub(crate) async fn faults(settings: &Settings, rows: Vec<Row>) -> Result<()> {
    let mut ground = Ground::prepare().await?;
    let (mut lines, mut broken) = (Vec::new(), Vec::new());
    for row in &rows {
        let begun = Instant::now();
        let outcome = suffer(&ground, row, settings.seeds).await.with_context(|| row.name);
        match outcome {
            Ok(outcome) => {
                let line = table::line(row.words, settings.seeds, &outcome);
                eprintln!("{line} {:.0?}", begun.elapsed());
                lines.push(line);
                if !outcome.is_whole() {
                    broken.push(format!("{}: {outcome:?}", row.name));
                }
            }
            Err(error) => {
                eprintln!("| {} | {error:#}", row.words);
                broken.push(format!("{error:#}"));
            }
        }
    }
    println!("\n{}\n{}", table::HEAD, lines.join("\n"));
    if !broken.is_empty() {
        println!("\nlogs are kept in {}", ground.keep().display());
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

/// All seeds of a row, and then the audit.
async fn suffer(ground: &Ground, row: &Row, seeds: u64) -> Result<Outcome> {
    let mut stage = prepare(ground, row).await?;
    let (mut customers, mut bought) = (Vec::new(), Vec::new());
    for seed in 0..seeds {
        // Before anything strikes: a grant is not to be asked for twice.
        customers.push(customer(&stage, &format!("{}-{seed}", row.name)).await?);
    }
    for (seed, customer) in (0..seeds).zip(customers) {
        if seed > 0 {
            tokio::time::sleep(row.strike.rest()).await;
        }
        let mut dice = StdRng::seed_from_u64(seed);
        row.strike.arm(&mut stage, &mut dice).await.with_context(|| format!("seed {seed}"))?;
        let over = CancellationToken::new();
        if !row.strike.is_under_load() {
            over.cancel();
        }
        let buying = customer.buy_until(&MODELS, seed, SPAN, &over);
        let striking = async {
            let struck = row.strike.strike(&mut stage, (ground, &customer), &mut dice).await;
            over.cancel();
            struck
        };
        let (intents, struck) = join(buying, striking).await;
        struck.with_context(|| format!("seed {seed}"))?;
        bought.push((customer, intents?));
    }
    let outcome = close(&stage, &bought).await?;
    let ending = stage.processes.iter_mut().map(crate::process::Process::stop);
    join_all(ending).await.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(outcome)
}

async fn prepare(ground: &Ground, row: &Row) -> Result<Stage> {
    let mut stage = Stage::set(ground, &row.name.replace(['-', '.'], "_"), &SETTINGS).await?;
    let catalogue = stage.folder().join("catalogue.toml");
    std::fs::write(&catalogue, stage.mocks.catalogue())?;
    stage.with("COOLY_CATALOG", &catalogue.to_string_lossy());
    stage.with(KEY.0, KEY.1);
    for (name, value) in row.strike.settings() {
        stage.with(name, value);
    }
    row.strike.prepare(&mut stage).await?;
    stage.run(Path::new(PROGRAM), &["migrate"])?;
    stage.start(Path::new(PROGRAM), &CAST).await?;
    Ok(stage)
}
