//! The OpenAPI document as a judge: which statuses an operation may answer with, and what an error looks like.

use super::reply::Reply;
use reqwest::Method;
use serde_json::Value;
use std::sync::OnceLock;

pub(crate) struct Contract {
    document: Value,
}

/// Texts that only our own code or the framework's would know.
const LEAKS: [&str; 14] = [
    "poem",
    "serde",
    "tokio",
    "ledger::",
    "api::",
    "projections::",
    "Option<",
    "Vec<",
    "alloc::",
    "panicked",
    "select ",
    "insert into",
    "postgres",
    ".rs:",
];

impl Contract {
    pub(crate) fn shared() -> &'static Contract {
        static SHARED: OnceLock<Contract> = OnceLock::new();
        SHARED.get_or_init(|| Contract { document: serde_json::from_str(&api::openapi_document()).unwrap() })
    }

    /// Every operation: its path, its method in lower case, and what the document says of it.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, operations)| {
            let operations = operations.as_object().unwrap().iter();
            operations.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }

    /// A schema by its name.
    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.document["components"]["schemas"][name]
    }

    /// The operation behind an address, if there is one.
    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap();
        let method = method.as_str().to_lowercase();
        let mut matching: Vec<_> =
            self.operations().filter(|(template, of, _)| *of == method && matches(template, path)).collect();
        // A fixed segment goes before a parameter.
        matching.sort_by_key(|(template, _, _)| template.matches('{').count());
        matching.first().map(|(_, _, operation)| *operation)
    }

    #[track_caller]
    /// `wants_page` is whether a page was asked for: then a refusal is one too.
    pub(crate) fn check(&self, method: &Method, path: &str, wants_page: bool, reply: &Reply) {
        let status = reply.status.as_u16();
        let seen = || format!("{method} {path}: {status} {}", String::from_utf8_lossy(&reply.bytes));
        if let Some(operation) = self.operation(method, path) {
            assert!(
                !operation["responses"][status.to_string()].is_null(),
                "not declared in the document: {}",
                seen()
            );
        }
        assert!(reply.header("x-request-id").is_some(), "no request id: {}", seen());
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{}", seen());
        if status >= 400 && wants_page {
            assert_problem_page(reply, &seen);
        } else if status >= 400 {
            assert_problem(reply, &seen);
        }
    }
}

#[track_caller]
fn assert_problem_page(reply: &Reply, seen: &dyn Fn() -> String) {
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{}", seen());
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", seen());
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{}", seen());
    let text = reply.text();
    assert!(text.contains(reply.header("x-request-id").unwrap()), "{}", seen());
    assert!(!text.contains("<script"), "{}", seen());
    for leak in LEAKS {
        assert!(!text.contains(leak), "{leak:?} leaks: {}", seen());
    }
}

#[track_caller]
fn assert_problem(reply: &Reply, seen: &dyn Fn() -> String) {
    let document = &reply.body;
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", seen());
    let code = document["code"].as_str().unwrap_or_else(|| panic!("no code: {}", seen()));
    assert_eq!(document["type"], format!("urn:cooly:problem:{code}"), "{}", seen());
    assert_eq!(document["status"], reply.status.as_u16(), "{}", seen());
    assert_eq!(document["request_id"].as_str(), reply.header("x-request-id"), "{}", seen());
    assert!(document["title"].is_string() && document["detail"].is_string(), "{}", seen());
    let challenges = reply.header("www-authenticate") == Some("Bearer");
    assert_eq!(challenges, reply.status == 401, "{}", seen());
    assert_eq!(
        reply.header("retry-after").is_some(),
        matches!(reply.status.as_u16(), 429 | 503) || code == "not_sealed_yet",
        "{}",
        seen()
    );
    let text = document["detail"].to_string() + &document["errors"].to_string();
    for leak in LEAKS {
        assert!(!text.contains(leak), "{leak:?} leaks: {}", seen());
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(expected, given)| expected.starts_with('{') || expected == given)
}
