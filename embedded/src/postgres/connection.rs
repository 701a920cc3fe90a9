//! How to reach a private server, and a connection for the chores of starting one.

use std::{future::Future, net::Ipv4Addr, time::Duration};

use tokio_postgres::{Client, NoTls};

/// The superuser of every private cluster.
pub(crate) const SUPERUSER: &str = "cooly";

/// How long one attempt to connect may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Where a server listens, and how to be let in.
#[derive(Clone)]
pub(crate) struct Address {
    port: u16,
    password: String,
}

impl Address {
    /// A server on loopback.
    pub(crate) fn new(port: u16, password: String) -> Address {
        Address { port, password }
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The connection URL of one database. It holds the password: never log it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}:{}@{}:{}/{database}", self.password, Ipv4Addr::LOCALHOST, self.port)
    }

    /// Runs `work` on a connection to `database` that ends with it.
    pub(crate) async fn with_client<T, F>(
        &self,
        database: &str,
        work: impl FnOnce(Client) -> F,
    ) -> Result<T, tokio_postgres::Error>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let mut config: tokio_postgres::Config = self.url(database).parse()?;
        config.connect_timeout(CONNECT_LIMIT);
        let (client, connection) = config.connect(NoTls).await?;
        // Driven here and not in a task, so nothing is left behind in the caller's runtime.
        let (result, _) = tokio::join!(work(client), connection);
        result
    }
}
