//! What the API needs to be told before it can serve.

use crate::serve::auth::{Environment, Keys};
use ledger::catalogue::Catalogue;
use ledger::{Credits, Database, Ledger, Position};
use metrics_exporter_prometheus::PrometheusHandle;
use object_store::ObjectStore;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use webhooks::Reception;

/// Everything that [`crate::serve`] stands on.
#[derive(Clone)]
pub struct ApiOptions {
    /// Executes commands.
    pub ledger: Ledger,
    /// Where the log and the read models are.
    pub database: Database,
    /// The safe mark: the feed of changes is read up to it.
    pub mark: watch::Receiver<Position>,
    /// The models on offer, as they are now.
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
    /// The providers that may report, as they are now.
    pub reception: watch::Receiver<Arc<Reception>>,
    /// Where finished outputs are.
    pub outputs: Arc<dyn ObjectStore>,
    /// How long they are kept there; `None` for ever.
    pub keep_outputs: Option<Duration>,
    /// Checks tokens.
    pub keys: Keys,
    /// Whose API keys are taken.
    pub environment: Environment,
    /// Whether `POST /dev/token` hands out tokens. Only ever on a loopback address with a key of its own.
    pub dev_tokens: bool,
    /// Whether `/metrics` answers without a token.
    pub open_metrics: bool,
    /// Renders the metrics of this process.
    pub metrics: PrometheusHandle,
    /// What does not keep the API from serving and somebody should know all the same, such as a queue that is away.
    pub warnings: Option<Warnings>,
    /// Where users get more credits, if there is such a place.
    pub top_up_url: Option<String>,
    /// Below which a balance counts as low; else it is five times the lowest price on offer.
    pub low_balance: Option<Credits>,
    /// Whether customers' webhooks may go to addresses that are not public, and without TLS. For development.
    pub private_hooks: bool,
    /// How much it takes on.
    pub limits: Limits,
}

/// Tells what is amiss now, a sentence each.
pub type Warnings = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// How much the API takes on before it says no. The defaults suit two cores.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest request body, in bytes.
    pub body_bytes: usize,
    /// Open connections. Past that, whoever is slowest to send a request or to take its answer gives up its place.
    pub connections: usize,
    /// Open connections of one address; a proxy in front counts as one.
    pub connections_per_address: usize,
    /// Requests in work at once; more are answered 503.
    pub requests: usize,
    /// Requests at once that wait for a generation to end (`Prefer: wait`); more are answered at once.
    pub waits: usize,
    /// Uploads at once that are worked on as they come; more are answered 429.
    pub uploads: usize,
    /// Event streams of one user; more are answered 429.
    pub streams_per_user: usize,
    /// Exports of the log in work at once; more are answered 429. Each has a database connection of its own.
    pub exports: usize,
    /// Exports of lists in work at once; more are answered 429. None keeps a database connection while its client reads.
    pub list_exports: usize,
    /// Those of one caller.
    pub list_exports_of_one: usize,
    /// Requests a second of one user over a longer time; more are answered 429.
    pub requests_per_second: u32,
    /// Requests that a user may send at once after a pause.
    pub burst: u32,
    /// Connections to the database for reading.
    pub database_connections: usize,
    /// Connections to the database for writing down what providers report.
    pub report_connections: usize,
    /// How long a request may take, what `Prefer: wait` asks for not counted.
    pub deadline: Duration,
    /// How long an export may take to be sent; one that takes longer is cut off.
    pub export: Duration,
    /// How long sums over the whole log may take; shorter than `deadline`, so that what takes longer is refused in words of
    /// its own.
    pub books: Duration,
    /// How long a connection may rest, or take to send the head of a request.
    pub head: Duration,
    /// How long a client may take to send a body.
    pub receive: Duration,
    /// In this time a client must take at least 16 KiB of its answer, over and over until it has all of it; one that does
    /// not is cut off.
    pub send: Duration,
    /// How long open requests may take to finish at shutdown.
    pub drain: Duration,
    /// How long a list waits for the position that its request names.
    pub freshness: Duration,
    /// Time between two comments on a silent event stream.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 1024 * 1024,
            connections: 4_096,
            connections_per_address: 3_072,
            requests: 1_024,
            waits: 512,
            uploads: 4,
            streams_per_user: 8,
            exports: 2,
            list_exports: 16,
            list_exports_of_one: 2,
            requests_per_second: 500,
            burst: 1_000,
            database_connections: 8,
            report_connections: 2,
            deadline: Duration::from_secs(15),
            export: Duration::from_secs(3_600),
            books: Duration::from_secs(10),
            head: Duration::from_secs(60),
            receive: Duration::from_secs(10),
            send: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            freshness: Duration::from_millis(250),
            heartbeat: Duration::from_secs(15),
        }
    }
}
