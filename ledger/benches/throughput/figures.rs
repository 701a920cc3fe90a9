//! From what was counted to what is told: rates, percentiles, costs for each command, medians.

use crate::case::Case;
use crate::crowd::Tally;
use crate::meter::Costs;
use measure::figures::{median, percentile};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What one measurement found.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Durable commands a second.
    pub(crate) per_second: f64,
    /// Median time of a command, in milliseconds; pgbench does not tell.
    pub(crate) p50_ms: Option<f64>,
    /// Time within which 99 of 100 commands were done, in milliseconds.
    pub(crate) p99_ms: Option<f64>,
    /// CPU time of the calling side for each command, in microseconds.
    pub(crate) own_cpu_us: f64,
    /// CPU time of the server for each command, in microseconds.
    pub(crate) server_cpu_us: f64,
    /// Write-ahead log for each command, in bytes.
    pub(crate) wal_bytes: f64,
}

impl Figure {
    /// Of a crowd and what it cost in its window.
    pub(crate) fn new(mut tally: Tally, costs: Costs, length: Duration) -> Figure {
        tally.times.sort_unstable();
        let at = |share: f64| percentile(&tally.times, share).map(|time| f64::from(time) / 1e3);
        let costs = costs.for_each(tally.done as f64);
        Figure {
            per_second: tally.done as f64 / length.as_secs_f64(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            ..costs
        }
    }

    /// Of a program that tells its rate only.
    pub(crate) fn of_rate(per_second: f64, costs: Costs, length: Duration) -> Figure {
        Figure { per_second, ..costs.for_each(per_second * length.as_secs_f64()) }
    }
}

impl Costs {
    /// A figure with the costs of each of so many commands and nothing else.
    fn for_each(self, commands: f64) -> Figure {
        let commands = commands.max(1.0);
        Figure {
            per_second: 0.0,
            p50_ms: None,
            p99_ms: None,
            own_cpu_us: self.own.as_secs_f64() * 1e6 / commands,
            server_cpu_us: self.server.as_secs_f64() * 1e6 / commands,
            wal_bytes: self.wal as f64 / commands,
        }
    }
}

/// One line of the table: medians over the rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    /// What was measured.
    pub(crate) case: Case,
    /// The medians, each of its own.
    pub(crate) median: Figure,
    /// Events a second, for what writes events.
    pub(crate) events_per_second: Option<f64>,
    /// All rounds, in order.
    pub(crate) rounds: Vec<Figure>,
}

impl Line {
    /// Sums up the rounds of a case; `events` is how many events a command writes.
    pub(crate) fn new(case: Case, rounds: Vec<Figure>, events: u64) -> Line {
        let of = |field: fn(&Figure) -> f64| median(rounds.iter().map(field).collect());
        let of_some = |field: fn(&Figure) -> Option<f64>| {
            let known: Vec<f64> = rounds.iter().filter_map(field).collect();
            (!known.is_empty()).then(|| median(known))
        };
        let median = Figure {
            per_second: of(|figure| figure.per_second),
            p50_ms: of_some(|figure| figure.p50_ms),
            p99_ms: of_some(|figure| figure.p99_ms),
            own_cpu_us: of(|figure| figure.own_cpu_us),
            server_cpu_us: of(|figure| figure.server_cpu_us),
            wal_bytes: of(|figure| figure.wal_bytes),
        };
        let events_per_second = case.system.is_ours().then_some(median.per_second * events as f64);
        Line { case, median, events_per_second, rounds }
    }

    /// The slowest and the fastest round, in commands a second.
    pub(crate) fn range(&self) -> (f64, f64) {
        let rates = self.rounds.iter().map(|figure| figure.per_second);
        rates.fold((f64::INFINITY, 0.0), |(low, high), rate| (low.min(rate), high.max(rate)))
    }
}
