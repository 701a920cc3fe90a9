//! Serves each connection until it closes or the server stops.

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use rustack_sqs_http::{dispatch::SqsHandler, service::SqsHttpService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::accept::accept;

/// Serves until `stopped` resolves or its sender is gone; dropping the connections ends long polls.
pub(super) async fn serve<H: SqsHandler>(
    listener: TcpListener,
    service: SqsHttpService<H>,
    stopped: oneshot::Receiver<()>,
) {
    accept("private SQS", listener, stopped, |stream| serve_connection(stream, service.clone())).await;
}

async fn serve_connection<H: SqsHandler>(stream: TcpStream, service: SqsHttpService<H>) {
    // Without a timer: an idle client must not find its connection closed when it has a message to send.
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the private SQS ended early");
    }
}
