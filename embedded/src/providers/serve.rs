//! Accepts connections and answers what comes over them until the server stops.

use std::{io, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

use super::{
    call::Call,
    desk::Desk,
    dispatch,
    reply::{self, NoReply, Reply},
};

/// The pause after a failed accept: without it, a process out of file descriptors would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopped` resolves or its sender is gone; dropping the connections ends what hangs on purpose.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            // Collect what has ended, or the set grows for ever.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&desk)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the mock provider could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn serve_connection(stream: TcpStream, desk: Arc<Desk>) {
    // Answers are small and awaited: waiting to fill a packet only costs time.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&desk, request));
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the mock provider ended early");
    }
}

/// An error closes the connection without an answer.
async fn answer(desk: &Desk, request: Request<Incoming>) -> io::Result<Reply> {
    let Some(call) = Call::read(request).await? else { return Ok(reply::too_long()) };
    match dispatch::answer(desk, &call).await {
        Ok(reply) => Ok(reply),
        Err(NoReply::HangUp) => Err(io::ErrorKind::ConnectionAborted.into()),
        Err(NoReply::Silence) => std::future::pending().await,
    }
}
