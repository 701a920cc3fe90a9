//! Accepts connections and serves each until it closes or the server stops.

use std::{io, time::Duration};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use rustack_sqs_http::{dispatch::SqsHandler, service::SqsHttpService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

/// The pause after a failed accept: without it, a process out of file descriptors would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopped` resolves or its sender is gone; dropping the connections ends long polls.
pub(super) async fn serve<H: SqsHandler>(
    listener: TcpListener,
    service: SqsHttpService<H>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            // Collect what has ended, or the set grows for ever.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, service.clone()));
                }
                Err(error) => pause_after(&error).await,
            },
        }
    }
}

async fn serve_connection<H: SqsHandler>(stream: TcpStream, service: SqsHttpService<H>) {
    // Answers are small and awaited: waiting to fill a packet only costs time.
    let _ = stream.set_nodelay(true);
    // Without a timer: an idle client must not find its connection closed when it has a message to send.
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the private SQS ended early");
    }
}

async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "the private SQS could not accept a connection");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
