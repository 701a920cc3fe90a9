//! What no operation answers: unknown addresses and methods, request ids, headers that every answer carries.

use crate::support::{Contract, Server};
use reqwest::Method;

#[tokio::test]
async fn an_unknown_address_is_a_problem_document() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for path in [
        "/nothing",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/admin",
        "/v1/generations/",
        "/v2/generations",
        "/.env",
        "/pages/",
        "/pages/../Cargo.toml",
        "/pages/%2e%2e/Cargo.toml",
        "/pages/README.md",
        "/docs/x",
        "/V1/generations",
        "/v1/credits/",
        "/%00",
        "/%ff",
    ] {
        for client in [&alice, &server.stranger()] {
            client.get(path).await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn an_unknown_method_is_told_which_ones_there_are() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let mut paths: Vec<_> = Contract::shared().operations().map(|(path, _, _)| path).collect();
    paths.dedup();
    for path in paths {
        let address = path.replace("{id}", "019ab000-0000-7000-8000-000000000000").replace("{user}", "x");
        let reply = alice.send(Method::PATCH, &address.replace("{index}", "0"), None).await;
        let reply = reply.refused(405, "method_not_allowed");
        let allowed = reply.header("allow").unwrap();
        for (_, method, _) in Contract::shared().operations().filter(|(other, _, _)| *other == path) {
            assert!(allowed.split(", ").any(|name| name.eq_ignore_ascii_case(method)), "{path}: {allowed}");
        }
    }
    let made_up = Method::from_bytes(b"BREW").unwrap();
    alice.send(made_up, "/v1/credits", None).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let head = alice.request(Method::HEAD, "/v1/credits").send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_sane() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let kept = alice.with("x-request-id", "my-trace.7").get("/v1/credits").await;
    assert_eq!(kept.header("x-request-id"), Some("my-trace.7"));
    for id in ["", "a b", "<b>", &"x".repeat(65)] {
        let replaced = alice.with("x-request-id", id).get("/v1/credits").await;
        assert_ne!(replaced.header("x-request-id"), Some(id));
    }
    let first = alice.get("/v1/credits").await;
    let second = alice.get("/v1/credits").await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn every_answer_carries_what_protects_its_reader() {
    let server = Server::start().await;
    for (client, path) in [(server.user("alice"), "/v1/credits"), (server.stranger(), "/nothing")] {
        let reply = client.get(path).await;
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(reply.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert!(reply.header("access-control-allow-origin").is_none());
    }
    let foreign = server.user("alice").with("origin", "http://evil.example").get("/v1/credits").await;
    assert!(foreign.header("access-control-allow-origin").is_none());
}
