//! A running server of a provider's protocol.

use std::{fmt, net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{
    desk::Desk,
    fault::Fault,
    options::MockOptions,
    protocol::Protocol,
    record::Record,
    serve,
    task::Task,
    webhook::{reporter, sign::SECRET},
};
use crate::error::{Doing, Error};

/// A running server. Ends when dropped.
pub struct MockProvider {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    reporter: JoinHandle<()>,
}

impl MockProvider {
    /// Starts a server in the current runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(protocol: Protocol, options: MockOptions) -> Result<MockProvider, Error> {
        let bound = TcpListener::bind(options.listen).await;
        let listener = match bound {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                return Err(Error::AddressInUse { address: options.listen });
            }
            bound => bound.doing(|| format!("listening on {}", options.listen))?,
        };
        let address =
            listener.local_addr().doing(|| "asking for the port of the mock provider".to_owned())?;
        let (desk, wished) = Desk::new(protocol, &options);
        let desk = Arc::new(desk);
        let reporter = tokio::spawn(reporter::run(Arc::clone(&desk), wished));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve::serve(listener, Arc::clone(&desk), stopped));
        Ok(MockProvider { address, desk, stop: Some(stop), server, reporter })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that a catalogue names as `base_url`, such as `http://127.0.0.1:9090`; with the `/v1` for OpenAI, as
    /// its own clients have it.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.desk.protocol.base_path())
    }

    /// Where the keys are published that it signs webhooks with, as fal does.
    pub fn keys_url(&self) -> String {
        format!("http://{}/.well-known/jwks.json", self.address)
    }

    /// The secret that it signs webhooks with, as Replicate does. Everybody may know it.
    pub fn webhook_secret(&self) -> &'static str {
        SECRET
    }

    /// Lets this happen once, at the next request or task that it concerns.
    pub fn once(&self, fault: Fault) {
        self.desk.faults.arm(fault, false);
    }

    /// Lets this happen from now on, until [`MockProvider::heal`].
    pub fn always(&self, fault: Fault) {
        self.desk.faults.arm(fault, true);
    }

    /// Forgets all faults that were asked for. Tasks that were accepted keep their fate.
    pub fn heal(&self) {
        self.desk.faults.disarm();
    }

    /// Everything that was asked so far.
    pub fn record(&self) -> Record {
        self.desk.record.borrow().clone()
    }

    /// Waits until what was asked fulfils a condition, and returns it.
    pub async fn asked(&self, condition: impl FnMut(&Record) -> bool) -> Record {
        let mut asked = self.desk.record.subscribe();
        // The sender is here, so the channel is open.
        asked.wait_for(condition).await.map(|record| record.clone()).unwrap_or_default()
    }

    /// Takes a task out of the queue, whatever the delay is, and lets it run until [`MockProvider::finish`]. Returns
    /// whether there is such a task.
    pub fn begin(&self, id: &str) -> bool {
        self.change(id, Task::start)
    }

    /// Lets a task end now, whatever the delay and its fate are. Returns whether there is such a task.
    pub fn finish(&self, id: &str) -> bool {
        self.change(id, Task::finish)
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Task)) -> bool {
        self.desk.tasks().get_mut(id).map(change).is_some()
    }

    /// Closes all connections.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended already.
            let _ = stop.send(());
        }
        let _ = (&mut self.server).await;
    }
}

impl fmt::Debug for MockProvider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MockProvider({} on {})", self.desk.protocol, self.address)
    }
}

impl Drop for MockProvider {
    fn drop(&mut self) {
        self.server.abort();
        self.reporter.abort();
    }
}
