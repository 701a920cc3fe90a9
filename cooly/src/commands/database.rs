//! The database of a command: the configured one, or the private one of the data folder.

use crate::home::Home;
use crate::settings::{HomeSettings, OwnDatabase};
use anyhow::Context;
use embedded::postgres::{Postgres, PostgresOptions};
use ledger::{Database, Role};
use std::path::Path;

/// A database and, if it is ours, the server that must be stopped at the end.
pub(crate) struct Opened {
    pub database: Database,
    private: Option<Postgres>,
}

impl Opened {
    /// Starts the private server if no URL is configured. `settings` are for the private server.
    pub(crate) async fn start(
        configured: &OwnDatabase,
        home: &Home,
        settings: Vec<(String, String)>,
    ) -> anyhow::Result<Opened> {
        if let Some(url) = &configured.database_url {
            return Ok(Opened { database: open(url)?, private: None });
        }
        let options = PostgresOptions {
            data_dir: home.postgres(),
            download_dir: Some(home.downloads()),
            settings,
            ..PostgresOptions::default()
        };
        let private = Postgres::start(options).await.context("the private Postgres does not start")?;
        Ok(Opened { database: open(private.url())?, private: Some(private) })
    }

    /// For a tool that may be run while `cooly up` serves the same data folder: uses its server then.
    pub(crate) async fn for_tool(configured: &OwnDatabase, home: &HomeSettings) -> anyhow::Result<Opened> {
        if configured.database_url.is_none() {
            anyhow::ensure!(
                home.data_dir.join("postgres").exists(),
                "there is no database in {}; set DATABASE_URL, or --data-dir to the folder of `cooly up`",
                home.data_dir.display()
            );
            if let Some(url) = embedded::postgres::running_url(&postgres_of(&home.data_dir)?)? {
                return Ok(Opened { database: open(&url)?, private: None });
            }
        }
        Opened::start(configured, &Home::open(&home.data_dir)?, Vec::new()).await
    }

    /// Whether the server is a private one of this process.
    pub(crate) fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Stops the server if it is ours.
    pub(crate) async fn stop(self) {
        if let Some(private) = self.private {
            private.stop().await;
        }
    }
}

fn postgres_of(data_dir: &Path) -> anyhow::Result<std::path::PathBuf> {
    Ok(Home::open(data_dir)?.postgres())
}

/// Reads a database URL.
pub(crate) fn open(url: &str) -> anyhow::Result<Database> {
    Database::new(url).context("DATABASE_URL cannot be used")
}

/// Refuses to work on a database whose schema lacks what this program needs, or was changed by a later release so that this
/// one cannot live with it.
pub(crate) async fn require_schema(database: &Database) -> anyhow::Result<()> {
    let client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    Ok(migrations::check(&client).await?)
}

/// Refuses to work on a database whose schema is not exactly this program's: what replaces tables must know all of them.
pub(crate) async fn require_own_schema(database: &Database) -> anyhow::Result<()> {
    require_schema(database).await?;
    let client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    let found = migrations::current(&client).await?;
    anyhow::ensure!(
        found == migrations::LATEST,
        "a later release migrated the database to schema version {found}, and this program only knows version {}; use the \
         program of that release",
        migrations::LATEST
    );
    Ok(())
}
