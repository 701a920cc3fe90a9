//! The HTTP/1.1 server: accepts, bounds, and drains.
//!
//! Our own loop and not the framework's, because that one never gives up on half-sent headers, has no cap on
//! connections, and spins when file descriptors run out. What is bounded here: open connections, altogether and of
//! one address (`hall`), time to send headers, size of headers, time to take an answer (`pace`), time to drain at
//! shutdown. `wire` gives what never becomes a request an answer like any other.

mod hall;
mod pace;
mod parting;
mod wire;

pub(crate) use hall::Seat;

use crate::options::Limits;
use bytes::Bytes;
use hall::{Hall, Seated};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use pace::bound_unsent;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Response};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::Wire;

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
    let hall = Hall::new(limits.connections, limits.connections_per_address);
    let (connections, cut_off) = (TaskTracker::new(), CancellationToken::new());
    while let Some((stream, remote, seated)) = next(&listener, &hall, shutdown).await {
        let addresses = Addresses { local: local.into(), remote: remote.into() };
        let connection = Connection {
            endpoint: endpoint.clone(),
            addresses,
            head: limits.head,
            send: limits.send,
            seat: Arc::clone(&seated.seat),
            shutdown: shutdown.clone(),
        };
        let cut_off = cut_off.clone();
        connections.spawn(async move {
            tokio::select! {
                () = connection.run(stream) => {}
                () = seated.seat.sent_away() => {}
                () = cut_off.cancelled() => {}
            }
            drop(seated);
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

/// The next connection that has a place; `None` at shutdown.
async fn next(
    listener: &TcpListener,
    hall: &Arc<Hall>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, Seated)> {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    if let Some(seated) = hall.seat(remote.ip()).await {
                        return (stream, remote, seated);
                    }
                }
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
        accepted = accept => Some(accepted),
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
    send: Duration,
    seat: Arc<Seat>,
    shutdown: CancellationToken,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    async fn run(self, stream: TcpStream) {
        // Answers are small and whole: waiting to fill a segment only adds delay.
        if let Err(error) = stream.set_nodelay(true).and_then(|()| bound_unsent(&stream)) {
            tracing::debug!(%error, "a connection was gone before it was served");
            return;
        }
        let Connection { endpoint, addresses, head, send, seat, shutdown } = self;
        let wire = Wire::new(stream, Arc::clone(&seat), send);
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            answer(endpoint.clone(), request, addresses.clone(), Arc::clone(&seat))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(wire), service);
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
    seat: Arc<Seat>,
) -> Result<hyper::Response<impl Body<Data = Bytes, Error = io::Error>>, Infallible> {
    seat.asked();
    // Of one with a body, that is said by whoever has read it.
    if request.body().is_end_stream() {
        seat.received();
    }
    let answering = Answering(Arc::clone(&seat));
    let mut request: poem::Request = (request, LocalAddr(local), RemoteAddr(remote), Scheme::HTTP).into();
    request.extensions_mut().insert(seat);
    let response: hyper::Response<_> = endpoint.get_response(request).await.into();
    Ok(response.map(|body| Watched { body, _answering: answering }))
}

/// Says when the answer is complete, or given up.
struct Answering(Arc<Seat>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// A body that says when it is at its end.
struct Watched<B> {
    body: B,
    _answering: Answering,
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
