//! `POST /admin/grants/bulk`: many grants of one upload, worked on as it comes and answered line by line.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::bulk_grants::{Format, GrantLine, Run, Source};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{Lines, check_encoding, note_received};
use crate::serve::declared::{Answer, BulkOrder};
use crate::serve::parameter::{Header, Query};
use crate::serve::problem::Problem;
use ledger::IdempotencyKey;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Body, IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi};
use std::time::Duration;

/// Longest key of an upload: the keys of its lines are added to it.
const MAX_KEY_BYTES: usize = 120;

/// The lines of an upload, not read yet.
struct Upload {
    format: Format,
    lines: Lines,
}

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        GrantLine::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let media = |content_type, schema| MetaMediaType { content_type, schema };
        let content = vec![
            media("application/x-ndjson", GrantLine::schema_ref()),
            media("text/csv", String::schema_ref()),
        ];
        let description = "A grant a line: JSON objects, or a table whose first line names the columns";
        Some(MetaRequest { description: Some(description), content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let format = format_of(request).ok_or_else(|| {
            let detail = "send the body as `Content-Type: application/x-ndjson` or `text/csv`, in UTF-8";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Problem::new(status, "media_type_unsupported", "Media type not supported", detail)
        })?;
        check_encoding(request.headers())?;
        // Its lines are worked on as they come, each within a time of its own.
        note_received(request);
        Ok(Upload { format, lines: Lines::of(body, App::of(request)?.limits.receive)? })
    }
}

fn format_of(request: &Request) -> Option<Format> {
    let mut parts = request.content_type().unwrap_or_default().split(';').map(str::trim);
    let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "application/x-ndjson" => Format::Ndjson,
        "text/csv" => Format::Csv,
        _ => return None,
    };
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    is_utf8.then_some(format)
}

/// A stream of JSON objects, one a line.
struct Ndjson(Body);

impl Payload for Ndjson {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl IntoResponse for Ndjson {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.0)
    }
}

/// The answer.
#[derive(ApiResponse)]
enum Working {
    /// What becomes of the lines, while they come. In their order `{"line":7,"user":"…","outcome":"granted","lot":1}`,
    /// `"outcome":"replayed"` or `{"line":8,"outcome":"refused","code":"…","message":"…"}`; between them about once a
    /// second `{"progress":{"read":…,"granted":…,"replayed":…,"refused":…}}`; at the end
    /// `{"done":{"granted":…,"replayed":…,"refused":…,"dry_run":…,"stopped":null}}`, where `stopped` tells the line, `code`
    /// and `message` of an upload that was not worked through. Without a `done` it is not known how far it came: send it
    /// again under the same key.
    #[oai(status = 200)]
    Working(
        Ndjson,
        /// Proxies must pass the lines on at once.
        #[oai(header = "X-Accel-Buffering")]
        String,
    ),
}

/// See the module.
pub(crate) struct BulkGrants;

#[OpenApi(tag = "Tag::Accounts")]
impl BulkGrants {
    /// Grant credits to many
    ///
    /// Up to 100,000 lines of at most 64 KiB, read as they come. Each line is a grant of its own: a bad one refuses only
    /// itself, and none is granted twice under one `Idempotency-Key`, however often and in whatever order the lines are
    /// sent.
    #[oai(path = "/admin/grants/bulk", method = "post", operation_id = "grantInBulk")]
    async fn grant(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Only say what would become of the lines.
        dry_run: Query<Option<bool>>,
        /// Names this upload, at most 120 characters. The same one makes a repeat harmless, line by line.
        #[oai(name = "Idempotency-Key")]
        key: Header<String>,
        upload: Upload,
    ) -> Answer<Working, BulkOrder> {
        let key = key_of(key.0)?;
        let permit = app.uploads.clone().try_acquire_owned().map_err(|_| {
            let detail = format!("{} uploads are in work already; wait for one to end", app.limits.uploads);
            Problem::too_many("too_many_uploads", detail).retrying(Duration::from_secs(5))
        })?;
        let source = Source::open(upload.format, upload.lines).await?;
        let (app, context) = (app.0.clone(), caller.context());
        let validity = caller.validity;
        let run = Run { app, context, validity, key, dry_run: dry_run.0.unwrap_or(false), permit };
        Ok(Working::Working(Ndjson(Body::from_bytes_stream(run.start(source))), "no".into()))
    }
}

fn key_of(key: String) -> Result<String, Problem> {
    let key = IdempotencyKey::try_from(key).ok().filter(|key| key.as_str().len() <= MAX_KEY_BYTES);
    let message = format!("must be 1 to {MAX_KEY_BYTES} visible ASCII characters");
    key.map(String::from).ok_or_else(|| Problem::parameter("Idempotency-Key", message))
}
