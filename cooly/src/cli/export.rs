//! `cooly export`.

use crate::settings::{HomeSettings, OwnDatabase};
use clap::{Args, ValueEnum};
use ledger::UserId;
use ledger::export::Bound;
use std::path::PathBuf;

const EXPORT_EXAMPLES: &str = "\
Examples:
  cooly export > log.ndjson                    the whole log; the last line says that it is whole
  cooly export --user alice --format csv --out alice.csv
  cooly export --since 2026-01-01 --until 2026-02-01 --format parquet --out january.parquet
  cooly export --since 4711                    goes on where an export ended: `continue_from` of its manifest

Load Parquet into DuckDB:
  select type, count(*), sum(amount) from 'log.parquet' group by type order by type;
  select payload -> 'request' ->> 'prompt' from 'log.parquet' where type = 'job.queued';

Load Parquet into pandas:
  import pandas
  events = pandas.read_parquet('log.parquet')
  events.groupby('account_id').amount.sum()

Every column is exactly as it is stored, of one moment, read up to the safe mark. A file given with --out appears
once it is whole, with FILE.manifest.json beside it: counts, positions and the SHA-256 of the file. On standard output
a failure is told by the exit code and, in NDJSON, by the missing last line. CSV fields that a spreadsheet takes for a
formula are not altered: do not open a file of a log that you do not trust in one.";

#[derive(Debug, Args)]
#[command(after_long_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportOptions {
    /// How it is written
    #[arg(long, value_enum, default_value = "ndjson", value_name = "FORMAT")]
    pub format: ExportFormat,
    /// What is written
    #[arg(long, value_enum, default_value = "events", value_name = "DATASET")]
    pub dataset: ExportDataset,
    /// Only the account of this user, ordered by stream and version
    #[arg(long, value_name = "NAME")]
    pub user: Option<UserId>,
    /// From here on: a position, an instant such as 2026-01-31T12:00:00Z (`recorded_at`) or a day
    #[arg(long, value_name = "POSITION|TIME")]
    pub since: Option<Bound>,
    /// Up to here, which is not included: a position, an instant or a day
    #[arg(long, value_name = "POSITION|TIME")]
    pub until: Option<Bound>,
    /// Where to; Parquet needs a file [default: standard output]
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    pub out: Option<PathBuf>,
    /// Where the manifest goes [default: FILE.manifest.json beside --out]
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line, the seals, and a last line that says that it is whole
    Ndjson,
    /// RFC 4180 with a header row
    Csv,
    /// Apache Parquet, for DuckDB, pandas, Spark and others
    Parquet,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportDataset {
    /// The events; in NDJSON with the seals that cover them
    Events,
    /// The seals that cover the selected events
    Seals,
}
