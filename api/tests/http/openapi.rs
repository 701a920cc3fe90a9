//! The OpenAPI document, held against the copy in this repository.
//!
//! After a wanted change write a new copy with `COOLY_BLESS=1 cargo test -p api openapi` and look at the difference.

use crate::support::{Contract, Server};
use serde_json::Value;
use std::path::Path;

const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.json");

#[test]
fn the_document_is_the_one_in_the_repository() {
    let document = api::openapi_document() + "\n";
    if std::env::var_os("COOLY_BLESS").is_some() {
        std::fs::write(COPY, &document).unwrap();
    }
    let copy = std::fs::read_to_string(Path::new(COPY)).unwrap_or_default();
    let differing = document.lines().zip(copy.lines()).position(|(now, then)| now != then);
    assert!(
        document == copy,
        "the document has changed (first at line {differing:?}); if that is wanted: COOLY_BLESS=1 cargo test -p api openapi"
    );
}

#[test]
fn every_operation_is_described_and_says_what_can_go_wrong() {
    for (path, method, operation) in Contract::shared().operations() {
        let name = format!("{method} {path}");
        assert!(operation["operationId"].is_string(), "{name} has no id");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} never succeeds");
        for (status, response) in responses {
            assert!(
                !response["description"].as_str().unwrap().is_empty() || status == "200",
                "{name} {status}"
            );
            if status.starts_with(['4', '5']) {
                let content = response["content"].as_object().unwrap();
                assert!(content.contains_key("application/problem+json"), "{name} {status}");
            }
        }
        let secured = operation["security"].is_array();
        assert_eq!(secured, !operation["responses"]["401"].is_null(), "{name}: 401 goes with a token");
        let has_body = operation["requestBody"].is_object();
        assert_eq!(has_body, !operation["responses"]["415"].is_null(), "{name}: 415 goes with a body");
        assert_eq!(has_body, !operation["responses"]["413"].is_null(), "{name}: 413 goes with a body");
    }
}

#[tokio::test]
async fn the_server_serves_the_document() {
    let server = Server::start().await;
    let served = server.stranger().get("/openapi.json").await.expect(200);
    assert_eq!(served.body, serde_json::from_str::<Value>(&api::openapi_document()).unwrap());
    assert_eq!(served.body["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[tokio::test]
async fn swagger_ui_loads_nothing_from_elsewhere() {
    let server = Server::start().await;
    for path in ["/docs", "/docs/"] {
        let page = server.stranger().get(path).await.expect(200);
        let text = String::from_utf8(page.bytes.clone()).unwrap();
        assert!(text.contains("SwaggerUIBundle({") && text.contains("createGeneration"));
        let markup = outside_inline(&text);
        assert!(!markup.contains("src=") && !markup.contains("href="), "{markup}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(policy.contains("connect-src 'self'") && !policy.contains("http"), "{policy}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
        assert!(!scripts.contains("unsafe"), "{scripts}");
    }
}

/// The page without its inline scripts and styles, which are known by their hashes.
fn outside_inline(page: &str) -> String {
    let (mut outside, mut rest) = (String::new(), page);
    while let Some((at, close)) = [("<script", "</script>"), ("<style", "</style>")]
        .iter()
        .filter_map(|(open, close)| rest.find(open).map(|at| (at, close)))
        .min()
    {
        outside.push_str(&rest[..at]);
        rest = rest[at..].split_once(close).unwrap().1;
    }
    outside + rest
}
