//! How Cooly reaches Postgres: one URL, and for each use a role with no more rights than it needs.
//!
//! Every connection has timeouts, so that a half-open one is noticed: connect, TCP user timeout, keepalives,
//! `statement_timeout`, and `idle_in_transaction_session_timeout`. TLS follows the URL's `sslmode`; with
//! `require` the server's certificate is checked against the machine's trusted ones.

use crate::error::Error;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);
const POOL_WAIT: Duration = Duration::from_secs(3);

/// What a connection is for. Each has its own rights in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Appends: INSERT and SELECT on `events`, INSERT on `provider_signals`, nothing else.
    Appender,
    /// Writes read models, checkpoints and leases; reads the log.
    Projector,
    /// Adds seals: INSERT and SELECT on `seals`, and reads the log.
    Sealer,
    /// Orders bulk actions and changes their state; reads the dead letters.
    Operator,
    /// Reads.
    Reader,
    /// Reads the whole log in one long snapshot, as fast as somebody else takes it.
    Exporter,
    /// The login user of the URL itself: migrations, rebuilds and `verify`. No statement timeout.
    Owner,
}

impl Role {
    fn session_options(self) -> String {
        let timeout = "-c statement_timeout=10s -c idle_in_transaction_session_timeout=15s";
        match self {
            Role::Appender => format!("-c role=cooly_appender {timeout}"),
            Role::Projector => {
                "-c role=cooly_projector -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
                    .into()
            }
            Role::Sealer => format!("-c role=cooly_sealer {timeout}"),
            Role::Operator => format!("-c role=cooly_operator {timeout}"),
            Role::Reader => format!("-c role=cooly_reader -c default_transaction_read_only=on {timeout}"),
            Role::Exporter => {
                "-c role=cooly_reader -c default_transaction_read_only=on -c statement_timeout=120s \
                 -c idle_in_transaction_session_timeout=60s"
                    .into()
            }
            Role::Owner => String::new(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Role::Appender => "cooly-appender",
            Role::Projector => "cooly-projector",
            Role::Sealer => "cooly-sealer",
            Role::Operator => "cooly-operator",
            Role::Reader => "cooly-reader",
            Role::Exporter => "cooly-exporter",
            Role::Owner => "cooly-owner",
        }
    }
}

/// A transaction that sees the database as it is now, however long it reads, and writes nothing.
pub async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, tokio_postgres::Error> {
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    snapshot.read_only(true).start().await
}

/// A Postgres database, not yet connected to.
#[derive(Clone)]
pub struct Database {
    config: Config,
}

impl Database {
    /// Reads a `postgres://` URL or a key-value connection string.
    pub fn new(url: &str) -> Result<Database, Error> {
        let mut config = Config::from_str(url).map_err(|error| Error::Url(error.to_string()))?;
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        Ok(Database { config })
    }

    /// A connection of its own, with its driver already running on this runtime.
    pub async fn connect(&self, role: Role) -> Result<Client, Error> {
        let config = self.config_for(role);
        if self.wants_tls() {
            let (client, connection) = config.connect(tls()?).await?;
            tokio::spawn(drive(connection));
            Ok(client)
        } else {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(drive(connection));
            Ok(client)
        }
    }

    /// A pool of at most `size` connections, made when first needed and tested before each use.
    pub fn pool(&self, role: Role, size: usize) -> Result<Pool, Error> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        let config = self.config_for(role);
        let manager = if self.wants_tls() {
            Manager::from_config(config, tls()?, recycling)
        } else {
            Manager::from_config(config, NoTls, recycling)
        };
        Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(POOL_WAIT),
                create: Some(CONNECT_TIMEOUT),
                recycle: Some(CONNECT_TIMEOUT),
            })
            .build()
            .map_err(|error| Error::Url(error.to_string()))
    }

    fn config_for(&self, role: Role) -> Config {
        let mut config = self.config.clone();
        let given = config.get_options().unwrap_or_default();
        let options = format!("{given} {}", role.session_options());
        config.options(options.trim().to_owned());
        config.application_name(role.name());
        config
    }

    fn wants_tls(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Require
    }
}

fn tls() -> Result<MakeRustlsConnect, Error> {
    let (tls, unreadable) = MakeRustlsConnect::with_native_certs()
        .map_err(|errors| Error::Url(format!("no trusted certificates found: {errors:?}")))?;
    for error in unreadable {
        tracing::warn!(%error, "a trusted certificate cannot be read");
    }
    Ok(tls)
}

async fn drive<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a database connection ended");
    }
}
