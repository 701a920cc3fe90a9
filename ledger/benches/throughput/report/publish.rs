//! Puts figures that were measured before where readers find them.

use super::Report;
use super::chart::chart;
use super::markdown::markdown;
use anyhow::Result;
use measure::arguments::from_root;
use measure::page::{self, write};
use std::path::PathBuf;

const BEGIN: &str = "<!-- figures: begin (cargo bench -p ledger -- publish FILE…) -->";

/// Writes the chart, and the tables between the two marks of `docs/benchmarks.md`.
///
/// Long parts may have been measured in runs of their own: the first file that has a part is taken.
pub(crate) fn publish(files: &[PathBuf]) -> Result<()> {
    let [first, others @ ..] = files else { return Ok(()) };
    let mut report = Report::read(first)?;
    for other in others {
        report.complete(Report::read(other)?);
    }
    write(&from_root("docs/images/benchmarks.svg"), &chart(&report))?;
    page::publish(BEGIN, &markdown(&report))
}
