//! Every kind of bad body against every operation that takes one: a 4xx that names the field, and nothing done.

use crate::support::{Client, Contract, Server};
use reqwest::Method;
use serde_json::{Value, json};

/// Decisions about an incident that nothing died of.
const IGNORE: &str = "/admin/dlq/incidents/1-0123456789abcdef0123456789abcdef/ignore";
const RESOLVE: &str = "/admin/dlq/incidents/1-0123456789abcdef0123456789abcdef/resolve";
const REOPEN: &str = "/admin/dlq/incidents/1-0123456789abcdef0123456789abcdef/reopen";

/// A key that nobody has, and a body in which nothing is needed.
const REVOKE: &str = "/admin/keys/019ab000-0000-7000-8000-000000000000/revoke";
/// The endpoint of nobody.
const WEBHOOK: &str = "/admin/webhooks/019ab000-0000-7000-8000-000000000000";
const REPLAY: &str = "/admin/webhooks/019ab000-0000-7000-8000-000000000000/replay";

/// The id of no generation.
const NOWHERE: &str = "019ab000-0000-7000-8000-000000000000";

/// Operations with a body, each with a client that may use it and a body that it would take.
async fn takers(server: &Server) -> Vec<(Client, &'static str, Value)> {
    let alice = server.rich_user("alice", 1_000).await;
    let admin = server.admin();
    let image = json!({ "model": "sim-image", "prompt": "x" });
    vec![
        (alice.clone(), "/v1/generations", image.clone()),
        (alice.clone(), "/v1/generations/batch", json!({ "items": [image] })),
        (alice, "/v1/keys", json!({ "name": "x" })),
        (admin.clone(), "/admin/keys", json!({ "name": "x", "scope": "backend" })),
        (admin.clone(), REVOKE, json!({ "reason": "x" })),
        (admin.clone(), "/admin/accounts/alice/grants", json!({ "amount": "1", "reason": "x" })),
        (admin.clone(), "/admin/accounts/alice/adjustments", json!({ "amount": "1", "reason": "x" })),
        (admin.clone(), "/admin/accounts/alice/holds", json!({ "amount": "1", "reason": "x" })),
        (admin.clone(), "/admin/accounts/alice/holds/2/capture", json!({ "amount": "1" })),
        (admin.clone(), "/admin/accounts/alice/lots/1/void", json!({ "reason": "x" })),
        (admin.clone(), "/admin/accounts/alice/refunds", json!({ "job_id": NOWHERE, "reason": "x" })),
        (
            admin.clone(),
            "/admin/credits/batch",
            json!({ "commands": [{ "user": "alice", "grant": { "amount": "1", "reason": "x" } }] }),
        ),
        (admin.clone(), "/admin/dlq/bulk-actions", json!({ "action": "retry", "filter": {} })),
        (admin.clone(), "/admin/dlq/cleanup", json!({ "older_than": "7d" })),
        (admin.clone(), IGNORE, json!({ "expected_revision": 0, "more": 1 })),
        (admin.clone(), RESOLVE, json!({ "expected_revision": 0 })),
        (admin.clone(), REOPEN, json!({ "expected_revision": 0 })),
        (
            admin.clone(),
            "/admin/webhooks",
            json!({ "url": "https://example.com/hooks", "events": ["credits.low"] }),
        ),
        (admin.clone(), WEBHOOK, json!({ "enabled": true })),
        (admin, REPLAY, json!({ "after": 0 })),
    ]
}

#[tokio::test]
async fn every_operation_with_a_body_is_tried_here() {
    let server = Server::start().await;
    let tried: Vec<_> = takers(&server).await.into_iter().map(|(_, path, _)| path).collect();
    for (path, method, operation) in Contract::shared().operations() {
        // An upload is no JSON: `bulk_grants` tries it. A report is read once it is proved: `webhooks` tries it.
        let is_json = operation["requestBody"]["content"]["application/json"].is_object();
        if is_json && path != "/dev/token" && !path.starts_with("/v1/webhooks/") {
            let path = path.replace("{user}", "alice").replace("{hold}", "2").replace("{lot}", "1");
            let path = path.replace("{incident}", "1-0123456789abcdef0123456789abcdef");
            let path = path.replace("/keys/{id}", &format!("/keys/{NOWHERE}"));
            let path = path.replace("{webhook}", NOWHERE);
            assert!(tried.contains(&path.as_str()), "{method} {path} has a body and is not tried");
        }
    }
}

#[tokio::test]
async fn what_is_not_the_right_json_is_refused_everywhere() {
    let server = Server::start().await;
    let takers = takers(&server).await;
    let before = server.log_length().await;
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for (client, path, good) in &takers {
        let good = good.to_string();
        let first = good[1..].split(':').next().unwrap();
        let bodies: Vec<Vec<u8>> = vec![
            Vec::new(),
            b"null".to_vec(),
            b"[]".to_vec(),
            b"7".to_vec(),
            b"\"text\"".to_vec(),
            b"{}".to_vec(),
            b"{".to_vec(),
            b"nonsense".to_vec(),
            b"{\"a\":NaN}".to_vec(),
            b"{\"a\":1e400}".to_vec(),
            good.as_bytes()[..good.len() - 1].to_vec(),
            format!("{good}x").into_bytes(),
            format!("{good}{good}").into_bytes(),
            format!("\u{feff}{good}").into_bytes(),
            // Unknown, repeated, null and wrong-typed fields.
            format!("{{\"extra\":1,{}", &good[1..]).into_bytes(),
            format!("{{{first}:null,{}", &good[1..]).into_bytes(),
            format!("{{{first}:null}}").into_bytes(),
            format!("{{{first}:[[]]}}").into_bytes(),
            // Bytes that are not UTF-8, half a surrogate, nesting without end.
            [b"{\"a\":\"", b"\xff\xfe".as_slice(), b"\"}"].concat(),
            b"{\"a\":\"\\ud800\"}".to_vec(),
            format!("{{\"a\":{deep}}}").into_bytes(),
            "{\"a\":".repeat(100_000).into_bytes(),
        ];
        let needs_nothing = |body: &[u8]| *path == REVOKE && matches!(body, b"{}" | b"{\"reason\":null}");
        for body in bodies.into_iter().filter(|body| !needs_nothing(body)) {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let reply = client.post_bytes(path, body).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (400, "body_invalid"), "{path} {shown}");
        }
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn another_content_type_is_refused_everywhere() {
    let server = Server::start().await;
    let takers = takers(&server).await;
    let before = server.log_length().await;
    for (client, path, good) in &takers {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/json; charset=utf-16",
            "json",
            "",
        ] {
            let request = client.request(Method::POST, path).header("content-type", kind);
            let response = request.body(good.to_string()).send().await.unwrap();
            let reply = crate::support::read(&Method::POST, path, response).await;
            reply.refused(415, "media_type_unsupported");
        }
        let request = client.request(Method::POST, path).body(good.to_string());
        let reply = crate::support::read(&Method::POST, path, request.send().await.unwrap()).await;
        reply.refused(415, "media_type_unsupported");
        let request = client.request(Method::POST, path).header("content-type", "application/json");
        let request = request.header("content-encoding", "gzip").body(good.to_string());
        let reply = crate::support::read(&Method::POST, path, request.send().await.unwrap()).await;
        reply.refused(415, "content_encoding_unsupported");
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_everywhere() {
    let server = Server::start().await;
    let takers = takers(&server).await;
    let before = server.log_length().await;
    for (client, path, _) in &takers {
        let body = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024));
        client.post_bytes(path, body).await.refused(413, "body_too_large");
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn values_that_cannot_be_accepted_are_named() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let before = server.log_length().await;
    let good = json!({ "model": "sim-image", "prompt": "x" });
    for (field, value, status) in [
        ("prompt", json!(""), 422),
        ("prompt", json!("x".repeat(4_001)), 422),
        ("prompt", json!("🦊".repeat(4_001)), 422),
        ("prompt", json!("a\u{0}b"), 422),
        ("prompt", json!("a\u{1b}[31m"), 422),
        ("prompt", json!("a\u{85}b"), 422),
        ("prompt", json!(null), 400),
        ("prompt", json!(7), 400),
        ("prompt", json!(["x"]), 400),
        ("model", json!(""), 422),
        ("model", json!("nothing"), 422),
        ("model", json!("a\u{0}"), 422),
        ("model", json!("x".repeat(101)), 422),
        ("model", json!({}), 400),
        ("kind", json!("sound"), 422),
        ("kind", json!("IMAGE"), 422),
        ("kind", json!(1), 400),
        ("count", json!(0), 422),
        ("count", json!(-1), 422),
        ("count", json!(5), 422),
        ("count", json!(4_294_967_296_u64), 422),
        ("count", json!(u64::MAX), 422),
        ("count", json!(1.5), 400),
        ("count", json!(1.0), 400),
        ("count", json!("1"), 400),
        ("count", json!(true), 400),
        ("params", json!([]), 400),
        ("params.width", json!(63), 422),
        ("params.width", json!(1_025), 422),
        ("params.height", json!(0), 422),
        ("params.height", json!("64"), 400),
        ("params.seed", json!(-1), 422),
        ("params.seed", json!(4_294_967_296_u64), 422),
        ("params.seconds", json!(1), 422),
        ("params.callback_url", json!("http://169.254.169.254/"), 400),
        ("callback_url", json!("http://10.0.0.1/"), 400),
    ] {
        let mut body = good.clone();
        match field.split_once('.') {
            Some((outer, inner)) => body[outer][inner] = value.clone(),
            None => body[field] = value.clone(),
        }
        let reply = alice.post("/v1/generations", body).await;
        assert_eq!(reply.status, status, "{field} {value}: {}", reply.body);
        assert_eq!(reply.blamed(), [field], "{value}");
    }
    let many = json!({
        "model": "sim-image", "prompt": "x", "count": 5, "params": { "width": 1, "height": 2_000, "seconds": 1 },
    });
    let named = ["count", "params.width", "params.height", "params.seconds"];
    assert_eq!(alice.post("/v1/generations", many.clone()).await.expect(422).blamed(), named);
    let placed = named.map(|field| format!("items[1].{field}"));
    let batch = alice.post("/v1/generations/batch", json!({ "items": [good, many] })).await.expect(422);
    assert_eq!(batch.blamed(), placed);
    // The kind that is given must be that of the model.
    let other = json!({ "model": "sim-video", "prompt": "x", "kind": "image" });
    assert_eq!(alice.post("/v1/generations", other).await.refused(422, "model_unknown").blamed(), ["model"]);
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn texts_at_their_limits_are_taken_as_they_are() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let longest = "🦊".repeat(4_000);
    for prompt in
        [longest.as_str(), " . ", "\t!\n", "é\u{301}\u{202e}", "'; drop table events; --", "\\u0000"]
    {
        let bought = alice.buy(prompt).await;
        let seen = alice.get(&format!("/v1/generations/{}", bought.id())).await;
        assert_eq!(seen.body["prompt"], prompt);
    }
    server.caught_up().await;
    assert_eq!(alice.get("/v1/generations").await.items()[5]["prompt"], longest.as_str());
}

#[tokio::test]
async fn amounts_are_plain_decimals_in_strings() {
    let server = Server::start().await;
    let admin = server.admin();
    let before = server.log_length().await;
    for (amount, status) in [
        (json!("-1"), 422),
        (json!("0.0000001"), 422),
        (json!("1000000000000.000001"), 422),
        (json!("99999999999999999999999999999999"), 422),
        (json!("1e3"), 422),
        (json!("1e400"), 422),
        (json!("NaN"), 422),
        (json!("Infinity"), 422),
        (json!("0x10"), 422),
        (json!("1,5"), 422),
        (json!(" 1"), 422),
        (json!("+1"), 422),
        (json!(""), 422),
        (json!("١"), 422),
        (json!(1), 400),
        (json!(1.5), 400),
        (json!(null), 400),
        (json!(true), 400),
        (json!({}), 400),
    ] {
        let body = json!({ "amount": amount, "reason": "x" });
        let reply = admin.post("/admin/accounts/alice/grants", body).await;
        assert_eq!(reply.status, status, "{amount}: {}", reply.body);
        assert_eq!(reply.blamed(), ["amount"], "{amount}");
    }
    let number = admin.post("/admin/accounts/alice/grants", json!({ "amount": 5, "reason": "x" })).await;
    assert!(number.body["detail"].as_str().unwrap().contains("must be a string, such as \"12.5\""));
    for reason in [json!(""), json!("a\nb"), json!("\u{0}"), json!("x".repeat(501)), json!(1), json!(null)] {
        let body = json!({ "amount": "1", "reason": reason });
        let reply = admin.post("/admin/accounts/alice/adjustments", body).await;
        assert!(matches!(reply.status.as_u16(), 400 | 422), "{reason}");
        assert_eq!(reply.blamed(), ["reason"], "{reason}");
    }
    assert_eq!(server.log_length().await, before);
}
