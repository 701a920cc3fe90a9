//! The command line: what can be run, and with which settings. Every setting is a flag and an environment
//! variable; the flag wins.

use crate::settings::{
    ApiSettings, AuthSettings, CatalogSettings, DatabaseSettings, HomeSettings, LedgerSettings,
    ListenSettings, LogSettings, ObserveSettings, OutputSettings, OwnDatabase, QueueSettings,
    SealKeySettings, SealSettings, SimulatorSettings, WebhookSettings, WorkerSettings,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use embedded::providers::{Protocol, WORDS};
use ledger::UserId;
use ledger::export::Bound;
use ledger::seal::KeptSeal;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// An event-sourced credit ledger and generation pipeline: credits in, pictures and videos out, every credit
/// accounted for.
///
/// Run without a command to bring everything up on this machine: a private Postgres, a private queue, the
/// API with its pages, a worker and a simulated provider.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  cooly                                        everything, on 127.0.0.1:8080, data in ./.cooly
  cooly up --listen 127.0.0.1:9000 --data-dir /tmp/try
  cooly token --role admin --sub ops           a token for the key in ./.cooly
  DATABASE_URL=postgres://… cooly migrate      brings a database to this version's schema
  DATABASE_URL=postgres://… cooly verify       proves the books, or names what is wrong
  cooly proof make 4711 --out event.json       a proof that event 4711 was in the log, exactly so
  cooly proof verify event.json --trust KEY    checks it anywhere, without a database
  DATABASE_URL=postgres://… cooly export --format parquet --out log.parquet
  cooly mock-provider --protocol fal           stands in for fal, to try a catalogue without an account
  cooly catalog check models.toml              says what is wrong with a file of models and providers
  cooly up --catalog models.toml               offers them

In production run `cooly migrate` once for each release, then any number of `cooly api`, `cooly worker` and
`cooly projector`, all with the same DATABASE_URL, queue and key.";

impl Cli {
    /// What was asked for; `up` with its defaults when nothing was.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or_else(|| Cli::parse_from(["cooly", "up"]).command.expect("`up` is a command"))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process, with private servers for what is not configured
    Up(Box<UpOptions>),
    /// Serve the HTTP API and its pages
    Api(ApiOptions),
    /// Run jobs: relay to the queue, run, poll, drain, reconcile, sweep what has lapsed; seal the log
    Worker(WorkerOptions),
    /// Keep the read models up to date
    Projector(ProjectorOptions),
    /// Bring the database to this version's schema
    Migrate(MigrateOptions),
    /// Prove that the books are right, or name each breach
    Verify(VerifyOptions),
    /// Write the log, or one account, to a file: NDJSON, CSV or Parquet
    Export(ExportOptions),
    /// Fill a read model anew from the log and switch to it
    Rebuild(RebuildOptions),
    /// Print a token for a user, an admin or an auditor
    Token(TokenOptions),
    /// Make a key that seals the log, or show the public key of the one in use
    SealKey(SealKeyOptions),
    /// Prove that an event is in the sealed log
    #[command(subcommand)]
    Proof(ProofCommand),
    /// Stand in for a provider: speak its protocol, make small pictures, and fail on demand
    MockProvider(MockProviderOptions),
    /// Check or show the file of models and providers
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Look whether all that a role needs is there and right: settings, database, clock, queue, outputs
    ///
    /// Changes nothing, but for one small file that is put into the output store and taken away again. Exit code 0 means
    /// that it would run, 1 that something has to be mended first.
    #[command(after_help = DOCTOR_HELP)]
    Doctor(Box<DoctorOptions>),
    /// Print a script with which your shell completes commands and settings
    Completions(CompletionsOptions),
    /// Write pages for `man`, one for each command
    Manual(ManualOptions),
}

const DOCTOR_HELP: &str = "\
Examples:
  cooly doctor                                  the data folder of `cooly up`, and this machine
  DATABASE_URL=postgres://… cooly doctor --for worker
  cooly doctor --json | jq '.[] | select(.verdict == \"fail\")'

Run it where the role is to run, with the environment that it is to have.";

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// Which role is to run here
    #[arg(long = "for", value_enum, default_value = "all", value_name = "ROLE")]
    pub role: DoctorRole,
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
    #[command(flatten)]
    pub queue: QueueSettings,
    /// Attempts of a job before it goes to the dead letters
    #[arg(long, env = "COOLY_MAX_ATTEMPTS", default_value_t = 3, value_name = "N", help_heading = "Queue")]
    pub max_attempts: u32,
    #[command(flatten)]
    pub auth: AuthSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub outputs: OutputSettings,
    #[command(flatten)]
    pub seals: SealKeySettings,
}

/// What is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorRole {
    /// Every role
    All,
    /// The HTTP API
    Api,
    /// A worker
    Worker,
    /// A projector
    Projector,
}

impl DoctorRole {
    /// Whether it has tokens to check.
    pub(crate) fn serves_requests(self) -> bool {
        matches!(self, DoctorRole::All | DoctorRole::Api)
    }

    /// Whether it has a queue and providers.
    pub(crate) fn runs_jobs(self) -> bool {
        matches!(self, DoctorRole::All | DoctorRole::Worker)
    }

    /// Whether it reads or writes outputs.
    pub(crate) fn has_outputs(self) -> bool {
        self != DoctorRole::Projector
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cooly completions bash > ~/.local/share/bash-completion/completions/cooly
  cooly completions zsh > ~/.zfunc/_cooly        with ~/.zfunc in fpath
  cooly completions fish > ~/.config/fish/completions/cooly.fish")]
pub(crate) struct CompletionsOptions {
    /// The shell that is to complete
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManualOptions {
    /// Folder for the pages; it is made if it is not there
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct UpOptions {
    #[command(flatten)]
    pub listen: ListenSettings,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
    #[command(flatten)]
    pub queue: QueueSettings,
    #[command(flatten)]
    pub auth: AuthSettings,
    #[command(flatten)]
    pub ledger: LedgerSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub outputs: OutputSettings,
    #[command(flatten)]
    pub api: ApiSettings,
    #[command(flatten)]
    pub worker: WorkerSettings,
    #[command(flatten)]
    pub simulator: SimulatorSettings,
    #[command(flatten)]
    pub seals: SealSettings,
    #[command(flatten)]
    pub log: LogSettings,
}

#[derive(Debug, Args)]
pub(crate) struct ApiOptions {
    #[command(flatten)]
    pub listen: ListenSettings,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: DatabaseSettings,
    #[command(flatten)]
    pub auth: AuthSettings,
    #[command(flatten)]
    pub ledger: LedgerSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub outputs: OutputSettings,
    #[command(flatten)]
    pub api: ApiSettings,
    #[command(flatten)]
    pub log: LogSettings,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerOptions {
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: DatabaseSettings,
    #[command(flatten)]
    pub queue: QueueSettings,
    #[command(flatten)]
    pub ledger: LedgerSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub outputs: OutputSettings,
    #[command(flatten)]
    pub worker: WorkerSettings,
    #[command(flatten)]
    pub simulator: SimulatorSettings,
    #[command(flatten)]
    pub seals: SealSettings,
    #[command(flatten)]
    pub observe: ObserveSettings,
    #[command(flatten)]
    pub log: LogSettings,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectorOptions {
    #[command(flatten)]
    pub database: DatabaseSettings,
    #[command(flatten)]
    pub observe: ObserveSettings,
    #[command(flatten)]
    pub log: LogSettings,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateOptions {
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Go back to this schema version instead; 0 drops everything, the log included
    #[arg(long, value_name = "VERSION", requires = "yes")]
    pub undo_to: Option<i32>,
    /// Confirm that data may be dropped
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
    /// Leave out the comparison of the read models with a replay of the log
    #[arg(long)]
    pub log_only: bool,
    /// Print breaches as JSON, one a line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub trust: TrustSettings,
    /// A seal of which you kept a copy elsewhere, as this command printed it: finds seals that were cut off or made
    /// anew; may be given several times
    #[arg(long, value_name = "NUMBER:HASH")]
    pub kept: Vec<KeptSeal>,
    #[command(flatten)]
    pub key: SealKeySettings,
}

/// Whose seals are believed.
#[derive(Debug, Args)]
pub(crate) struct TrustSettings {
    /// Public key that you trust, in hexadecimal or base64, or a file that holds it; may be given several times
    #[arg(long, value_name = "KEY")]
    pub trust: Vec<String>,
}

const SEAL_KEY_HELP: &str = "\
Without an option it makes a new key and prints it once: keep the secret where only the workers can read it, and
the public key with whoever is to check the log, outside of the database's reach.

  cooly seal-key                       a new key
  cooly seal-key --show                the public key of COOLY_SEAL_KEY, or of the data folder of `cooly up`

To change the key, start the workers with the new one, and trust both: old seals stay signed with the old key.";

#[derive(Debug, Args)]
#[command(after_long_help = SEAL_KEY_HELP)]
pub(crate) struct SealKeyOptions {
    /// Print the public key of the key in use instead of making a new one
    #[arg(long)]
    pub show: bool,
    #[command(flatten)]
    pub key: SealKeySettings,
    #[command(flatten)]
    pub home: HomeSettings,
}

const CATALOG_HELP: &str = "\
A catalogue is a TOML file with a table for each provider and one for each model:

  [providers.fal]
  adapter = \"fal\"                  # fal, replicate, openai, http or simulated
  key_env = \"FAL_KEY\"              # the variable that holds the key, or key_file = \"/path\"; never the key itself

  [[models]]
  id = \"flux\"
  kind = \"image\"                   # image or video
  price = \"4\"                      # credits, for one output or, with pricing = \"per_second\", one second of it
  routes = [                         # the next one is asked when the one before it refuses
    { provider = \"fal\", model = \"fal-ai/flux/dev\", cost = \"0.025\" },
  ]

  [classes.video]                    # optional: a queue and slots of their own for all video models
  slots = 4                          # at once in each worker; as many as --concurrency where it is left out

Give it to `cooly up`, `api` and `worker` with --catalog FILE or COOLY_CATALOG, the same file to all of them. After a
change, check it and send the processes SIGHUP: one that cannot be used is refused, and the one before it stays.
docs/catalog.toml is an example with every key.";

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Say what a catalogue offers, or everything that is wrong with it, by line
    ///
    /// Exit code 0 means that `cooly up`, `api` and `worker` take it. Warnings are told and change nothing about that.
    #[command(after_long_help = CATALOG_HELP)]
    Check(CatalogCheckOptions),
    /// Show the models, their prices and who makes them
    #[command(after_long_help = CATALOG_HELP)]
    Show(CatalogShowOptions),
}

#[derive(Debug, Args)]
pub(crate) struct CatalogCheckOptions {
    /// The catalogue
    #[arg(env = "COOLY_CATALOG", value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CatalogShowOptions {
    /// The catalogue [default: the simulated models]
    #[arg(env = "COOLY_CATALOG", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProofCommand {
    /// Make the proof of one event from the database
    ///
    /// The proof is a JSON document with the event exactly as it is in the log, its place in the Merkle tree of its
    /// block, and the signed seal of the block. It is made as soon as the block is sealed, a minute after the event
    /// at the latest.
    Make(ProofMakeOptions),
    /// Check a proof without a database
    ///
    /// Computes the event's hash, its leaf, the root and the seal's hash again and checks the signature. Exit code 0
    /// means: whoever holds the trusted key sealed this event, exactly so, at this place of the log. Otherwise it
    /// names the step that fails, with exit code 1.
    Verify(ProofVerifyOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ProofMakeOptions {
    /// The event: its position in the log, or its id
    #[arg(value_name = "POSITION|EVENT_ID")]
    pub event: String,
    /// Where to write the document [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}

#[derive(Debug, Args)]
pub(crate) struct ProofVerifyOptions {
    /// The document; `-` reads standard input
    pub file: PathBuf,
    /// Public key that you trust, in hexadecimal or base64, or a file that holds it; may be given several times
    #[arg(long, required = true, value_name = "KEY")]
    pub trust: Vec<String>,
}

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

#[derive(Debug, Args)]
pub(crate) struct RebuildOptions {
    /// Which read model: account_balances, credit_history, generations, pending_tasks, dead_letters, usage_daily
    /// or overview_totals
    pub read_model: String,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    /// Generates, and sees its own credits
    User,
    /// Grants credits and mends failed jobs
    Admin,
    /// Reads the event history
    Auditor,
}

#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// What the token allows
    #[arg(long, value_enum)]
    pub role: Role,
    /// Whose token it is: a user id of 1 to 255 bytes
    #[arg(long, value_name = "NAME")]
    pub sub: String,
    /// How long it is valid, such as `30m`, `12h` or `7d`
    #[arg(long, default_value = "12h", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub ttl: std::time::Duration,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub auth: AuthSettings,
}

#[derive(Debug, Args)]
#[command(after_long_help = mock_provider_help())]
pub(crate) struct MockProviderOptions {
    /// Whose protocol it speaks: fal, replicate or openai
    #[arg(long, value_name = "NAME")]
    pub protocol: Protocol,
    /// Address and port; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Environment variable that holds the key which requests must carry [default: any key is taken]
    #[arg(long, value_name = "NAME")]
    pub key_env: Option<String>,
    /// From a request to its pictures, such as `500ms` or `2s`
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub delay: std::time::Duration,
    #[command(flatten)]
    pub log: LogSettings,
}

fn mock_provider_help() -> String {
    let mut help = "\
It keeps everything in memory and charges nothing. Whoever gives it the address of a webhook is told there, signed as the
service does it. When it is up it prints what it answers, and the lines of a catalogue file that lead to it.

Words make it fail: as a part of a model's name (`fal-ai/flux/busy`, `gpt-image-flaky`), or in a prompt (`mock:busy`):
"
    .to_owned();
    for word in WORDS {
        // Writing into a string cannot fail.
        let _ = writeln!(help, "  {:<10} {}", word.word, word.meaning);
    }
    help
}
