//! A private SQS: an HTTP server on loopback in this process that the ordinary SDK talks to.
//!
//! It keeps messages in memory only, like a queue that can be lost at any time. Whoever uses it must be able
//! to send again what was lost. Every start makes credentials of its own, and a request that is not signed with them
//! is refused: other users of the machine, and pages in its browser, reach the port too.

mod handler;
mod limits;
mod polls;
mod registry;
mod serve;

use std::{collections::BTreeMap, fmt, net::Ipv4Addr, sync::Arc};

use rustack_auth::StaticCredentialProvider;
use rustack_sqs_core::{config::SqsConfig, provider::RustackSqs};
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use self::{handler::Handler, registry::Registry};
use crate::error::{Doing, Error};

/// The region that the server says it is in; queue ARNs carry it.
pub const REGION: &str = "us-east-1";

/// What a private SQS should be like.
#[derive(Debug, Clone, Default)]
pub struct SqsOptions {
    /// The port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
}

/// The access key that requests must be signed with.
#[derive(Clone)]
pub struct AccessKey {
    /// Names it; sent with every request.
    pub id: String,
    /// Signs; never sent.
    pub secret: String,
}

impl AccessKey {
    fn random() -> AccessKey {
        let random = || format!("{:032x}", rand::random::<u128>());
        AccessKey { id: random(), secret: random() }
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccessKey(…)")
    }
}

/// A running private SQS. Ends when dropped.
#[derive(Debug)]
pub struct Sqs {
    endpoint: String,
    access_key: AccessKey,
    handler: Arc<Handler>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Sqs {
    /// Starts a server without queues in the current runtime.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: SqsOptions) -> Result<Sqs, Error> {
        let listener = listen(options.port).await?;
        let address = listener.local_addr().doing(|| "asking for the port of the private SQS".to_owned())?;
        let config = SqsConfig {
            skip_signature_validation: false,
            default_region: REGION.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
            ..SqsConfig::default()
        };
        let handler = Arc::new(Handler::new(Registry::new(Arc::new(RustackSqs::new(config)))));
        let access_key = AccessKey::random();
        let AccessKey { id, secret } = access_key.clone();
        let http = SqsHttpConfig {
            skip_signature_validation: false,
            region: REGION.to_owned(),
            credential_provider: Some(Arc::new(StaticCredentialProvider::new([(id, secret)]))),
        };
        let service = SqsHttpService::new(Arc::clone(&handler), http);
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve::serve(listener, service, stopped));
        tracing::info!(port = address.port(), "private SQS is ready");
        Ok(Sqs { endpoint: format!("http://{address}"), access_key, handler, stop: Some(stop), server })
    }

    /// The URL to give to an SDK as its endpoint, such as `http://127.0.0.1:9324`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What to sign requests with.
    pub fn access_key(&self) -> &AccessKey {
        &self.access_key
    }

    /// How often each action was called, by its name on the wire, such as `SendMessageBatch`.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.handler.calls()
    }

    /// Forgets all messages of all queues, as an operator can have it by mistake.
    ///
    /// # Errors
    /// When a queue does not do so.
    pub async fn purge(&self) -> Result<(), Error> {
        self.handler.registry().purge().await.doing(|| "purging the private SQS".to_owned())
    }

    /// Closes all connections, long polls too, and forgets every queue.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended already.
            let _ = stop.send(());
        }
        let _ = (&mut self.server).await;
        self.handler.registry().close().await;
    }
}

impl Drop for Sqs {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn listen(port: Option<u16>) -> Result<TcpListener, Error> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await;
    match (bound, port) {
        (Err(error), Some(port)) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(Error::PortInUse { port })
        }
        (bound, _) => bound.doing(|| "listening for the private SQS".to_owned()),
    }
}
