//! One Postgres server for all tests of a process.
//!
//! Each `#[tokio::test]` has a runtime of its own that ends with it, so nothing here keeps a task or a
//! connection: the server is a process, and every chore opens a connection and closes it.

use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Mutex, OnceCell};

use super::{TestDatabase, ground::Plot, must, watchdog::Watchdog};
use crate::{
    Error,
    postgres::{
        binaries::Binaries,
        blocking,
        connection::Address,
        home,
        server::{self, Log},
    },
};

/// How often a start is tried: another process may take the free port first.
const TRIES: u32 = 5;

/// Fast where only a crash of the machine would tell the difference; commits stay synchronous.
const SETTINGS: [(&str, &str); 6] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "128MB"),
    ("max_connections", "300"),
    ("wal_compression", "off"),
    ("max_wal_senders", "0"),
];

/// A server for tests, with `pg_stat_statements` loaded where the machine has it.
pub struct TestCluster {
    address: Address,
    // Ends the server when this process is gone.
    _watchdog: Watchdog,
    next: AtomicU64,
    /// Template databases by key. Held while one is prepared, so that each is prepared once.
    templates: Mutex<HashMap<String, String>>,
}

impl TestCluster {
    /// The cluster of this process, started at the first call.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn shared() -> &'static TestCluster {
        static SHARED: OnceCell<TestCluster> = OnceCell::const_new();
        SHARED.get_or_init(async || must(Self::start().await, "starting Postgres for tests")).await
    }

    /// The URL of a database on this cluster by its name. `postgres` always exists; the user is a superuser.
    pub fn url_of(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// `127.0.0.1:PORT`, for a proxy in front of it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.address.port())
    }

    /// Creates an empty database.
    ///
    /// # Panics
    /// When Postgres refuses.
    pub async fn empty_database(&'static self) -> TestDatabase {
        let name = self.new_name("test");
        self.chore(&[format!("create database {name}")], "creating a database").await;
        TestDatabase::new(self, name)
    }

    /// Clones a database that `prepare` filled once in this process, such as by running migrations.
    ///
    /// `prepare` is given the URL of an empty database. Databases of the same `template_key` are clones of
    /// the same one; its connections are ended when `prepare` returns.
    ///
    /// # Panics
    /// When `prepare` fails or Postgres refuses.
    pub async fn database_from<E: Into<Box<dyn StdError + Send + Sync>>>(
        &'static self,
        template_key: &str,
        prepare: impl AsyncFnOnce(&str) -> Result<(), E>,
    ) -> TestDatabase {
        let mut templates = self.templates.lock().await;
        let template = match templates.get(template_key) {
            Some(template) => template.clone(),
            None => {
                let template = self.template(template_key, prepare).await;
                templates.insert(template_key.to_owned(), template.clone());
                template
            }
        };
        drop(templates);
        let name = self.new_name("test");
        self.chore(&[format!("create database {name} template {template}")], "cloning a database").await;
        TestDatabase::new(self, name)
    }

    async fn template<E: Into<Box<dyn StdError + Send + Sync>>>(
        &self,
        key: &str,
        prepare: impl AsyncFnOnce(&str) -> Result<(), E>,
    ) -> String {
        let name = self.new_name("template");
        self.chore(&[format!("create database {name}")], "creating a template database").await;
        must(prepare(&self.url_of(&name)).await, &format!("preparing the template database `{key}`"));
        // A database that somebody is connected to cannot be cloned, and pools close late.
        let close = format!("alter database {name} with allow_connections false");
        let end =
            format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
        self.chore(&[close, end], "closing a template database").await;
        name
    }

    fn new_name(&self, kind: &str) -> String {
        format!("{kind}_{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    async fn chore(&self, statements: &[String], doing: &str) {
        let run = async |client: tokio_postgres::Client| {
            for statement in statements {
                client.batch_execute(statement).await?;
            }
            Ok(())
        };
        must(self.address.with_client("postgres", run).await, doing);
    }

    async fn start() -> Result<TestCluster, Error> {
        let mut tries = 1;
        loop {
            match Self::start_once().await {
                Err(Error::DidNotStart { .. }) if tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn start_once() -> Result<TestCluster, Error> {
        let (mut watchdog, address) = blocking(launch).await?;
        let log = Log::from_here(watchdog.plot().log());
        server::wait_until_ready(&address, log, || watchdog.has_ended()).await?;
        let (next, templates) = (AtomicU64::new(1), Mutex::default());
        Ok(TestCluster { address, _watchdog: watchdog, next, templates })
    }
}

impl fmt::Debug for TestCluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestCluster").field("address", &self.address()).finish_non_exhaustive()
    }
}

fn launch() -> Result<(Watchdog, Address), Error> {
    let binaries = Binaries::locate(None)?;
    let plot = Plot::claim(&binaries)?;
    let mut settings: Vec<_> =
        SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if binaries.has_library("pg_stat_statements") {
        settings.push(("shared_preload_libraries".to_owned(), "pg_stat_statements".to_owned()));
    }
    let port = home::free_port()?;
    let address = Address::new(port, plot.password.clone());
    Ok((Watchdog::start(&binaries, plot, port, &settings)?, address))
}
