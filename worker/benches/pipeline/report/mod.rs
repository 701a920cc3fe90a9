//! Everything that a run found, as it is printed, kept as JSON and published.

mod aims;
mod markdown;

use crate::sample::{Column, Sample};
use crate::settings::{Part, Settings};
use anyhow::{Context as _, Result};
use measure::figures::median;
use measure::machine::Machine;
use measure::page;
use measure::table;
use measure::words::thousands;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;

const BEGIN: &str = "<!-- figures: begin (cargo bench --workspace --bench pipeline -- publish FILE…) -->";

/// What a run found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    machine: Machine,
    /// Seconds of one measurement.
    seconds: u64,
    /// Measurements of each line.
    rounds: usize,
    /// Jobs that run at once.
    slots: usize,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    part: Part,
    name: String,
    values: Vec<Value>,
}

/// One cell, with what each round found.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Value {
    head: String,
    unit: String,
    decimals: usize,
    rounds: Vec<f64>,
}

impl Value {
    fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    fn text(&self) -> String {
        number(self.median(), self.decimals, &self.unit)
    }
}

/// A number as people read it.
fn number(value: f64, decimals: usize, unit: &str) -> String {
    let digits = if decimals == 0 { thousands(value) } else { format!("{value:.decimals$}") };
    format!("{digits} {unit}").trim_end().to_owned()
}

impl Report {
    /// Nothing is found yet.
    pub(crate) fn new(machine: Machine, settings: &Settings) -> Report {
        let Settings { length, rounds, slots, .. } = *settings;
        Report { machine, seconds: length.as_secs(), rounds, slots, lines: Vec::new() }
    }

    /// Takes in what a round found, and says it in short.
    pub(crate) fn add(&mut self, part: Part, sample: Sample) -> String {
        let told = sample.values.iter().map(|(column, value)| {
            format!("{} {}", column.head, number(*value, column.decimals, column.unit))
        });
        let told = format!("{}: {}", sample.line, told.collect::<Vec<_>>().join(", "));
        let line = match self.lines.iter().position(|line| line.part == part && line.name == sample.line) {
            Some(place) => &mut self.lines[place],
            None => {
                self.lines.push(Line { part, name: sample.line, values: Vec::new() });
                self.lines.last_mut().expect("it was just put there")
            }
        };
        sample.values.into_iter().for_each(|(column, value)| line.add(column, value));
        told
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("\n{}", self.machine.lines());
        for part in Part::ALL {
            let (head, rows) = self.table(part);
            let head: Vec<&str> = head.iter().map(String::as_str).collect();
            println!("{}", table::text(&head, &rows));
        }
        let aims: Vec<Vec<String>> = aims::aims(self).into_iter().map(aims::Aim::cells).collect();
        println!("{}", table::text(&["aim", "found", ""], &aims));
    }

    /// Keeps it, if that was asked for.
    pub(crate) fn keep(&self, settings: &Settings) -> Result<()> {
        let Some(file) = &settings.json else { return Ok(()) };
        fs::write(file, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", file.display()))
    }

    /// The table of a part: its heads, and a row for each line.
    fn table(&self, part: Part) -> (Vec<String>, Vec<Vec<String>>) {
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.part == part).collect();
        let mut heads: Vec<&str> = Vec::new();
        for value in lines.iter().flat_map(|line| &line.values) {
            if !heads.contains(&value.head.as_str()) {
                heads.push(&value.head);
            }
        }
        let rows = lines.iter().map(|line| {
            let cells = heads.iter().map(|head| line.value(head).map_or("–".to_owned(), Value::text));
            [line.name.clone()].into_iter().chain(cells).collect()
        });
        let all_heads = [part.name()].into_iter().chain(heads.iter().copied()).map(str::to_owned);
        (all_heads.collect(), rows.collect())
    }

    /// The median of a cell.
    fn of(&self, part: Part, line: &str, column: Column) -> Option<f64> {
        let line = self.lines.iter().find(|known| known.part == part && known.name == line)?;
        Some(line.value(column.head)?.median())
    }

    fn read(file: &PathBuf) -> Result<Report> {
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} holds no figures of this benchmark", file.display()))
    }
}

impl Line {
    fn add(&mut self, column: Column, value: f64) {
        match self.values.iter_mut().find(|known| known.head == column.head) {
            Some(known) => known.rounds.push(value),
            None => self.values.push(Value {
                head: column.head.to_owned(),
                unit: column.unit.to_owned(),
                decimals: column.decimals,
                rounds: vec![value],
            }),
        }
    }

    fn value(&self, head: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.head == head)
    }
}

/// Writes the figures of these files into the page of figures; of a part that several have, the first file's.
pub(crate) fn publish(files: &[PathBuf]) -> Result<()> {
    let [first, others @ ..] = files else { return Ok(()) };
    let mut report = Report::read(first)?;
    for other in others {
        let known: Vec<Part> = report.lines.iter().map(|line| line.part).collect();
        let more = Report::read(other)?.lines.into_iter().filter(|line| !known.contains(&line.part));
        report.lines.extend(more);
    }
    page::publish(BEGIN, &markdown::markdown(&report))
}
