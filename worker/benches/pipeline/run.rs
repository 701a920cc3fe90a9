//! One run: all parts, round after round, then the report.

use crate::parts;
use crate::report::Report;
use crate::settings::Settings;
use crate::stage::Stage;
use anyhow::{Context as _, Result};
use measure::machine::Machine;
use std::time::Instant;

/// Measures what was asked for and tells.
pub(crate) async fn run(settings: &Settings) -> Result<()> {
    eprintln!("starting a private Postgres");
    let stage = Stage::set().await?;
    let machine = Machine::look(&stage.owner).await?;
    let mut report = Report::new(machine, settings);
    for round in 1..=settings.rounds {
        for part in &settings.parts {
            if round > 1 && part.is_long() {
                continue;
            }
            eprintln!("round {round} of {}: {}", settings.rounds, part.name());
            let begun = Instant::now();
            let samples = Box::pin(parts::measure(*part, &stage, settings));
            let samples = samples.await.with_context(|| part.name().to_owned())?;
            for sample in samples {
                eprintln!("  {}", report.add(*part, sample));
            }
            eprintln!("  in {:.0} s", begun.elapsed().as_secs_f64());
            // Whatever happens in the next part, the figures so far are there.
            report.keep(settings)?;
        }
    }
    stage.server.stop().await;
    report.print();
    Ok(())
}
