//! What to run, from the arguments and the environment.

use anyhow::{Context as _, Result, bail, ensure};
use measure::arguments::{from_root, given, number};
use std::path::PathBuf;
use std::time::Duration;

/// A part of the benchmark that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The ledger on 10,000 accounts.
    Spread,
    /// The ledger on one account.
    Hot,
    /// The ledger with idempotency keys.
    Keyed,
    /// pgbench, the row lock and the conventional application.
    Baselines,
    /// Two processes that share the load.
    Processes,
    /// Memory over time and over many accounts. Not run unless asked for.
    Memory,
    /// The same figures on short and long logs. Not run unless asked for.
    Growth,
}

const PARTS: [(&str, Part); 7] = [
    ("spread", Part::Spread),
    ("hot", Part::Hot),
    ("keyed", Part::Keyed),
    ("baselines", Part::Baselines),
    ("processes", Part::Processes),
    ("memory", Part::Memory),
    ("growth", Part::Growth),
];

const DEFAULT: [Part; 5] = [Part::Spread, Part::Hot, Part::Keyed, Part::Baselines, Part::Processes];

/// What the user asked for.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The length of one measurement.
    pub(crate) length: Duration,
    /// How many measurements the median is taken of.
    pub(crate) rounds: usize,
    /// Lanes of a ledger.
    pub(crate) lanes: usize,
    /// What to run.
    pub(crate) parts: Vec<Part>,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
    /// Log lengths, in events, of the growth part.
    pub(crate) growth: Vec<u64>,
    /// How long the memory part loads the ledger.
    pub(crate) memory: Duration,
    /// At how many commands each second.
    pub(crate) rate: u32,
    /// How many accounts the memory part touches before.
    pub(crate) accounts: usize,
}

/// What the program is to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Measure.
    Measure(Settings),
    /// Not even `cargo bench` has started this: it was built and run among the tests.
    Nothing,
    /// Draw and write the tables of figures that were measured before.
    Publish(Vec<PathBuf>),
}

impl Task {
    /// Reads arguments and environment.
    pub(crate) fn read() -> Result<Task> {
        let Some(given) = given() else { return Ok(Task::Nothing) };
        let mut arguments = given.into_iter();
        let mut parts = Vec::new();
        let mut json = std::env::var_os("BENCH_JSON").map(from_root);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "publish" => {
                    let files: Vec<PathBuf> = arguments.map(from_root).collect();
                    ensure!(!files.is_empty(), USAGE);
                    return Ok(Task::Publish(files));
                }
                "--json" => json = Some(from_root(arguments.next().context(USAGE)?)),
                name => parts.push(part(name)?),
            }
        }
        if parts.is_empty() {
            parts.extend(DEFAULT);
        }
        Ok(Task::Measure(Settings {
            length: Duration::from_secs(number("BENCH_SECONDS", 3)?.max(1)),
            rounds: usize::try_from(number("BENCH_ROUNDS", 3)?.max(1))?,
            lanes: usize::try_from(number("BENCH_LANES", 2)?)?,
            growth: numbers("BENCH_GROWTH", "0,1000000,10000000")?,
            memory: Duration::from_secs(number("BENCH_MEMORY_SECONDS", 120)?),
            rate: u32::try_from(number("BENCH_MEMORY_RATE", 5_000)?.max(1))?,
            accounts: usize::try_from(number("BENCH_ACCOUNTS", 100_000)?)?,
            parts,
            json,
        }))
    }
}

const USAGE: &str = "usage: cargo bench -p ledger -- \
    [spread] [hot] [keyed] [baselines] [processes] [memory] [growth] [--json FILE] | publish FILE…";

fn part(name: &str) -> Result<Part> {
    let found = PARTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, part)| *part).with_context(|| format!("{name} is no part of this benchmark; {USAGE}"))
}

fn numbers(name: &str, default: &str) -> Result<Vec<u64>> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let numbers: Vec<u64> = text
        .split(',')
        .map(|number| number.trim().replace('_', "").parse())
        .collect::<Result<_, _>>()
        .with_context(|| format!("{name}={text} is not a list of whole numbers"))?;
    if numbers.is_empty() {
        bail!("{name} names no length of the log");
    }
    Ok(numbers)
}
