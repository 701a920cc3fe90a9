//! Puts figures that were measured before where readers find them.

use super::Report;
use super::chart::chart;
use super::markdown::markdown;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- figures: begin (cargo bench -p ledger -- publish FILE…) -->";
const END: &str = "<!-- figures: end -->";

/// Writes the chart, and the tables between the two marks of `docs/benchmarks.md`.
///
/// Long parts may have been measured in runs of their own: the first file that has a part is taken.
pub(crate) fn publish(files: &[PathBuf]) -> Result<()> {
    let [first, others @ ..] = files else { return Ok(()) };
    let mut report = Report::read(first)?;
    for other in others {
        report.complete(Report::read(other)?);
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let picture = docs.join("images/benchmarks.svg");
    write(&picture, &chart(&report))?;
    let page = docs.join("benchmarks.md");
    let text = fs::read_to_string(&page).with_context(|| format!("{} cannot be read", page.display()))?;
    write(&page, &between_marks(&text, &markdown(&report))?)
}

fn between_marks(text: &str, figures: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("the page has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the page has no line {END}"))?;
    Ok(format!("{before}{BEGIN}\n\n{figures}\n{END}{after}"))
}

fn write(file: &PathBuf, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    eprintln!("wrote {}", file.display());
    Ok(())
}
