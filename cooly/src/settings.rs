//! The settings, in the groups in which commands use them.

use crate::top_up;
use apikeys::Environment;
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use ledger::Credits;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Where the API listens.
#[derive(Debug, Args)]
pub(crate) struct ListenSettings {
    /// Address and port of the API; anything but loopback needs a configured JWT key
    #[arg(long, env = "COOLY_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
}

/// Where health and metrics of a process without an API are served.
#[derive(Debug, Args)]
pub(crate) struct ObserveSettings {
    /// Address and port of `/health/live`, `/health/ready` and `/metrics`, which ask for no token. Port 0 takes a free one,
    /// which the log tells
    #[arg(long, env = "COOLY_OBSERVE", default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub observe: SocketAddr,
}

/// Where this machine's own data is kept.
#[derive(Debug, Args)]
pub(crate) struct HomeSettings {
    /// Folder for the private Postgres, the outputs and the development key
    #[arg(long, env = "COOLY_DATA_DIR", default_value = ".cooly", value_name = "DIR")]
    pub data_dir: PathBuf,
}

/// A database that must be there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct DatabaseSettings {
    /// Postgres 15 or newer; `sslmode=require` in the URL checks the server's certificate
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: String,
}

/// A database, or the private one of the data folder.
#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct OwnDatabase {
    /// Postgres 15 or newer [default: a private server in the data folder]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
}

/// The queue.
#[derive(Debug, Args)]
#[command(next_help_heading = "Queue")]
pub(crate) struct QueueSettings {
    /// Name of the SQS queue; it and its dead-letter queue are made when they do not exist, as are those of classes of work
    /// that the catalogue gives queues of their own. Naming it makes `up` use SQS instead of a private queue
    /// [default: cooly-jobs]
    #[arg(long, env = "COOLY_SQS_QUEUE", value_name = "NAME")]
    pub sqs_queue: Option<String>,
    /// Endpoint of an SQS server; without it the one of the AWS region is used
    #[arg(long, env = "COOLY_SQS_ENDPOINT", value_name = "URL")]
    pub sqs_endpoint: Option<String>,
    /// AWS region; credentials come from the environment, a profile or the instance, as AWS' own tools do it
    #[arg(long, env = "AWS_REGION", value_name = "REGION")]
    pub aws_region: Option<String>,
}

impl QueueSettings {
    /// Whether any SQS server was named.
    pub(crate) fn is_configured(&self) -> bool {
        self.sqs_queue.is_some() || self.sqs_endpoint.is_some()
    }
}

/// Whose tokens are believed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tokens")]
pub(crate) struct AuthSettings {
    /// Secret of HS256 tokens, at least 32 bytes [default on loopback: a key made in the data folder]
    #[arg(long, env = "COOLY_JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub jwt_secret: Option<String>,
    /// PEM file with the public key of RS256, ES256 or EdDSA tokens, instead of a secret
    #[arg(long, env = "COOLY_JWT_PUBLIC_KEY", value_name = "FILE", conflicts_with = "jwt_secret")]
    pub jwt_public_key: Option<PathBuf>,
    /// Where an identity provider publishes its keys (JWKS), instead of a secret or a file: https://, or http:// on this
    /// machine. They are fetched again every few minutes, and when a token names a key that is new
    #[arg(long, env = "COOLY_JWT_JWKS_URL", value_name = "URL", value_parser = jwks_url, conflicts_with_all = ["jwt_secret", "jwt_public_key"])]
    pub jwt_jwks_url: Option<String>,
    /// Issuer that tokens must name
    #[arg(long, env = "COOLY_JWT_ISSUER", default_value = "cooly", value_name = "ISSUER")]
    pub jwt_issuer: String,
    /// Audience that tokens must name
    #[arg(long, env = "COOLY_JWT_AUDIENCE", default_value = "cooly", value_name = "AUDIENCE")]
    pub jwt_audience: String,
}

fn jwks_url(text: &str) -> Result<String, api::auth::AddressError> {
    api::auth::check_address(text).map(|()| text.to_owned())
}

/// Which API keys are taken.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "API keys")]
pub(crate) struct EnvironmentSettings {
    /// Whose API keys are taken and made: live (`ck_live_…`) or test (`ck_test_…`). The same for every `api`
    /// [default: live with a DATABASE_URL, test with a private Postgres]
    #[arg(long, env = "COOLY_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<Environment>,
}

impl EnvironmentSettings {
    /// The environment that was named, or that of such a database.
    pub(crate) fn of(&self, has_private_database: bool) -> Environment {
        let usual = if has_private_database { Environment::Test } else { Environment::Live };
        self.environment.unwrap_or(usual)
    }
}

/// Where pictures and clips are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Outputs")]
pub(crate) struct OutputSettings {
    /// A folder or a URL such as s3://bucket/prefix [default: `outputs` in the data folder]
    #[arg(long, env = "COOLY_OUTPUTS", value_name = "FOLDER|URL")]
    pub outputs: Option<String>,
    /// How long they are kept, at least an hour; then they are deleted, and who asks for one is told that it has expired. The
    /// same for every `api` and `worker` [default: for ever]
    #[arg(long, env = "COOLY_KEEP_OUTPUTS", value_parser = keep_outputs, value_name = "DURATION")]
    pub keep_outputs: Option<Duration>,
}

/// What an attempt has stored must outlive the attempt, or a job could succeed with pictures that are gone.
const SHORTEST_KEEP: Duration = Duration::from_secs(3600);

fn keep_outputs(text: &str) -> Result<Duration, String> {
    let keep = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match keep {
        _ if keep < SHORTEST_KEEP => Err("must be at least 1h".into()),
        _ if keep > LONGEST_TIME => {
            Err("must be at most 10 years; leave it out to keep outputs for ever".into())
        }
        keep => Ok(keep),
    }
}

/// What the ledger decides by.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Ledger")]
pub(crate) struct LedgerSettings {
    /// How long credits live that come back to a grant which has expired since they were taken; at most 10 years.
    /// The same for every process
    #[arg(long, env = "COOLY_REFUND_GRACE", default_value = "7d", value_parser = refund_grace, value_name = "DURATION")]
    pub refund_grace: Duration,
}

/// Longer would only be a typing error, and must never pass the last instant that can be written.
const LONGEST_TIME: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

fn refund_grace(text: &str) -> Result<Duration, String> {
    let grace = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if grace > LONGEST_TIME { Err("must be at most 10 years".into()) } else { Ok(grace) }
}

/// What is on offer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Models")]
pub(crate) struct CatalogSettings {
    /// TOML file with the models and the providers that make them, the same for every process; SIGHUP reads it again. See
    /// `cooly catalog check --help` [default: the simulated models]
    #[arg(long, env = "COOLY_CATALOG", value_name = "FILE")]
    pub catalog: Option<PathBuf>,
}

/// What providers that report by themselves are told.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Webhooks of providers")]
pub(crate) struct WebhookSettings {
    /// Where providers reach the API from outside, such as https://cooly.example.org; for those whose `webhooks` are on in
    /// the catalogue. The same for every `api` and `worker`
    #[arg(long, env = "COOLY_PUBLIC_URL", value_parser = public_url, value_name = "URL")]
    pub public_url: Option<String>,
    /// Secret of at least 32 bytes that shows that the address of a webhook was given out here. The same for every
    /// `api` and `worker` [default of `up`: a key made in the data folder]
    #[arg(long, env = "COOLY_WEBHOOK_KEY", hide_env_values = true, value_name = "SECRET")]
    pub webhook_key: Option<Secret>,
}

/// What customers are told unasked.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Webhooks of customers")]
pub(crate) struct HookSettings {
    /// Let messages go to addresses that are not public, and without TLS: for development alone, since whoever may make an endpoint
    /// then reaches what this machine reaches. The same for every `api` and `worker`
    #[arg(long, env = "COOLY_PRIVATE_WEBHOOKS", value_parser = FalseyValueParser::new())]
    pub private_webhooks: bool,
    /// Credits below which a balance counts as low. The same for every `api` and `worker` [default: five times the lowest
    /// price in the catalogue]
    #[arg(long, env = "COOLY_LOW_BALANCE", value_name = "CREDITS", help_heading = "Balances")]
    pub low_balance: Option<Credits>,
}

/// An address to which a path can be added. What is wrong is not repeated: it may hold a password.
fn public_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let authority = rest.map(|rest| rest.split('/').next().unwrap_or_default()).unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['?', '#']);
    if authority.is_empty() || authority.contains('@') || !is_plain {
        return Err(
            "must be https:// and a host, and a path if there is one, without a user or a query".into()
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// How much the API takes on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct ApiSettings {
    /// Requests a second that one user may send over a longer time
    #[arg(long, env = "COOLY_USER_RATE", default_value_t = 500, value_name = "N")]
    pub user_rate: u32,
    /// Lanes of the ledger: accounts are spread over them, each has one database connection
    #[arg(long, env = "COOLY_LANES", default_value_t = 2, value_name = "N")]
    pub lanes: usize,
    /// Where users get more credits: https://, or http:// on this machine. Told with the balance, and linked in the studio
    #[arg(long, env = "COOLY_TOP_UP_URL", value_parser = top_up::address, value_name = "URL", help_heading = "Balances")]
    pub top_up_url: Option<String>,
}

/// How a worker works.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Worker")]
pub(crate) struct WorkerSettings {
    /// Jobs that run at once, beside those of classes with slots of their own in the catalogue
    #[arg(long, env = "COOLY_CONCURRENCY", default_value_t = 16, value_name = "N")]
    pub concurrency: usize,
    /// Attempts of a job before it goes to the dead letters
    #[arg(long, env = "COOLY_MAX_ATTEMPTS", default_value_t = 3, value_name = "N")]
    pub max_attempts: u32,
    /// How long a claim on a job holds at most; a worker that was not heard of for half a minute loses its jobs sooner. A
    /// provider gets five twelfths of it to make a picture, storing it as much
    #[arg(long, env = "COOLY_LEASE", default_value = "120s", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub lease: Duration,
    /// How long a job may wait unclaimed before its queue message counts as lost and is sent again
    #[arg(long, env = "COOLY_RECONCILE_AFTER", default_value = "60s", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub reconcile_after: Duration,
    /// How long messages to SQS may wait for each other while they come closely one after the other, 1s at most: with 100ms a
    /// steady hundred jobs a second need a seventh of the requests, and start up to 100ms later. A lone job never waits
    #[arg(long, env = "COOLY_QUEUE_LINGER", default_value = "0ms", value_parser = queue_linger, value_name = "DURATION")]
    pub queue_linger: Duration,
    /// Name of this worker in the log [default: the process id]
    #[arg(long, env = "COOLY_WORKER_NAME", value_name = "NAME")]
    pub worker_name: Option<String>,
}

/// A job is not to wait longer for requests to be saved.
const LONGEST_QUEUE_LINGER: Duration = Duration::from_secs(1);

/// A bare number counts milliseconds.
fn queue_linger(text: &str) -> Result<Duration, String> {
    let linger = match text.parse() {
        Ok(milliseconds) => Duration::from_millis(milliseconds),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string())?,
    };
    if linger > LONGEST_QUEUE_LINGER { Err("must be at most 1s".into()) } else { Ok(linger) }
}

/// How the simulated provider behaves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Simulated provider")]
pub(crate) struct SimulatorSettings {
    /// How long a simulated picture takes
    #[arg(long, env = "COOLY_SIM_IMAGE_DELAY", default_value = "1500ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub sim_image_delay: Duration,
    /// How long a simulated clip takes
    #[arg(long, env = "COOLY_SIM_VIDEO_DELAY", default_value = "4s", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub sim_video_delay: Duration,
}

/// A secret as it was given; never printed.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Secret, Infallible> {
        Ok(Secret(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

/// The key that seals the log.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Seals")]
pub(crate) struct SealKeySettings {
    /// Ed25519 key that signs sealed blocks of the log: a seed of 32 bytes in hexadecimal or base64, or a PKCS#8
    /// file. Make one with `cooly seal-key`
    #[arg(long, env = "COOLY_SEAL_KEY", hide_env_values = true, value_name = "SEED|FILE")]
    pub seal_key: Option<Secret>,
}

/// When the log is sealed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Seals")]
pub(crate) struct SealSettings {
    #[command(flatten)]
    pub key: SealKeySettings,
    /// Events of a full block, which is sealed at once
    #[arg(long, env = "COOLY_SEAL_BLOCK", default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=65_536), value_name = "N")]
    pub seal_block: u32,
    /// How old the oldest event of a block that is not full may get before it is sealed
    #[arg(long, env = "COOLY_SEAL_AFTER", default_value = "60s", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub seal_after: Duration,
}

/// How logs are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogSettings {
    /// For people or for machines
    #[arg(long, env = "COOLY_LOG_FORMAT", default_value = "text", value_enum, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// What is logged, such as `info` or `warn,worker=debug`
    #[arg(long, env = "COOLY_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}
