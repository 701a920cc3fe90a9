//! A body that is made while it is sent, at the pace of its reader, and never looks whole when it is not.
//!
//! The maker runs as a task of its own and hands over pieces through a short queue. Only [`Sender::finish`] ends the
//! body: if the maker fails, is too slow or vanishes, the body ends with an error, which makes the server cut the
//! connection without the mark that ends a chunked body, so that every client notices. A client that goes away, or
//! takes nothing for a while, stops the maker.

use crate::serve::problem::Problem;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as HttpBody, Frame};
use poem::Body;
use poem::http::{HeaderMap, HeaderName, StatusCode, Version};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::mpsc;

/// Pieces that wait for the client.
const BUFFER: usize = 2;

/// Longest time for one piece to be taken by its client.
const PATIENCE: Duration = Duration::from_secs(30);

/// The trailer field in which an export says of itself what is in it.
pub(crate) const MANIFEST: HeaderName = HeaderName::from_static("export-manifest");

enum Piece {
    Bytes(Bytes),
    End(HeaderMap),
}

/// The maker's end of a download.
pub(crate) struct Sender {
    pieces: mpsc::Sender<Piece>,
}

/// Why a maker must stop: its client has gone, or takes nothing.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone or does not read")]
pub(crate) struct Gone;

impl Sender {
    /// Hands over the next piece.
    pub(crate) async fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        self.pieces.send_timeout(Piece::Bytes(bytes), PATIENCE).await.map_err(|_| Gone)
    }

    /// Ends the body. The fields follow it for clients that accept trailers.
    pub(crate) async fn finish(self, trailers: HeaderMap) -> Result<(), Gone> {
        self.pieces.send_timeout(Piece::End(trailers), PATIENCE).await.map_err(|_| Gone)
    }

    /// Waits until the client has gone.
    pub(crate) async fn gone(&self) {
        self.pieces.closed().await;
    }

    /// Lets `work` fill the body for so long, while there is a client; else why it broke off.
    pub(crate) async fn filled<T>(
        &self,
        within: Duration,
        work: impl Future<Output = Result<T, String>>,
    ) -> Result<T, String> {
        tokio::select! {
            ended = work => ended,
            () = self.gone() => Err("the client has gone".to_owned()),
            () = tokio::time::sleep(within) => Err("it took too long".to_owned()),
        }
    }
}

/// Before HTTP/1.1 a body has no mark at its end: it is over when the connection is, whole or not, and nothing but that
/// mark tells a whole CSV file.
pub(crate) fn require_chunks(version: Version) -> Result<(), Problem> {
    if version >= Version::HTTP_11 {
        return Ok(());
    }
    let detail = "an export needs HTTP/1.1 or newer, since over an older one a file that was cut off looks whole; set \
                  `proxy_http_version 1.1` if nginx is in between";
    let status = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
    Err(Problem::new(status, "http_version_unsupported", "The version of HTTP is too old", detail))
}

/// The client's end.
struct Download {
    pieces: mpsc::Receiver<Piece>,
    is_whole: bool,
}

/// A body, and what fills it.
pub(crate) fn download() -> (Sender, Body) {
    let (give, take) = mpsc::channel(BUFFER);
    let body = BoxBody::new(Download { pieces: take, is_whole: false });
    (Sender { pieces: give }, body.into())
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.is_whole {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Bytes(bytes)) => Ok(Frame::data(bytes)),
            Some(Piece::End(trailers)) => {
                self.is_whole = true;
                Ok(Frame::trailers(trailers))
            }
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body broke off")),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, HeaderMap, download};

    #[tokio::test]
    async fn a_body_that_was_finished_is_whole() {
        let (sender, body) = download();
        sender.send(Bytes::from_static(b"one ")).await.unwrap();
        let read = tokio::spawn(body.into_string());
        sender.send(Bytes::from_static(b"two")).await.unwrap();
        sender.finish(HeaderMap::new()).await.unwrap();
        assert_eq!(read.await.unwrap().unwrap(), "one two");
    }

    #[tokio::test]
    async fn a_body_whose_maker_vanishes_is_an_error() {
        let (sender, body) = download();
        sender.send(Bytes::from_static(b"half")).await.unwrap();
        drop(sender);
        assert!(body.into_string().await.is_err());
    }

    #[tokio::test]
    async fn a_maker_hears_that_its_client_has_gone() {
        let (sender, body) = download();
        drop(body);
        sender.gone().await;
        assert!(sender.send(Bytes::from_static(b"x")).await.is_err());
    }
}
