//! The command line: what can be run, and with which settings. Every setting is a flag and an environment
//! variable; the flag wins.

mod catalog;
mod doctor;
mod export;
mod key;
mod proof;

pub(crate) use catalog::{CatalogCheckOptions, CatalogCommand, CatalogShowOptions};
pub(crate) use doctor::{DoctorOptions, DoctorRole};
pub(crate) use export::{ExportDataset, ExportFormat, ExportOptions};
pub(crate) use key::{KeyCommand, KeyCreateOptions, KeyListOptions, KeyRevokeOptions};
pub(crate) use proof::{ProofCommand, ProofMakeOptions, ProofVerifyOptions};

use crate::settings::{
    ApiSettings, AuthSettings, CatalogSettings, DatabaseSettings, EnvironmentSettings, HomeSettings,
    HookSettings, LedgerSettings, ListenSettings, LogSettings, ObserveSettings, OutputSettings, OwnDatabase,
    QueueSettings, SealKeySettings, SealSettings, SimulatorSettings, WebhookSettings, WorkerSettings,
};
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use doctor::DOCTOR_HELP;
use embedded::providers::{Protocol, WORDS};
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
  cooly key create --name shop --scope backend  an API key for a back end, shown this once
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
    /// What was asked for. Whoever asks for nothing wants to look around: `up` with its defaults, and with examples.
    pub(crate) fn command(self) -> Command {
        let around = || Cli::parse_from(["cooly", "up", "--examples"]);
        self.command.unwrap_or_else(|| around().command.expect("`up` is a command"))
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
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Key(KeyCommand),
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
    pub environment: EnvironmentSettings,
    #[command(flatten)]
    pub ledger: LedgerSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub hooks: HookSettings,
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
    /// Make what the examples of the API's document name, so that every operation in Swagger UI can be pressed as it is: a
    /// picture and a cancelled one, two dead letters, a hold. `cooly` alone does; only ever with the private Postgres,
    /// the development key, outputs of its own and the simulated models
    #[arg(long, env = "COOLY_EXAMPLES", value_parser = FalseyValueParser::new())]
    pub examples: bool,
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
    pub environment: EnvironmentSettings,
    #[command(flatten)]
    pub ledger: LedgerSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub hooks: HookSettings,
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
    pub hooks: HookSettings,
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
