//! Tokens for trying things out.

use crate::support::{Client, Server, Setup};
use serde_json::json;

async fn for_development() -> Server {
    Server::start_as(Setup { dev_tokens: true, ..Setup::default() }).await
}

#[tokio::test]
async fn each_role_gets_a_token_that_works() {
    let server = for_development().await;
    for (role, sub, path) in [
        ("user", "demo", "/v1/credits"),
        ("admin", "admin", "/admin/accounts"),
        ("auditor", "auditor", "/audit/events"),
    ] {
        let issued = server.stranger().post("/dev/token", json!({ "role": role })).await.expect(200);
        assert_eq!((&issued.body["sub"], &issued.body["role"]), (&json!(sub), &json!(role)));
        assert!(issued.body["expires_at"].as_str().unwrap().ends_with('Z'));
        let token = issued.body["token"].as_str().unwrap().to_owned();
        Client::new(server.address, Some(token)).get(path).await.expect(200);
    }
    let issued = server.stranger().post("/dev/token", json!({ "role": "user", "sub": "zoe" })).await;
    assert_eq!(issued.expect(200).body["sub"], "zoe");
}

#[tokio::test]
async fn nobody_else_gets_one() {
    let server = for_development().await;
    let body = json!({ "role": "admin" });
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("host", "evil.example"),
        // Another server on this machine, such as one that passes on what is sent to it.
        ("host", "127.0.0.1:9"),
        ("host", "localhost"),
    ] {
        let reply = server.stranger().with(name, value).post("/dev/token", body.clone()).await;
        reply.refused(403, "forbidden");
    }
    let plain = Server::start().await;
    plain.stranger().post("/dev/token", body).await.refused(404, "not_found");
}

#[tokio::test]
async fn only_known_roles_and_possible_names() {
    let server = for_development().await;
    for (body, status, field) in [
        (json!({ "role": "root" }), 422, "role"),
        (json!({}), 400, "role"),
        (json!({ "role": "user", "sub": "" }), 422, "sub"),
        (json!({ "role": "user", "sub": "a\u{0}" }), 422, "sub"),
        (json!({ "role": "user", "ttl": 1 }), 400, "ttl"),
    ] {
        let reply = server.stranger().post("/dev/token", body).await.expect(status);
        assert_eq!(reply.blamed(), [field]);
    }
}
