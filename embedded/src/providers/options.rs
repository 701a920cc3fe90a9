//! How a server of a provider's protocol is started.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// What a mock provider should be like.
#[derive(Clone)]
pub struct MockOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key that requests must carry. `None` takes any key, but not its absence.
    pub key: Option<String>,
    /// From a submit to its outputs. A quarter of it is spent in the queue.
    pub delay: Duration,
}

impl Default for MockOptions {
    fn default() -> MockOptions {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        MockOptions { listen, key: None, delay: Duration::ZERO }
    }
}

impl fmt::Debug for MockOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "…");
        out.debug_struct("MockOptions")
            .field("listen", &self.listen)
            .field("key", &key)
            .field("delay", &self.delay)
            .finish()
    }
}
