//! A file that is part of this binary or made once at start: kept by browsers, and asked after each time, so that
//! a new version shows at once.

use super::conditional::is_known;
use bytes::Bytes;
use poem::Response;
use poem::http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

/// See the module.
pub(crate) struct StaticFile {
    content_type: &'static str,
    bytes: Bytes,
    etag: String,
    /// What a page may do; files that are no pages do not need one of their own.
    policy: Option<String>,
}

impl StaticFile {
    pub(crate) fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> StaticFile {
        let bytes = bytes.into();
        let etag = hex::encode(&Sha256::digest(&bytes)[..12]);
        StaticFile { content_type, bytes, etag: format!("\"{etag}\""), policy: None }
    }

    /// The same file as a page that may do what this content security policy says.
    pub(crate) fn with_policy(self, policy: impl Into<String>) -> StaticFile {
        StaticFile { policy: Some(policy.into()), ..self }
    }

    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let mut response = Response::builder()
            .content_type(self.content_type)
            .header(header::ETAG, &self.etag)
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::VARY, "Accept");
        if let Some(policy) = &self.policy {
            response = response.header(header::CONTENT_SECURITY_POLICY, policy);
        }
        let known = request.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
        if is_known(known, &self.etag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.body(self.bytes.clone())
    }
}
