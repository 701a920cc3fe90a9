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
        for mended in [
            "<html lang=\"en\">",
            "name=\"viewport\"",
            "persistAuthorization: true",
            "#ui .opblock-summary-get",
            "new MutationObserver(changed)",
        ] {
            assert!(text.contains(mended), "the page has no {mended}: has its template changed?");
        }
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

/// Whoever opens Swagger UI and presses a button has nothing to fill in first.
#[test]
fn whatever_must_be_filled_in_has_an_example() {
    for (path, method, operation) in Contract::shared().operations() {
        let name = format!("{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let is_filled = !parameter["example"].is_null();
            assert!(parameter["required"] != true || is_filled, "{name}: {}", parameter["name"]);
        }
        for (kind, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let example = &body["example"];
            assert!(!example.is_null(), "{name}: {kind}");
            let has_trial = body["schema"]["$ref"].as_str().is_some_and(|name| {
                let schema = name.rsplit('/').next().unwrap();
                !Contract::shared().schema(schema)["properties"]["dry_run"].is_null()
            });
            assert_eq!(has_trial, example["dry_run"] == true, "{name}: nothing moves by pressing a button");
        }
    }
}

/// An address with the document's examples in the place of its parameters.
pub(crate) fn as_the_examples_have_it(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.filter(|parameter| parameter["in"] == "path").fold(path.to_owned(), |address, parameter| {
        let (name, example) = (parameter["name"].as_str().unwrap(), &parameter["example"]);
        let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        address.replace(&format!("{{{name}}}"), &example)
    })
}

/// The examples are what the server takes: they work for the user that everybody begins with, and change nothing.
#[tokio::test]
async fn bodies_of_the_examples_are_accepted_and_change_nothing() {
    let server = Server::start().await;
    server.rich_user(api::examples::USER, 1_000).await;
    let (demo, admin) = (server.user(api::examples::USER), server.admin());
    let before = server.log_length().await;
    let mut tried = 0;
    for (path, method, operation) in Contract::shared().operations() {
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        // A report needs a signature that no example can have.
        if example.is_null() || path == "/dev/token" || path.starts_with("/v1/webhooks/") {
            continue;
        }
        let address = as_the_examples_have_it(path, operation);
        let client = if path.starts_with("/v1/") { &demo } else { &admin };
        let reply =
            client.send(method.to_uppercase().parse().unwrap(), &address, Some(example.clone())).await;
        // The example hold, picture, incident and key are made by `cooly` alone, the endpoint by nobody.
        let is_missing =
            ["{hold}", "{incident}", "/keys/{id}", "{webhook}"].iter().any(|part| path.contains(part));
        let status = match path {
            _ if is_missing || !example["job_id"].is_null() => 404,
            // A key or an endpoint is no credit of anybody's: it is made, and can be taken back.
            "/v1/keys" | "/admin/keys" | "/admin/webhooks" => 201,
            _ => 200,
        };
        let _ = reply.expect(status);
        tried += 1;
    }
    assert_eq!(tried, 20);
    assert_eq!(server.log_length().await, before);
}

/// A reference beside a description is one type for whoever generates a client.
#[test]
fn no_field_is_two_schemas_of_which_one_says_nothing() {
    fn check(value: &Value) {
        if let Some(all) = value["allOf"].as_array() {
            let empty =
                all.iter().filter(|one| one.as_object().unwrap().keys().all(|key| key == "description"));
            assert_eq!(empty.count(), 0, "{value}");
        }
        match value {
            Value::Object(object) => object.values().for_each(check),
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    check(&serde_json::from_str(&api::openapi_document()).unwrap());
}
