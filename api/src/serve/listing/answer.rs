//! The answer to a question for a list.

use super::form::FileForm;
use crate::serve::download::MANIFEST;
use ledger::export::Format;
use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Binary, Json, Payload};
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::ToJSON;

/// A file that is made while it is sent.
pub(crate) struct File {
    pub(super) form: FileForm,
    pub(super) name: String,
    pub(super) body: Body,
}

/// A page of a list, or all of it.
pub(crate) enum Listed<P> {
    Page(P),
    File(File),
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(self.form.content_type())
            .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", self.name))
            .header(header::TRAILER, MANIFEST)
            // Proxies must not gather what is meant to flow.
            .header("X-Accel-Buffering", "no")
            .body(self.body)
    }
}

impl<P: ToJSON + Send> IntoResponse for Listed<P> {
    fn into_response(self) -> Response {
        let mut response = match self {
            Listed::Page(page) => Json(page).into_response(),
            Listed::File(file) => file.into_response(),
        };
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

impl<P: ToJSON + Send + Sync> ApiResponse for Listed<P> {
    fn meta() -> MetaResponses {
        let header = |name: &str, description: &str, required| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let file = |format: Format| MetaMediaType {
            content_type: format.content_type(),
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        let page = MetaMediaType { content_type: Json::<P>::CONTENT_TYPE, schema: Json::<P>::schema_ref() };
        let listed = MetaResponse {
            description: "A page, or all of the list as a file. A file is whole only if the transfer ends well: a failure in \
                          the middle breaks it off. NDJSON ends with a line `{\"export\":…}`, and the trailer field \
                          `Export-Manifest` says the same of both",
            status: Some(200),
            status_range: None,
            content: vec![page, file(Format::Csv), file(Format::Ndjson)],
            headers: vec![
                header("Vary", "`Accept`: the form depends on it where `format` is not given.", true),
                header("Content-Disposition", "A name to save a file under.", false),
                header(
                    "Trailer",
                    "Of a file: `Export-Manifest`, sent to clients that accept trailers (`TE: trailers`).",
                    false,
                ),
            ],
        };
        MetaResponses { responses: vec![listed] }
    }

    fn register(registry: &mut Registry) {
        <Json<P> as Payload>::register(registry);
        <Binary<Body> as Payload>::register(registry);
    }
}
