//! For tests only: real Postgres databases in milliseconds, and a network that fails on demand.
//!
//! The first test of a process starts a server on a copy of a prepared cluster; every test then clones a
//! database of its own. Nothing here returns errors: a test without its database cannot go on, so these
//! functions panic and say why. Servers end with the test process, however it ends.

mod chaos;
mod cluster;
mod database;
mod ground;
mod message;
mod relay;
mod watchdog;

pub use chaos::ChaosProxy;
pub use cluster::TestCluster;
pub use database::TestDatabase;
pub use message::read_message;

use std::error::Error;

/// An empty database on the cluster that all tests of this process share.
///
/// # Panics
/// When no Postgres can be started here.
pub async fn database() -> TestDatabase {
    TestCluster::shared().await.empty_database().await
}

/// The value, or a panic that tells the whole chain of causes.
fn must<T, E: Into<Box<dyn Error + Send + Sync>>>(result: Result<T, E>, doing: &str) -> T {
    result.unwrap_or_else(|error| {
        let error = error.into();
        let mut chain = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            chain = format!("{chain}: {error}");
            cause = error.source();
        }
        panic!("{doing}: {chain}")
    })
}
