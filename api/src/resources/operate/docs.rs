//! `/docs` and `/openapi.json`: the document, and Swagger UI with everything it needs inside one page.
//!
//! Swagger UI's page has its script and style inline, so the policy names their hashes: what is not exactly
//! them does not run, and nothing is loaded from elsewhere.

use crate::serve::static_file::StaticFile;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::http::Method;
use poem::{Request, Response};
use sha2::{Digest, Sha256};

/// What Swagger UI's page lacks, as poem-openapi writes it: a language, a width that fits a phone, what makes it fit for
/// everybody, and authorisation that survives a reload. What it keeps is a token, in the storage of this origin alone.
const MENDED: [(&str, &str); 4] = [
    ("<html charset=\"UTF-8\">", "<!doctype html>\n<html lang=\"en\">"),
    (
        "<title>Swagger UI</title>",
        concat!(
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n    <title>Cooly: the API</title>\n    <style>",
            include_str!("docs.css"),
            "</style>"
        ),
    ),
    (
        "<div id=\"ui\"></div>",
        concat!("<div id=\"ui\"></div>\n<script>\n", include_str!("docs.js"), "</script>"),
    ),
    ("deepLinking: true,", "deepLinking: true,\n        persistAuthorization: true,"),
];

/// The two answers, made once.
pub(crate) struct Docs {
    document: StaticFile,
    page: StaticFile,
}

impl Docs {
    /// `page` is Swagger UI with the document in it.
    pub(crate) fn new(document: String, page: &str) -> Docs {
        let page =
            MENDED.iter().fold(page.to_owned(), |page, (as_is, mended)| page.replacen(as_is, mended, 1));
        let (scripts, styles) = (hashes(&page, "script"), hashes(&page, "style"));
        // Swagger UI sets style attributes, which have no hash; a style cannot run anything.
        let policy = format!(
            "default-src 'none'; script-src {scripts}; style-src-elem {styles}; style-src-attr 'unsafe-inline'; \
             img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Docs {
            document: StaticFile::new("application/json; charset=utf-8", document),
            page: StaticFile::new("text/html; charset=utf-8", page).with_policy(policy),
        }
    }

    /// The answer, if the request is for one of them.
    pub(crate) fn find(&self, request: &Request) -> Option<(Response, &'static str)> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let (file, route) = match request.uri().path() {
            "/docs" | "/docs/" => (&self.page, "/docs"),
            "/openapi.json" => (&self.document, "/openapi.json"),
            _ => return None,
        };
        Some((file.answer(request.headers()), route))
    }
}

/// The hashes of all inline elements of this name, as a policy lists them.
fn hashes(page: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut hashes = Vec::new();
    let mut rest = page;
    while let Some((_, tail)) = rest.split_once(&open) {
        let Some((_, content)) = tail.split_once('>') else { break };
        let Some((content, after)) = content.split_once(&close) else { break };
        hashes.push(format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content))));
        rest = after;
    }
    hashes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::hashes;

    #[test]
    fn each_inline_element_is_hashed_by_its_content() {
        // From the examples of the CSP specification.
        let page = "<script>alert('Hello, world.');</script><script charset=\"UTF-8\">1</script>";
        let hashes = hashes(page, "script");
        assert!(hashes.starts_with("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"), "{hashes}");
        assert_eq!(hashes.split(' ').count(), 2);
    }
}
