//! What comes back over the line.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::Frame,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;

/// A body that may end, never end, or break.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer.
pub(super) type Reply = Response<Body>;

/// An answer, or none.
pub(super) type Outcome = Result<Reply, NoReply>;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoReply {
    /// The connection is closed.
    HangUp,
    /// The connection stays open.
    Silence,
}

/// Between two bytes of a slow file.
const DRIP: Duration = Duration::from_millis(250);

/// An answer in JSON.
pub(super) fn json(status: u16, value: &Value) -> Reply {
    whole(status, "application/json", value.to_string().into())
}

/// An answer with a body of this type.
pub(super) fn whole(status: u16, content_type: &'static str, bytes: Bytes) -> Reply {
    with_body(status, content_type, Full::new(bytes).map_err(|never| match never {}).boxed_unsync())
}

/// An answer that begins with `start` and never ends.
pub(super) fn endless(content_type: &'static str, start: Bytes) -> Reply {
    let more = Bytes::from_static(&[b'x'; 16 * 1024]);
    let chunks = stream::unfold(start, move |chunk| {
        let next = more.clone();
        async move { Some((Ok(Frame::data(chunk)), next)) }
    });
    with_body(200, content_type, BodyExt::boxed_unsync(StreamBody::new(chunks)))
}

/// An answer whose body comes a byte at a time.
pub(super) fn dripping(content_type: &'static str, bytes: Bytes) -> Reply {
    let drops = stream::unfold(bytes, |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(DRIP).await;
        Some((Ok(Frame::data(left.split_to(1))), left))
    });
    with_body(200, content_type, BodyExt::boxed_unsync(StreamBody::new(drops)))
}

/// An answer that breaks off in the middle of its body.
pub(super) fn cut(content_type: &'static str, bytes: &Bytes) -> Reply {
    let half = bytes.slice(..bytes.len() / 2);
    let parts = stream::unfold(Some(half), |half| async move {
        if let Some(half) = half {
            return Some((Ok(Frame::data(half)), None));
        }
        // What was written is only sent while the body makes it wait.
        tokio::task::yield_now().await;
        Some((Err(io::ErrorKind::ConnectionAborted.into()), None))
    });
    let mut reply = with_body(200, content_type, BodyExt::boxed_unsync(StreamBody::new(parts)));
    reply.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    reply
}

/// The body of the request is longer than what is read here.
pub(super) fn too_long() -> Reply {
    whole(413, "text/plain", Bytes::from_static(b"Payload Too Large"))
}

/// A redirect.
pub(super) fn redirect(address: &str) -> Reply {
    let reply = whole(307, "text/plain", Bytes::new());
    with_header(reply, "location", address)
}

/// The same answer with one more header. One that cannot stand in a header is left out.
pub(super) fn with_header(mut reply: Reply, name: &'static str, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
    reply
}

fn with_body(status: u16, content_type: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    // Services use numbers that have no name, such as 499.
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
