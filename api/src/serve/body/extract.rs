//! The extractor of strict JSON bodies.

use super::place::{Body, read};
use super::strict;
use crate::app::App;
use crate::serve::problem::Problem;
use crate::serve::server::Seat;
use bytes::BytesMut;
use futures::StreamExt;
use poem::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use poem::http::{HeaderMap, StatusCode};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How much of a body that is too long is read and thrown away, so that the client gets to see the answer.
const MOST_DISCARDED: usize = 16 * 1024 * 1024;

/// How long that goes on for a body that is known to be too long.
const LONGEST_DISCARDING: Duration = Duration::from_secs(2);

/// A body of JSON without unknown, repeated or unacceptable fields.
pub(crate) struct Strict<T>(pub T);

impl<'a, T: Body> ApiExtractor<'a> for Strict<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let limits = &App::of(request)?.limits;
        check_type(request)?;
        let body = taken(body)?;
        let bytes = receive(request.headers(), body, limits.body_bytes, limits.receive).await?;
        note_received(request);
        let value = strict::parse(&bytes).map_err(|reason| {
            Problem::bad_request("body_invalid", format!("the body is not acceptable JSON: {reason}"))
        })?;
        Ok(Strict(read(value)?))
    }
}

/// A body of JSON that is not read here, byte by byte as it is sent, and the headers that it is sent with: a signature may be
/// over it. It is received when it is asked for, so that whoever is refused before costs nothing.
pub(crate) struct AsSent {
    pub headers: HeaderMap,
    body: poem::Body,
    limit: usize,
    within: Duration,
    seat: Option<Arc<Seat>>,
}

impl AsSent {
    /// The body, within the limits of every other.
    pub(crate) async fn receive(self) -> Result<(HeaderMap, BytesMut), Problem> {
        let body = receive(&self.headers, self.body, self.limit, self.within).await?;
        if let Some(seat) = self.seat {
            seat.received();
        }
        Ok((self.headers, body))
    }
}

impl<'a> ApiExtractor<'a> for AsSent {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        let content = vec![MetaMediaType { content_type: "application/json", schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let limits = &App::of(request)?.limits;
        check_type(request)?;
        Ok(AsSent {
            headers: request.headers().clone(),
            body: taken(body)?,
            limit: limits.body_bytes,
            within: limits.receive,
            seat: request.extensions().get().cloned(),
        })
    }
}

/// From here on the connection waits for us, and not for its client.
pub(crate) fn note_received(request: &Request) {
    if let Some(seat) = request.extensions().get::<Arc<Seat>>() {
        seat.received();
    }
}

fn check_type(request: &Request) -> Result<(), Problem> {
    let mut parts = request.content_type().unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if is_json && is_utf8 { check_encoding(request.headers()) } else { Err(Problem::media_type()) }
}

/// Bodies are taken as they are, so that their size is known before they are worked on.
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Problem::content_encoding()),
        Some(_) | None => Ok(()),
    }
}

fn taken(body: &mut RequestBody) -> Result<poem::Body, Problem> {
    body.take().map_err(|error| Problem::internal(error.to_string()))
}

async fn receive(
    headers: &HeaderMap,
    body: poem::Body,
    limit: usize,
    within: Duration,
) -> Result<BytesMut, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let mut chunks = Box::pin(body.into_bytes_stream());
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or_default().min(limit));
    let is_announced_too_long = announced.is_some_and(|length| length > limit);
    let within = if is_announced_too_long { within.min(LONGEST_DISCARDING) } else { within };
    let mut seen = 0;
    let receiving = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Problem::bad_request("body_cut_off", "the body was cut off"))?;
            seen += chunk.len();
            if seen <= limit {
                bytes.extend_from_slice(&chunk);
            } else if seen > MOST_DISCARDED {
                break;
            }
        }
        Ok::<_, Problem>(())
    };
    match timeout(within, receiving).await {
        Ok(received) => received?,
        Err(_) if seen > limit || is_announced_too_long => return Err(Problem::body_too_large(limit)),
        Err(_) => return Err(too_slow(within)),
    }
    if seen > limit { Err(Problem::body_too_large(limit)) } else { Ok(bytes) }
}

fn too_slow(within: Duration) -> Problem {
    let detail = format!("the body did not arrive within {} seconds", within.as_secs_f32());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body did not arrive", detail)
}
