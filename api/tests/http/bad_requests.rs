//! Bad parameters, headers, ids and cursors: each is refused by name, and changes nothing.

use crate::support::{Client, Contract, Server};
use reqwest::Method;
use serde_json::{Value, json};

fn client_for(server: &Server, path: &str) -> Client {
    match path.split('/').nth(1) {
        Some("admin") => server.admin(),
        Some("audit") => server.auditor(),
        _ => server.user("alice"),
    }
}

/// A path with ids of nothing in it.
fn filled(path: &str) -> String {
    path.replace("{id}", "019ab000-0000-7000-8000-000000000000")
        .replace("{index}", "0")
        .replace("{hold}", "1")
        .replace("{lot}", "1")
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
    for (path, method, operation) in Contract::shared().operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for value in bad_values(parameter) {
                let address = format!("{}?{name}={value}", filled(path));
                let method: Method = method.to_uppercase().parse().unwrap();
                let reply = client_for(&server, path).send(method, &address, None).await;
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
    for (path, method, operation) in Contract::shared().operations() {
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
                let reply = client_for(&server, path).get(&format!("{path}?cursor={cursor}")).await;
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
        let reply = client_for(&server, path).send(method, &format!("{path}?no_such=1"), None).await;
        assert_eq!(reply.refused(400, "parameter_invalid").blamed(), ["no_such"], "{path}");
    }
    let twice = server.user("alice").get("/v1/generations?limit=1&limit=2").await;
    assert_eq!(twice.refused(400, "parameter_invalid").blamed(), ["limit"]);
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
