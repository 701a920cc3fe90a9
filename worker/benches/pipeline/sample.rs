//! What one measurement found: values with the heads of their columns.

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The head of its column.
    pub(crate) head: &'static str,
    /// Its unit; empty for plain numbers.
    pub(crate) unit: &'static str,
    /// How many decimals are told.
    pub(crate) decimals: usize,
}

impl Column {
    /// A column of numbers with this unit.
    pub(crate) const fn of(head: &'static str, unit: &'static str, decimals: usize) -> Column {
        Column { head, unit, decimals }
    }
}

/// Jobs or other things a second.
pub(crate) const JOBS: Column = Column::of("jobs/s", "", 0);
/// Half of all took no longer.
pub(crate) const P50: Column = Column::of("p50", "ms", 1);
/// 99 of 100 took no longer.
pub(crate) const P99: Column = Column::of("p99", "ms", 1);
/// None took longer.
pub(crate) const MOST: Column = Column::of("longest", "ms", 1);
/// CPU time of this process.
pub(crate) const OWN_CPU: Column = Column::of("our CPU", "µs", 0);
/// CPU time of the database.
pub(crate) const SERVER_CPU: Column = Column::of("Postgres CPU", "µs", 0);

/// One line of a table, measured once.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The name of the line.
    pub(crate) line: String,
    /// Its cells.
    pub(crate) values: Vec<(Column, f64)>,
}

impl Sample {
    /// A line without cells.
    pub(crate) fn new(line: impl Into<String>) -> Sample {
        Sample { line: line.into(), values: Vec::new() }
    }

    /// With one more cell.
    pub(crate) fn with(mut self, column: Column, value: f64) -> Sample {
        self.values.push((column, value));
        self
    }

    /// With the usual percentiles of times in milliseconds.
    pub(crate) fn with_times(self, mut times: Vec<f64>) -> Sample {
        times.sort_unstable_by(f64::total_cmp);
        let at = |share| measure::figures::percentile(&times, share).unwrap_or(f64::NAN);
        self.with(P50, at(0.5)).with(P99, at(0.99)).with(MOST, at(1.0))
    }
}
