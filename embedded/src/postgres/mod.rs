//! A private Postgres: found or downloaded, created at first use, watched over, stopped with us.
//!
//! One process serves a data folder at a time. The server listens on 127.0.0.1 only, behind a password that
//! never leaves the folder except in [`Postgres::url`]. It comes up again after `kill -9` of itself, and
//! after `kill -9` of the process that started it.

pub(crate) mod binaries;
pub(crate) mod cluster;
pub(crate) mod connection;
pub(crate) mod home;
pub(crate) mod owner;
pub(crate) mod place;
pub(crate) mod server;

mod download;
mod leftover;
mod supervisor;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::task::spawn_blocking;

use self::{
    binaries::Binaries,
    connection::Address,
    home::Home,
    server::{Log, Server},
    supervisor::Supervisor,
};
use crate::Error;

/// The database that [`Postgres::url`] names.
const DATABASE: &str = "cooly";

/// How often the first start is tried again. The remains of a killed server hold its memory for a moment, and
/// a new one refuses to start until they are gone.
const TRIES: u64 = 3;

/// What a private server should be like.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// Where its data lives; created when missing, kept between runs.
    pub data_dir: PathBuf,
    /// The port on 127.0.0.1. `None` takes the port of the last run, else a free one.
    pub port: Option<u16>,
    /// Settings as in `postgresql.conf`, which win over the defaults of this crate.
    pub settings: Vec<(String, String)>,
    /// Where to keep downloaded binaries. `None` never downloads.
    pub download_dir: Option<PathBuf>,
    /// The folder of the server's programs. `None` looks for them.
    pub binaries: Option<PathBuf>,
}

/// A running private server. Stops when dropped; [`Postgres::stop`] does it gently.
pub struct Postgres {
    url: String,
    folder: PathBuf,
    port: u16,
    supervisor: Arc<Supervisor>,
}

impl Postgres {
    /// Starts the server of a data folder and waits until it answers.
    ///
    /// Creates the files and the database `cooly` at first use. A server that an earlier, killed process
    /// left on this folder is stopped first.
    ///
    /// # Errors
    /// When another process serves the folder, no binaries are found, the port is taken, or the server does
    /// not start. Each error says what to do.
    pub async fn start(options: PostgresOptions) -> Result<Postgres, Error> {
        let data_dir = options.data_dir.clone();
        let home = blocking(move || Home::open(&data_dir)).await?;
        let binaries = find_binaries(&home, &options).await?;
        let folder = home.folder().to_owned();
        let (supervisor, address, log) = blocking(move || launch(binaries, home, &options)).await?;
        // From here on a failure drops the supervisor, which ends the server.
        server::wait_until_ready(&address, log, || supervisor.restarts() > TRIES).await?;
        create_database(&address).await?;
        tracing::info!(port = address.port(), folder = %folder.display(), "private Postgres is ready");
        let (url, port) = (address.url(DATABASE), address.port());
        Ok(Postgres { url, folder, port, supervisor: Arc::new(supervisor) })
    }

    /// The connection URL of the database `cooly`, the same after every restart. Holds a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the data and the server's log really are: not always the folder that was asked for.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process id of the server; `None` in the moments between its death and its return.
    pub fn pid(&self) -> Option<u32> {
        self.supervisor.pid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs())
    }

    /// Ends all connections and the server, and returns when it is gone.
    pub async fn stop(self) {
        let supervisor = Arc::clone(&self.supervisor);
        // Joining fails only when the runtime goes away; dropping the supervisor ends the server then.
        let _ = spawn_blocking(move || supervisor.stop_fast()).await;
    }
}

/// The URL of the server that another process runs on this data folder at this moment, for a tool that wants to
/// look at its database; `None` if nobody serves the folder. Holds a password.
///
/// # Errors
/// When the folder's files cannot be read by this user.
pub fn running_url(data_dir: &Path) -> Result<Option<String>, Error> {
    Ok(home::running(data_dir)?.map(|address| address.url(DATABASE)))
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Postgres");
        fields.field("folder", &self.folder).field("port", &self.port).finish_non_exhaustive()
    }
}

async fn find_binaries(home: &Home, options: &PostgresOptions) -> Result<Binaries, Error> {
    let release = cluster::release(&home.cluster());
    if let Some(folder) = options.binaries.clone() {
        return blocking(move || Binaries::explicit(&folder, release)).await;
    }
    match (blocking(move || Binaries::locate(release)).await, options.download_dir.as_deref()) {
        (Err(Error::BinariesMissing { .. }), Some(cache)) => {
            download::fetch(cache, release, home.owner()).await
        }
        (found, _) => found,
    }
}

/// Everything between binaries and a running process; blocks.
fn launch(
    binaries: Binaries,
    home: Home,
    options: &PostgresOptions,
) -> Result<(Supervisor, Address, Log), Error> {
    let password = home.password()?;
    cluster::create(&binaries, home.owner(), &home.cluster(), &password)?;
    leftover::stop(&home.cluster())?;
    let port = home.port(options.port)?;
    let server = Server::new(binaries, home, port, &options.settings);
    let log = server.log();
    let child = server.spawn()?;
    Ok((Supervisor::start(server, child), Address::new(port, password), log))
}

async fn create_database(address: &Address) -> Result<(), Error> {
    let create = async |client: tokio_postgres::Client| {
        let exists = client.query_opt("select from pg_database where datname = $1", &[&DATABASE]).await?;
        if exists.is_none() {
            client.batch_execute(&format!("create database {DATABASE}")).await?;
        }
        Ok(())
    };
    Ok(address.with_client("postgres", create).await?)
}

/// Runs file and process work where it may block, and passes its panics on.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or_else(|failure| std::panic::resume_unwind(failure.into_panic()))
}
