//! Everything that a run found, as it is printed, kept as JSON, drawn and published.

mod aims;
mod chart;
mod markdown;
mod publish;
mod text;

pub(crate) use publish::publish;

use crate::case::{Case, Place, System};
use crate::disk::Disk;
use crate::figures::Line;
use crate::growth::GrowthLine;
use crate::memory::Point;
use anyhow::{Context as _, Result};
use measure::machine::Machine;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// What a run found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Where.
    pub(crate) machine: Machine,
    /// Seconds of one measurement.
    pub(crate) seconds: u64,
    /// Measurements of each case.
    pub(crate) rounds: usize,
    /// Lanes of each ledger.
    pub(crate) lanes: usize,
    /// Events of one command.
    pub(crate) events_per_command: u64,
    /// The table.
    pub(crate) lines: Vec<Line>,
    /// What the log takes on disk.
    pub(crate) disk: Disk,
    /// Memory over time, if it was asked for.
    pub(crate) memory: Vec<Point>,
    /// Short and long logs, if they were asked for.
    pub(crate) growth: Vec<GrowthLine>,
}

impl Report {
    /// Prints it.
    pub(crate) fn print(&self) {
        println!("{}", text::text(self));
    }

    /// Keeps it.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", file.display()))
    }

    /// Takes it up again.
    pub(crate) fn read(file: &Path) -> Result<Report> {
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} holds no figures of this benchmark", file.display()))
    }

    /// Takes over what another run measured and this one did not.
    fn complete(&mut self, other: Report) {
        if self.lines.is_empty() {
            self.lines = other.lines;
            self.disk = other.disk;
        }
        if self.growth.is_empty() {
            self.growth = other.growth;
        }
        if self.memory.is_empty() {
            self.memory = other.memory;
        }
    }

    fn line(&self, system: System, callers: usize, place: Place) -> Option<&Line> {
        self.lines.iter().find(|line| line.case == Case { system, callers, place })
    }

    fn rate(&self, system: System, callers: usize, place: Place) -> Option<f64> {
        Some(self.line(system, callers, place)?.median.per_second)
    }

    /// The rate of pgbench.
    fn bare(&self) -> Option<f64> {
        self.rate(System::Bare, 64, Place::Spread)
    }
}
