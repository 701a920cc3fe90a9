//! Answers what comes over each connection.

use std::{io, sync::Arc};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::accept::accept;

use super::{
    call::Call,
    desk::Desk,
    dispatch,
    reply::{self, NoReply, Reply},
};

/// Serves until `stopped` resolves or its sender is gone; dropping the connections ends what hangs on purpose.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, stopped: oneshot::Receiver<()>) {
    accept("mock provider", listener, stopped, |stream| serve_connection(stream, Arc::clone(&desk))).await;
}

async fn serve_connection(stream: TcpStream, desk: Arc<Desk>) {
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
