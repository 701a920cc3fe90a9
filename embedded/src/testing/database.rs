//! A database that belongs to one test.

use super::TestCluster;

/// A fresh database. It stays until its cluster ends with the process, so a failed test can be looked at.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: &'static TestCluster,
    name: String,
    url: String,
}

impl TestDatabase {
    pub(super) fn new(cluster: &'static TestCluster, name: String) -> TestDatabase {
        let url = cluster.url_of(&name);
        TestDatabase { cluster, name, url }
    }

    /// The connection URL, as a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name inside the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it lives on.
    pub fn cluster(&self) -> &'static TestCluster {
        self.cluster
    }
}
