//! The one Postgres of a run, private and with fsync on.

use crate::wal;
use anyhow::{Context as _, Result, ensure};
use embedded::postgres::{Postgres, PostgresOptions};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What a server under load is given anyway, for all systems alike: checkpoints minutes and not seconds apart, and
/// room for the index pages that a log of 10 million events is appended to. With 256 MiB they are read anew, from the
/// cache of the kernel, again and again.
const SETTINGS: [(&str, &str); 3] =
    [("max_wal_size", "16GB"), ("checkpoint_timeout", "15min"), ("shared_buffers", "1GB")];

/// See the module. Stops when dropped, and its files go.
pub struct Server {
    postgres: Postgres,
    /// Removed with it.
    _folder: TempDir,
}

impl Server {
    /// Starts it on files of its own below `folder`, which keep so many GiB of WAL once they were written.
    ///
    /// # Errors
    /// When it does not start, or `folder` cannot be written to.
    pub async fn start(folder: &str, wal_gibibytes: u64) -> Result<Server> {
        let folder = tempfile::tempdir_in(folder)?;
        let given = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = PostgresOptions {
            data_dir: Path::new(folder.path()).join("postgres"),
            settings: given.into_iter().chain([wal::kept(wal_gibibytes)]).collect(),
            ..Default::default()
        };
        Ok(Server { postgres: Postgres::start(options).await?, _folder: folder })
    }

    /// The URL of its first database. Holds a password.
    pub fn url(&self) -> &str {
        self.postgres.url()
    }

    /// The URL of another database of it. Holds a password.
    pub fn url_of(&self, database: &str) -> String {
        let (server, _) = self.url().rsplit_once('/').unwrap_or_default();
        format!("{server}/{database}")
    }

    /// Its process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn postmaster(&self) -> Result<u32> {
        self.postgres.pid().context("the server has gone")
    }

    /// Ends it.
    pub async fn stop(self) {
        self.postgres.stop().await;
    }
}

/// Lets the kernel write what it holds of measurements before; blocks. It would do so by itself once that is 30 s old, all
/// at once: half a gigabyte, for which every commit of the measurement that happens to run then waits a second.
///
/// # Errors
/// When the program `sync` cannot be run.
pub fn write_back() -> Result<()> {
    let status = Command::new("sync").status().context("`sync` cannot be run")?;
    ensure!(status.success(), "`sync` ended with {status}");
    Ok(())
}
