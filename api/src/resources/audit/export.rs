//! `GET /audit/export`: the log, or one account, as a file.
//!
//! An export has a database connection of its own and one of a few permits, and runs beside the deadline that
//! other requests have: it is bounded by `limits.export` as a whole and by its client's patience piece by piece.
//! It is refused over HTTP/1.0, where its client could not tell a file that was cut off from a whole one.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AuditorOnly, Caller, Role, admitted};
use crate::serve::declared::{Answer, ReadFile};
use crate::serve::download::{MANIFEST, Sender, download, require_chunks};
use crate::serve::parameter::Query;
use crate::serve::problem::Problem;
use crate::serve::shell::Scope;
use crate::words::scalars::{DatasetName, FormatName, LogBound, UserName};
use ledger::export::{Dataset, Export, ExportError, Format, Selection};
use poem::http::{HeaderMap, HeaderValue, Version};
use poem::web::Data;
use poem::{Body, IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::payload::{Binary, Payload};
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// When to ask again while too many exports run.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Somebody who may read every account: an auditor, or an admin.
struct Inspector {
    request_id: String,
}

impl<'a> ApiExtractor<'a> for Inspector {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Caller<AuditorOnly> as ApiExtractor>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        <Caller<AuditorOnly> as ApiExtractor>::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let (app, scope) = (App::of(request)?, Scope::of(request)?);
        admitted(request, &app, &scope, &[Role::Admin, Role::Auditor]).await?;
        Ok(Inspector { request_id: scope.request_id().to_owned() })
    }
}

/// A file that is made while it is sent.
struct File {
    format: Format,
    name: String,
    body: Body,
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(self.format.content_type())
            .header("Content-Disposition", format!("attachment; filename=\"{}\"", self.name))
            .header("Trailer", MANIFEST)
            // Proxies must not gather what is meant to flow.
            .header("X-Accel-Buffering", "no")
            .body(self.body)
    }
}

impl ApiResponse for File {
    fn meta() -> MetaResponses {
        let header = |name: &str, description: &str| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: true,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let media = |format: Format| MetaMediaType {
            content_type: format.content_type(),
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        let whole = MetaResponse {
            description: "The file. It is whole only if the transfer ends well: a failure in the middle breaks it \
                          off. NDJSON ends with a line `{\"export\":…}`, Parquet has the same in its footer, and the \
                          trailer field `Export-Manifest` says it of every format",
            status: Some(200),
            status_range: None,
            content: [Format::Ndjson, Format::Csv, Format::Parquet].map(media).into(),
            headers: vec![
                header("Content-Disposition", "A name to save it under."),
                header(
                    "Trailer",
                    "`Export-Manifest`, sent to clients that accept trailers (`TE: trailers`).",
                ),
            ],
        };
        MetaResponses { responses: vec![whole] }
    }

    fn register(registry: &mut Registry) {
        <Binary<Body> as Payload>::register(registry);
    }
}

/// See the module.
pub(crate) struct Exports;

#[OpenApi(tag = "Tag::Audit")]
impl Exports {
    /// Export the log
    ///
    /// Every column of every event as it is stored, of one moment, streamed. For an auditor or an admin.
    #[oai(path = "/audit/export", method = "get", operation_id = "exportEvents")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn export(
        &self,
        caller: Inspector,
        app: Data<&App>,
        version: Version,
        /// How it is written; NDJSON if left out.
        format: Query<Option<FormatName>>,
        /// `events`, which it is if left out, or only the `seals` that cover them. NDJSON has both.
        dataset: Query<Option<DatasetName>>,
        /// Only the account of this user, ordered by stream and version.
        user: Query<Option<UserName>>,
        /// From this position, instant (`recorded_at`) or day on.
        since: Query<Option<LogBound>>,
        /// Up to this position, instant or day, which is not included.
        until: Query<Option<LogBound>>,
    ) -> Answer<File, ReadFile> {
        require_chunks(version)?;
        let selection = Selection {
            dataset: dataset.0.map_or(Dataset::Events, |dataset| dataset.0),
            account: user.0.map(|user| user.0.account()),
            since: since.0.map(|since| since.0),
            until: until.0.map(|until| until.0),
        };
        if selection.is_backwards() {
            return Err(Problem::parameter("until", "must not lie before `since`").into());
        }
        let format = format.0.map_or(Format::Ndjson, |format| format.0);
        let permit = app.exports.clone().try_acquire_owned().map_err(|_| too_many(&app))?;
        let client = app.database.connect(ledger::Role::Exporter).await?;
        let export = Export::open(client, selection, format).await?;
        let name = file_name(&selection, &export, format);
        let (sender, body) = download();
        let work = Work { export, permit, request_id: caller.request_id };
        tokio::spawn(work.run(sender, app.limits.export));
        Ok(File { format, name, body })
    }
}

fn too_many(app: &App) -> Problem {
    let most = app.limits.exports;
    let detail = format!("this server makes {most} exports at once; ask again when one has ended");
    Problem::too_many("too_many_exports", detail).retrying(RETRY_AFTER)
}

/// Says what it is and up to where it goes.
fn file_name(selection: &Selection, export: &Export, format: Format) -> String {
    let of = selection.account.map(|account| format!("-{account}")).unwrap_or_default();
    let (dataset, last) = (selection.dataset.as_str(), export.last());
    format!("cooly-{dataset}{of}-{last}.{}", format.as_str())
}

/// One export in work.
struct Work {
    export: Export,
    /// Held until the connection is closed.
    permit: OwnedSemaphorePermit,
    request_id: String,
}

impl Work {
    async fn run(mut self, sender: Sender, within: Duration) {
        let ended = sender.filled(within, self.copy(&sender)).await;
        let events = self.export.events();
        let ended = match ended {
            Ok(trailers) => sender.finish(trailers).await.map_err(|gone| gone.to_string()),
            // The sender ends with this, and so does the connection, without looking whole.
            Err(cause) => Err(cause),
        };
        match ended {
            Ok(()) => tracing::info!(request_id = self.request_id, events, "an export was sent"),
            Err(cause) => tracing::warn!(request_id = self.request_id, events, cause, "an export broke off"),
        }
        drop(self.export);
        drop(self.permit);
    }

    async fn copy(&mut self, sender: &Sender) -> Result<HeaderMap, String> {
        let failed = |error: ExportError| ledger::error_chain(&error);
        while let Some(chunk) = self.export.next_chunk().await.map_err(failed)? {
            sender.send(chunk).await.map_err(|gone| gone.to_string())?;
        }
        let manifest = self.export.manifest().map(|manifest| HeaderValue::try_from(manifest.to_json()));
        Ok(manifest.and_then(Result::ok).map(|manifest| (MANIFEST, manifest)).into_iter().collect())
    }
}
