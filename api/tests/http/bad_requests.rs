//! Bad parameters, headers, ids and cursors: each is refused by name, and changes nothing.

use crate::support::{Client, Contract, Server, raw};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::job::FailureClass;
use reqwest::Method;
use serde_json::{Value, json};

/// The id of no generation.
const NOWHERE: &str = "019ab000-0000-7000-8000-000000000000";

fn client_for(server: &Server, path: &str) -> Client {
    match path.split('/').nth(1) {
        Some("admin") => server.admin(),
        Some("audit") => server.auditor(),
        _ => server.user("alice"),
    }
}

/// A path with ids of nothing in it.
fn filled(path: &str) -> String {
    path.replace("{id}", NOWHERE)
        .replace("{incident}", "1-0123456789abcdef0123456789abcdef")
        .replace("{webhook}", NOWHERE)
        .replace("{message}", NOWHERE)
        .replace("{index}", "0")
        .replace("{hold}", "1")
        .replace("{lot}", "1")
}

/// The operations that say which parameter is wrong. The address of a webhook is a credential: one that was not given out
/// answers like one that does not exist, whatever is wrong with it, see `webhooks`.
fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    Contract::shared().operations().filter(|(path, _, _)| !path.starts_with("/v1/webhooks/"))
}

/// Bad values for a parameter, from what the document says that it is.
fn bad_values(parameter: &Value) -> Vec<&'static str> {
    let schema = &parameter["schema"];
    if schema.get("$ref").is_some() || schema.get("allOf").is_some() {
        // Only enumerations have a schema of their own.
        return vec!["odd", "", "%00", "IMAGE"];
    }
    let (kind, format) = (schema["type"].as_str().unwrap(), schema["format"].as_str().unwrap_or_default());
    match (kind, format) {
        ("integer", "int64") => vec!["-1", "x", "1.5", "1e3", "9223372036854775808", "%00", ""],
        ("integer", "int32") => vec!["0", "-1", "x", "1.5", "4294967296", "%00", ""],
        ("integer", "uint32") => vec!["-1", "x", "1.5", "4294967296", "%00"],
        ("integer", _) => vec!["0", "-1", "1000000000", "101", "x", "1.5", "%00", ""],
        ("boolean", _) => vec!["x", "1", "TRUE", "%00"],
        ("string", "uuid") => vec!["x", "019ab000-0000-7000-8000-00000000000", "%00", "%FF", "1"],
        ("string", "date") => {
            vec!["2026-13-01", "2026-02-30", "0000-00-00", "99999-01-01", "today", "%00", ""]
        }
        ("string", "date-time") => vec!["now", "2026-01-01", "9999999-01-01T00:00:00Z", "%00", ""],
        ("string", _) if schema["enum"].is_array() => vec!["odd", "", "%00", "IMAGE"],
        ("string", _) => vec!["%00", "a%0Ab", "%1B", ""],
        other => panic!("{other:?}: what would be a bad value of this? Add it here."),
    }
}

#[tokio::test]
async fn every_query_parameter_refuses_bad_values_by_name() {
    let server = Server::start().await;
    let mut tried = 0;
    for (path, method, operation) in operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for value in bad_values(parameter) {
                let address = format!("{}?{name}={value}", filled(path));
                let method: Method = method.to_uppercase().parse().unwrap();
                let client = client_for(&server, path).with("idempotency-key", "k");
                let reply = client.send(method, &address, None).await;
                assert_eq!(reply.refused(400, "parameter_invalid").blamed(), [name], "{address}");
                tried += 1;
            }
        }
    }
    assert!(tried > 80, "only {tried} were tried");
}

#[tokio::test]
async fn every_id_in_a_path_refuses_what_is_none() {
    let server = Server::start().await;
    let before = server.log_length().await;
    for (path, method, operation) in operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
            let name = parameter["name"].as_str().unwrap();
            for value in bad_values(parameter).into_iter().filter(|value| !value.is_empty()) {
                let address = filled(&path.replace(&format!("{{{name}}}"), value));
                let method: Method = method.to_uppercase().parse().unwrap();
                let reply = client_for(&server, path).send(method, &address, None).await;
                assert_eq!(reply.refused(400, "parameter_invalid").blamed(), [name], "{address}");
            }
        }
    }
    let long = "x".repeat(256);
    server.admin().get(&format!("/admin/accounts/{long}")).await.refused(400, "parameter_invalid");
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn every_list_refuses_made_up_cursors() {
    let server = Server::start().await;
    let long = "A".repeat(200);
    for (path, _, operation) in Contract::shared().operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        if parameters.into_iter().any(|parameter| parameter["name"] == "cursor") {
            for cursor in ["x", "0", "-1", "AAAA", "eyJhIjoxfQ", "%F0%9F%A6%8A", "'%3B--", &long] {
                let address = format!("{}?cursor={cursor}", filled(path));
                let reply = client_for(&server, path).get(&address).await;
                assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["cursor"], "{path} {cursor}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_and_repeated_parameters_are_refused() {
    let server = Server::start().await;
    for (path, method, _) in Contract::shared().operations().filter(|(path, _, _)| !path.contains('{')) {
        let method: Method = method.to_uppercase().parse().unwrap();
        let client = client_for(&server, path).with("idempotency-key", "k");
        let reply = client.send(method, &format!("{path}?no_such=1"), None).await;
        assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["no_such"], "{path}");
    }
    let twice = server.user("alice").get("/v1/generations?limit=1&limit=2").await;
    assert_eq!(twice.refused(400, "parameter_invalid").blamed(), ["limit"]);
    let many = server.user("alice").get("/v1/generations?limit=1&x=1&limit=2&y=1&x=2&limit=3").await;
    assert_eq!(many.refused(400, "parameter_invalid").blamed(), ["x", "limit", "y"]);
    let together = server.auditor().get(&format!("/audit/events?job={NOWHERE}&type=odd")).await;
    assert_eq!(together.refused(400, "parameter_invalid").blamed(), ["job", "type"]);
    let nothing_but: String = (0..500).map(|number| format!("&x{number}=1")).collect();
    let long = server.user("alice").get(&format!("/v1/generations?limit=1{nothing_but}")).await;
    assert_eq!(long.refused(400, "parameter_invalid").blamed().len(), 20);
}

/// One answer tells everything that is wrong with the parameters, as it does with bodies; and only to who may ask.
#[tokio::test]
async fn every_bad_parameter_is_named_at_once() {
    let server = Server::start().await;
    let mut tried = 0;
    for (path, method, operation) in operations() {
        let (mut address, mut query, mut names) = (path.to_owned(), Vec::new(), Vec::new());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let value = bad_values(parameter).into_iter().find(|value| !value.is_empty()).unwrap();
            match parameter["in"].as_str().unwrap() {
                "path" => address = address.replace(&format!("{{{name}}}"), value),
                "query" => query.push(format!("{name}={value}")),
                _ => continue,
            }
            names.push(name);
        }
        if names.len() > 1 {
            let address = format!("{address}?{}", query.join("&"));
            let method: Method = method.to_uppercase().parse().unwrap();
            let reply = client_for(&server, path).send(method.clone(), &address, None).await;
            assert_eq!(reply.refused(400, "parameter_invalid").blamed(), names, "{address}");
            server.stranger().send(method, &address, None).await.refused(401, "unauthenticated");
            tried += 1;
        }
    }
    assert!(tried > 20, "only {tried} operations have two parameters");
    let alice = server.user("alice").with("ledger-position", "x");
    let mixed = alice.get("/v1/generations?status=odd&limit=0&no_such=1").await;
    let blamed = ["no_such", "status", "limit", "Ledger-Position"];
    assert_eq!(mixed.refused(400, "parameter_invalid").blamed(), blamed);
}

#[tokio::test]
async fn headers_that_cannot_be_used_are_refused_by_name() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let before = server.log_length().await;
    let body = json!({ "model": "sim-image", "prompt": "x" });
    let long = "k".repeat(256);
    for key in ["", "a b", "é", &long] {
        let reply = alice.with("idempotency-key", key).post("/v1/generations", body.clone()).await;
        assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["Idempotency-Key"], "{key:?}");
    }
    let twice = alice.with("idempotency-key", "a").with("idempotency-key", "b");
    twice.post("/v1/generations", body).await.refused(400, "parameter_invalid");
    for position in ["", "-1", "x", "1.5", "99999999999999999999"] {
        let reply = alice.with("ledger-position", position).get("/v1/generations").await;
        assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["Ledger-Position"], "{position:?}");
        let reply = alice.with("last-event-id", position).get("/v1/events").await;
        assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["Last-Event-ID"], "{position:?}");
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn a_position_from_the_future_only_waits_a_moment() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let started = std::time::Instant::now();
    alice.with("ledger-position", "9223372036854775807").get("/v1/generations").await.expect(200);
    assert!(started.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn an_operation_without_a_body_refuses_one() {
    let server = Server::start().await;
    let mut tried = 0;
    for (path, method, operation) in Contract::shared().operations() {
        if operation.get("requestBody").is_some() {
            continue;
        }
        let method: Method = method.to_uppercase().parse().unwrap();
        let body = json!({ "expected_version": 999, "nonsense": true });
        let reply = client_for(&server, path).send(method.clone(), &filled(path), Some(body)).await;
        reply.refused(400, "body_unexpected");
        let token = client_for(&server, path);
        let address = filled(path);
        let chunked = format!(
            "{method} {address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            token.token().unwrap_or("none")
        );
        raw(server.address, chunked.as_bytes()).await.refused(400, "body_unexpected");
        tried += 1;
    }
    assert!(tried > 25, "{tried} operations have no body");
}

#[tokio::test]
async fn headers_that_must_be_single_are_refused_twice() {
    let server = Server::start().await;
    let token = client_for(&server, "/v1").token().unwrap().to_owned();
    for (name, value) in [
        ("Host", "127.0.0.1"),
        ("Authorization", "Bearer x"),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "a-key"),
        ("Prefer", "wait=1"),
    ] {
        let body = r#"{"model":"sim-image","prompt":"x"}"#;
        let request = format!(
            "POST /v1/generations HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: a-key\r\nPrefer: wait=1\r\n{name}: {value}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let reply = raw(server.address, request.as_bytes()).await.refused(400, "parameter_invalid");
        assert_eq!(reply.blamed(), [name]);
        assert!(reply.body["detail"].as_str().unwrap().contains("is given twice"), "{}", reply.body);
    }
    for page in ["/", "/docs", "/openapi.json", "/pages/studio.js", "/admin/dlq/messages"] {
        let request = format!(
            "GET {page} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        );
        let reply = raw(server.address, request.as_bytes()).await.expect(400);
        assert!(reply.text().contains("<code>Host</code> is given twice."), "{page}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_forged_cursor_never_reaches_the_database() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    for _ in 0..2 {
        server.dead("alice").await;
    }
    server.caught_up().await;
    for (client, list) in [(&alice, "/v1/generations"), (&server.admin(), "/admin/dlq/messages")] {
        let page = client.get(&format!("{list}?limit=1")).await.expect(200);
        let cursor = URL_SAFE_NO_PAD.decode(page.body["next_cursor"].as_str().unwrap()).unwrap();
        let (digest, place) = cursor.split_at(12);
        let place: Vec<Value> = serde_json::from_slice(place).unwrap();
        for at in ["-262143-01-01T00:00:00Z", "+262142-12-31T00:00:00Z", "0000-01-01T00:00:00Z"] {
            let forged = [digest, &serde_json::to_vec(&json!([at, place[1]])).unwrap()].concat();
            let forged = URL_SAFE_NO_PAD.encode(forged);
            let reply = client.get(&format!("{list}?limit=1&cursor={forged}")).await;
            assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["cursor"], "{list} {at}");
        }
    }
}

/// Every variant of a place in which one leaf is something that no list ever wrote.
fn forgeries(place: &Value) -> Vec<Value> {
    let hostile = [
        json!(i64::MIN),
        json!(i64::MAX),
        json!(-1),
        json!(1e300),
        json!(null),
        json!({}),
        json!([]),
        json!(true),
        json!(""),
        json!("\u{0}"),
        json!("-262143-01-01T00:00:00Z"),
        json!("+262142-12-31T00:00:00Z"),
        json!("x".repeat(300)),
    ];
    match place {
        Value::Array(leaves) => (0..leaves.len())
            .flat_map(|index| {
                forgeries(&leaves[index]).into_iter().map(move |leaf| {
                    let mut forged = leaves.clone();
                    forged[index] = leaf;
                    Value::Array(forged)
                })
            })
            .chain([json!([])])
            .collect(),
        _ => hostile.into(),
    }
}

#[tokio::test]
async fn no_list_breaks_at_a_forged_cursor() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    server.rich_user("bob", 100).await;
    let dead = [server.dead("alice").await, server.dead("alice").await];
    let other = alice.buy("dead of something else").await;
    server.fail_as("alice", other.id(), FailureClass::Transient, "provider_timeout").await;
    server.caught_up().await;
    server.seal().await;
    let (admin, auditor) = (server.admin(), server.auditor());
    let mut ordered = Vec::new();
    for _ in 0..2 {
        let order = json!({ "action": "retry", "ids": [dead[0].id(), dead[1].id()], "reason": "x" });
        let order = admin.with("prefer", "respond-async").post("/admin/dlq/bulk-actions", order).await;
        ordered.push(order.expect(202).id().to_owned());
    }
    let items = format!("/admin/dlq/bulk-actions/{}/items", ordered[0]);
    let mut webhook = String::new();
    for _ in 0..2 {
        let order = json!({ "url": "https://example.com/hooks", "events": ["credits.low"] });
        webhook = admin.post("/admin/webhooks", order).await.expect(201).id().to_owned();
        let _ = admin.order(&format!("/admin/webhooks/{webhook}/test")).await.expect(200);
    }
    let _ = admin.order(&format!("/admin/webhooks/{webhook}/test")).await.expect(200);
    let deliveries = format!("/admin/webhooks/{webhook}/deliveries");
    let lists = [
        (&alice, "/v1/generations"),
        (&alice, "/v1/credits/history"),
        (&alice, "/v1/credits/statement"),
        (&admin, "/admin/accounts"),
        (&admin, "/admin/accounts/alice/statement"),
        (&admin, "/admin/dlq/messages"),
        (&admin, "/admin/dlq/incidents"),
        (&admin, "/admin/dlq/bulk-actions"),
        (&admin, &items),
        (&admin, "/admin/webhooks"),
        (&admin, &deliveries),
        (&auditor, "/audit/events"),
        (&auditor, "/audit/seals"),
    ];
    for (path, _, operation) in Contract::shared().operations() {
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        if parameters.any(|parameter| parameter["name"] == "cursor") {
            let path =
                path.replace("{user}", "alice").replace("{id}", &ordered[0]).replace("{webhook}", &webhook);
            assert!(lists.iter().any(|(_, list)| *list == path), "{path} has a cursor and is not tried");
        }
    }
    for (client, list) in lists {
        let page = client.get(&format!("{list}?limit=1")).await.expect(200);
        let cursor = URL_SAFE_NO_PAD.decode(page.body["next_cursor"].as_str().expect(list)).unwrap();
        let (digest, place) = cursor.split_at(12);
        let place: Value = serde_json::from_slice(place).unwrap();
        for forged in forgeries(&place) {
            let cursor = URL_SAFE_NO_PAD.encode([digest, forged.to_string().as_bytes()].concat());
            let reply = client.get(&format!("{list}?limit=1&cursor={cursor}")).await;
            assert!([200, 400].contains(&reply.status.as_u16()), "{list} {forged}: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_packed_body_is_refused_by_its_encoding() {
    let server = Server::start().await;
    for (client, path) in
        [(server.rich_user("alice", 10).await, "/v1/generations"), (server.admin(), "/admin/dlq/cleanup")]
    {
        let reply = client.with("content-encoding", "gzip").post(path, json!({})).await;
        let reply = reply.refused(415, "content_encoding_unsupported");
        assert_eq!(reply.header("accept-encoding"), Some("identity"));
        assert!(reply.body["detail"].as_str().unwrap().contains("Content-Encoding"));
    }
}

#[tokio::test]
async fn an_age_of_nothing_cleans_up_nothing() {
    let server = Server::start().await;
    let admin = server.admin();
    for age in ["0h", "0s", "00d"] {
        let reply = admin.post("/admin/dlq/cleanup", json!({ "older_than": age, "dry_run": true })).await;
        assert_eq!(reply.refused(422, "validation_failed").blamed(), ["older_than"], "{age}");
        let all = json!({ "action": "discard", "filter": { "older_than": age }, "dry_run": true });
        let reply = admin.post("/admin/dlq/bulk-actions", all).await;
        assert_eq!(reply.refused(422, "validation_failed").blamed(), ["filter.older_than"], "{age}");
    }
}

#[tokio::test]
async fn a_prompt_must_show_something_and_is_not_charged_otherwise() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    for prompt in [" ", "\n\t\r\n", "\u{200b}\u{feff}", "\u{3164}", "\u{202e} \u{202c}"] {
        let order = json!({ "model": "sim-image", "prompt": prompt });
        let reply = alice.post("/v1/generations", order).await;
        assert_eq!(reply.refused(422, "validation_failed").blamed(), ["prompt"], "{prompt:?}");
    }
    assert_eq!(alice.get("/v1/credits").await.body["available"], "100");
}

#[tokio::test]
async fn a_user_id_that_looks_like_another_opens_no_account() {
    let server = Server::start().await;
    let admin = server.admin();
    let grant = json!({ "amount": "1", "reason": "x" });
    let path = |user: &str| format!("/admin/accounts/{user}/grants");
    for user in ["%20alice", "alice%20", "%E2%80%AEecila", "ali%E2%80%8Bce", "Zoe%CC%88"] {
        admin.post(&path(user), grant.clone()).await.refused(422, "user_id_misleading");
        let change = json!({ "amount": "1", "reason": "x" });
        admin
            .post(&path(user).replace("grants", "adjustments"), change)
            .await
            .refused(422, "user_id_misleading");
    }
    admin.post(&path("Zo%C3%AB"), grant).await.expect(201);
}
