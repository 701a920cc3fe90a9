//! The HTTP/1.1 server: accepts, bounds, and drains.
//!
//! Our own loop and not the framework's, because that one never gives up on half-sent headers, has no cap on
//! connections, and spins when file descriptors run out. What is bounded here: open connections (the next one
//! waits in the kernel's queue), time to send headers, size of headers, time to drain at shutdown.

use crate::options::Limits;
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Response};
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause after accepting failed, such as for want of file descriptors.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Most bytes of a request's head, and so of its token.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Serves until shutdown, then finishes the requests in work within `limits.drain`.
pub(crate) async fn serve(
    listener: TcpListener,
    endpoint: impl Endpoint<Output = Response> + 'static,
    limits: &Limits,
    shutdown: &CancellationToken,
) -> io::Result<()> {
    let local = listener.local_addr()?;
    let endpoint = Arc::new(endpoint);
    let places = Arc::new(Semaphore::new(limits.connections));
    let (connections, cut_off) = (TaskTracker::new(), CancellationToken::new());
    while let Some((stream, place)) = next(&listener, &places, shutdown).await {
        let addresses = Addresses { local: local.into(), remote: stream.peer_addr().unwrap_or(local).into() };
        let connection = Connection {
            endpoint: endpoint.clone(),
            addresses,
            head: limits.head,
            shutdown: shutdown.clone(),
        };
        let cut_off = cut_off.clone();
        connections.spawn(async move {
            tokio::select! {
                () = connection.run(stream) => {}
                () = cut_off.cancelled() => {}
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut off at shutdown");
        cut_off.cancel();
        connections.wait().await;
    }
    Ok(())
}

/// The next connection, once there is a place for it; `None` at shutdown.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accept = async {
        let place = places.clone().acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, place)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        accepted = accept => accepted,
    }
}

#[derive(Clone)]
struct Addresses {
    local: Addr,
    remote: Addr,
}

struct Connection<E> {
    endpoint: Arc<E>,
    addresses: Addresses,
    head: Duration,
    shutdown: CancellationToken,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    async fn run(self, stream: TcpStream) {
        // Answers are small and whole: waiting to fill a segment only adds delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
            return;
        }
        let Connection { endpoint, addresses, head, shutdown } = self;
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            answer(endpoint.clone(), request, addresses.clone())
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

async fn answer<E: Endpoint<Output = Response> + 'static>(
    endpoint: Arc<E>,
    request: hyper::Request<Incoming>,
    Addresses { local, remote }: Addresses,
) -> Result<hyper::Response<impl Body<Data = Bytes, Error = io::Error>>, Infallible> {
    let request: poem::Request = (request, LocalAddr(local), RemoteAddr(remote), Scheme::HTTP).into();
    Ok(endpoint.get_response(request).await.into())
}
