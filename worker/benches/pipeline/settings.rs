//! What to run, from the arguments and the environment.

use anyhow::{Context as _, Result, bail, ensure};
use measure::arguments::{from_root, given, number};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What `--help` tells.
pub(crate) const HELP: &str = "\
Measures the worker's pipeline: one process, a private Postgres (fsync on), a private SQS, a provider that only waits.

  cargo bench --workspace --bench pipeline                         all parts, about 10 minutes
  cargo bench --workspace --bench pipeline -- latency calls        some of them
  cargo bench --workspace --bench pipeline -- --json target/p.json the figures as JSON too
  cargo bench --workspace --bench pipeline -- publish FILE…        writes figures into docs/benchmarks.md

Parts:
  throughput  jobs a second from purchase to success, with a provider that answers at once; beside a plain job table
              and a queue that is asked for one message at a time
  latency     from the answer to a purchase until the provider is asked, at a steady rate
  held        2,000 jobs of 26 s at once: memory, heartbeats, deliveries (about 100 s, one round)
  videos      5,000 clips that a provider works on: whether each is asked after in time; and 25 at once (one round)
  calls       requests to SQS for each 1,000 jobs, and what they cost
  hooks       1,000 endpoints of customers: how soon each is told, also while one never answers and one takes its time (one round)

Environment:
  BENCH_SECONDS=5   length of one measurement, after a warm-up
  BENCH_ROUNDS=3    how often each is made; medians are told
  BENCH_SLOTS=64    jobs that the worker runs at once, where a part does not say otherwise";

/// A part of the benchmark that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Jobs a second.
    Throughput,
    /// Time until the provider is asked.
    Latency,
    /// Many long jobs.
    Held,
    /// Many clips.
    Videos,
    /// Requests to SQS.
    Calls,
    /// Many endpoints.
    Hooks,
}

impl Part {
    /// All of them, in the order in which they are run.
    pub(crate) const ALL: [Part; 6] =
        [Part::Throughput, Part::Latency, Part::Calls, Part::Videos, Part::Held, Part::Hooks];

    /// What it is asked for by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Throughput => "throughput",
            Part::Latency => "latency",
            Part::Held => "held",
            Part::Videos => "videos",
            Part::Calls => "calls",
            Part::Hooks => "hooks",
        }
    }

    /// Whether one round is enough, since it takes minutes and tells many values.
    pub(crate) fn is_long(self) -> bool {
        matches!(self, Part::Held | Part::Videos | Part::Hooks)
    }
}

/// What the user asked for.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The length of one measurement.
    pub(crate) length: Duration,
    /// How many measurements the median is taken of.
    pub(crate) rounds: usize,
    /// Jobs that run at once.
    pub(crate) slots: usize,
    /// What to run.
    pub(crate) parts: Vec<Part>,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
}

/// What the program is to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Measure.
    Measure(Settings),
    /// Not even `cargo bench` has started this: it was built and run among the tests.
    Nothing,
    /// Explain itself.
    Help,
    /// Write figures that were measured before into the documentation.
    Publish(Vec<PathBuf>),
}

impl Task {
    /// Reads arguments and environment.
    pub(crate) fn read() -> Result<Task> {
        let Some(given) = given() else { return Ok(Task::Nothing) };
        let mut arguments = given.into_iter();
        let mut parts = Vec::new();
        let mut json = None;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" | "help" => return Ok(Task::Help),
                "publish" => {
                    let files: Vec<PathBuf> = arguments.map(from_root).collect();
                    ensure!(!files.is_empty(), "publish needs the files that --json wrote; see --help");
                    return Ok(Task::Publish(files));
                }
                "--json" => {
                    json = Some(from_root(arguments.next().context("--json needs a file; see --help")?));
                }
                name => match Part::ALL.into_iter().find(|part| part.name() == name) {
                    Some(part) => parts.push(part),
                    None => bail!("{name} is no part of this benchmark; see --help"),
                },
            }
        }
        if parts.is_empty() {
            parts.extend(Part::ALL);
        }
        Ok(Task::Measure(Settings {
            length: Duration::from_secs(number("BENCH_SECONDS", 5)?.max(1)),
            rounds: usize::try_from(number("BENCH_ROUNDS", 3)?.max(1))?,
            slots: usize::try_from(number("BENCH_SLOTS", 64)?.max(1))?,
            parts,
            json,
        }))
    }
}
