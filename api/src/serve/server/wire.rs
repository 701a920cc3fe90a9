//! The bytes of one connection. What HTTP itself refuses (a head that is no head, two lengths, too many bytes) never
//! becomes a request, and hyper answers it with a bare status; here that becomes a problem document like any other.
//!
//! A client that does not take its answer is given up here too, see `pace`; one that still sends after it was answered is
//! heard for a moment, see `parting`.

use super::hall::Seat;
use super::pace::Pace;
use super::parting::Parting;
use crate::serve::problem::Problem;
use poem::http::StatusCode;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// See the module.
pub(super) struct Wire {
    stream: TcpStream,
    seat: Arc<Seat>,
    pace: Pace,
    /// What is sent instead of hyper's own refusal, and how much of it was.
    refusal: Option<(Vec<u8>, usize)>,
    parting: Parting,
}

impl Wire {
    /// Its client must take some of what is sent to it `within` this time, over and over.
    pub(super) fn new(stream: TcpStream, seat: Arc<Seat>, within: Duration) -> Wire {
        Wire { stream, seat, pace: Pace::new(within), refusal: None, parting: Parting::default() }
    }

    /// Sends what `write` sends, unless the client is too slow.
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = write(Pin::new(&mut self.stream), context) {
            let written = written?;
            self.pace.took(written);
            self.seat.took();
            return Poll::Ready(Ok(written));
        }
        self.seat.stalled();
        self.pace.poll_too_slow(context).map(Err)
    }

    /// Whether these bytes are hyper's answer to what never became a request.
    fn refusal_in(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let status = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
        let status = StatusCode::from_bytes(status).ok().filter(StatusCode::is_client_error)?;
        self.seat.is_unasked().then(|| refusal(status))
    }
}

/// The whole answer, as bytes.
fn refusal(status: StatusCode) -> Vec<u8> {
    let request_id = uuid::Uuid::now_v7().to_string();
    let body = Problem::malformed(status).document(&request_id);
    let reason = status.canonical_reason().unwrap_or_default();
    format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         x-request-id: {request_id}\r\nconnection: close\r\n\r\n{body}",
        status.as_u16(),
        body.len()
    )
    .into_bytes()
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.seat.stirred();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.refusal.is_none() {
            let Some(refusal) = self.refusal_in(bytes) else {
                return self.poll_send(context, |stream, context| stream.poll_write(context, bytes));
            };
            self.refusal = Some((refusal, 0));
        }
        let Wire { stream, refusal, .. } = &mut *self;
        if let Some((refusal, sent)) = refusal {
            while *sent < refusal.len() {
                *sent += ready!(Pin::new(&mut *stream).poll_write(context, &refusal[*sent..]))?;
            }
        }
        // It stands for all that hyper has to say: the connection closes after it.
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.pace.rest();
        self.seat.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Wire { stream, parting, .. } = &mut *self;
        ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        parting.poll(Pin::new(stream), context).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.refusal.is_none() && !self.seat.is_unasked() {
            return self.poll_send(context, |stream, context| stream.poll_write_vectored(context, parts));
        }
        let first = parts.iter().find(|part| !part.is_empty());
        self.poll_write(context, first.map_or(&[], |part| part))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
