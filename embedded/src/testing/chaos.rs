//! A network that fails when a test says so.
//!
//! The proxy stands between a client and a Postgres. It forwards faithfully until it is told to cut, stall,
//! delay, or lose an acknowledgement: the worst case, in which the work is done and the caller cannot know.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    must,
    relay::{self, Network},
};

/// A TCP proxy in front of a Postgres. Connections end when it is dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    accepting: JoinHandle<()>,
}

impl ChaosProxy {
    /// Listens on a free port and forwards to `target`, such as `127.0.0.1:5432`.
    ///
    /// # Panics
    /// When `target` has no address or no port is free.
    pub async fn start(target: impl ToSocketAddrs) -> ChaosProxy {
        let target = must(lookup_host(target).await, "looking up the target of a chaos proxy").next();
        let target = target.expect("the target of a chaos proxy has an address");
        let listener = must(TcpListener::bind("127.0.0.1:0").await, "listening for a chaos proxy");
        let address = must(listener.local_addr(), "asking for the port of a chaos proxy");
        let network = watch::Sender::new(Network::default());
        let accepting = tokio::spawn(accept(listener, target, network.clone()));
        ChaosProxy { address, network, accepting }
    }

    /// Stands in front of the server that a connection URL names.
    ///
    /// # Panics
    /// When the URL names no host and port.
    pub async fn in_front_of(url: &str) -> ChaosProxy {
        Self::start(&url[authority(url)]).await
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same URL, through the proxy.
    pub fn url_for(&self, url: &str) -> String {
        let place = authority(url);
        format!("{}{}{}", &url[..place.start], self.address, &url[place.end..])
    }

    /// Resets every connection and refuses new ones until [`ChaosProxy::restore`].
    pub fn cut(&self) {
        self.network.send_modify(|network| {
            network.cuts += 1;
            network.refuses = true;
        });
    }

    /// Lets bytes pass again, at once. Connections that were cut stay cut.
    pub fn restore(&self) {
        self.network.send_modify(|network| {
            network.refuses = false;
            network.stalled = false;
            network.delay = Duration::ZERO;
            network.loses_reply = false;
        });
    }

    /// Holds every byte back without closing anything, as a dead route does, until [`ChaosProxy::restore`].
    pub fn stall(&self) {
        self.network.send_modify(|network| network.stalled = true);
    }

    /// Makes each request wait on its way to the server.
    pub fn delay(&self, delay: Duration) {
        self.network.send_modify(|network| network.delay = delay);
    }

    /// Lets the next request through, waits until the server has answered it, throws the answer away and
    /// resets that connection: an acknowledgement that is lost. Other connections are left alone.
    pub fn cut_after_forwarding_request(&self) {
        self.network.send_modify(|network| network.loses_reply = true);
    }

    /// How many answers were thrown away so far.
    pub fn replies_lost(&self) -> u64 {
        self.network.borrow().replies_lost
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, network: watch::Sender<Network>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(serve(client, target, network.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(client: TcpStream, target: SocketAddr, network: watch::Sender<Network>) -> io::Result<()> {
    // Closing must look like a broken line, not like a polite farewell.
    client.set_zero_linger()?;
    let mut watched = network.subscribe();
    let cuts = {
        let network = watched.borrow();
        if network.refuses {
            return Ok(());
        }
        network.cuts
    };
    let server = TcpStream::connect(target).await?;
    tokio::select! {
        result = relay::relay(client, server, &network) => result,
        _ = watched.wait_for(|network| network.cuts != cuts) => Ok(()),
    }
}

/// Where `host:port` stands in a URL.
fn authority(url: &str) -> std::ops::Range<usize> {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..].find(['/', '?']).map_or(url.len(), |at| after_scheme + at);
    let start = url[after_scheme..end].rfind('@').map_or(after_scheme, |at| after_scheme + at + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn the_authority_of_a_url_is_its_host_and_port() {
        let cases = [
            ("postgres://cooly:pass@127.0.0.1:5432/cooly", "127.0.0.1:5432"),
            ("postgres://127.0.0.1:5432?sslmode=disable", "127.0.0.1:5432"),
            ("postgres://user:p%40ss@localhost:1", "localhost:1"),
        ];
        for (url, expected) in cases {
            assert_eq!(&url[authority(url)], expected, "{url}");
        }
    }
}
