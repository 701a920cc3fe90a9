//! Who may do what: every operation of the document against every role and every kind of bad token.
//!
//! The table below is by path; an operation that no line of it covers fails the test.

use crate::support::{Client, Contract, SECRET, Server, Setup};
use api::auth::{Keys, Role};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const ROLES: [Role; 3] = [Role::User, Role::Admin, Role::Auditor];

/// The roles that an operation is for; `None` if it needs no token.
pub(crate) fn rule(path: &str, method: &str) -> Option<&'static [Role]> {
    match path {
        "/session" => (method == "post").then_some(&ROLES),
        "/health/live" | "/health/ready" | "/dev/token" => None,
        _ if path.starts_with("/v1/webhooks/") => None,
        "/metrics" => Some(&[Role::Admin, Role::Auditor]),
        "/admin/accounts/{user}/statement" | "/audit/export" => Some(&[Role::Admin, Role::Auditor]),
        _ if path.starts_with("/v1/") => Some(&[Role::User]),
        _ if path.starts_with("/admin/") => Some(&[Role::Admin]),
        _ if path.starts_with("/audit/") => Some(&[Role::Auditor]),
        _ => panic!("{path}: who may do this? Add a rule here."),
    }
}

/// An address of an operation, and its method.
fn address(path: &str, method: &str) -> (Method, String) {
    let path = path
        .replace("{id}", "019ab000-0000-7000-8000-000000000000")
        .replace("{provider}/{account}/{reference}", "fal/a/b?mac=c")
        .replace("{user}", "nobody")
        .replace("{index}", "0")
        .replace("{hold}", "1")
        .replace("{incident}", "1-0123456789abcdef0123456789abcdef")
        .replace(
            "{webhook}/deliveries/{message}",
            "{webhook}/deliveries/019ab000-0000-7000-8000-000000000001",
        )
        .replace("{webhook}", "019ab000-0000-7000-8000-000000000000")
        .replace("{lot}", "1")
        .replace("{number}", "1")
        .replace("{position}", "1");
    assert!(!path.contains('{'), "{path}: what stands here? Add it above.");
    (method.to_uppercase().parse().unwrap(), path)
}

/// Sends what is enough for the token to be looked at, and nothing that would be done.
async fn knock(client: &Client, path: &str, method: &str) -> crate::support::Reply {
    let (method, path) = address(path, method);
    if path == "/v1/events" {
        // A stream that opens does not end; its headers are all that is asked here.
        let response = client.request(method, &path).send().await.unwrap();
        if response.status() == 200 {
            let (status, headers) = (response.status(), response.headers().clone());
            return crate::support::Reply { status, headers, bytes: Vec::new(), body: Value::Null };
        }
        return crate::support::read(&Method::GET, &path, response).await;
    }
    client.send(method, &path, None).await
}

#[tokio::test]
async fn every_operation_admits_its_role_and_no_other() {
    let server = Server::start().await;
    let before = server.log_length().await;
    let mut seen = 0;
    for (path, method, operation) in Contract::shared().operations() {
        let allowed = rule(path, method);
        assert_eq!(operation["security"].is_array(), allowed.is_some(), "{method} {path}");
        for role in ROLES {
            let reply = knock(&server.client(role, "someone"), path, method).await;
            let forbidden = allowed.is_some_and(|allowed| !allowed.contains(&role));
            assert_eq!(reply.status == 403, forbidden, "{role} {method} {path}: {}", reply.status);
            assert_ne!(reply.status, 401, "{role} {method} {path}");
            seen += 1;
        }
        let unknown = knock(&server.stranger(), path, method).await;
        assert_eq!(unknown.status == 401, allowed.is_some(), "nobody {method} {path}");
    }
    assert!(seen >= 3 * 25, "only {seen} were tried");
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn every_operation_refuses_every_bad_token() {
    let server = Server::start().await;
    let before = server.log_length().await;
    let clients: Vec<_> = bad_tokens()
        .into_iter()
        .map(|(name, token)| (name, Client::new(server.address, Some(token))))
        .collect();
    let guarded = |(path, method, _): &(&str, &str, &Value)| rule(path, method).is_some();
    for (path, method, _) in Contract::shared().operations().filter(guarded) {
        for (name, client) in &clients {
            let reply = knock(client, path, method).await;
            assert_eq!(
                (reply.status.as_u16(), reply.code()),
                (401, "unauthenticated"),
                "{name} {method} {path}"
            );
        }
    }
    assert_eq!(server.log_length().await, before);
}

fn bad_tokens() -> Vec<(&'static str, String)> {
    let now = chrono::Utc::now().timestamp();
    let good = json!({
        "sub": "alice", "role": "user", "iss": "cooly", "aud": "cooly", "exp": now + 60, "nbf": now, "iat": now,
    });
    let with = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        signed(Algorithm::HS256, &claims, SECRET)
    };
    let without = |claim: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(claim);
        signed(Algorithm::HS256, &claims, SECRET)
    };
    let payload = signed(Algorithm::HS256, &good, SECRET).split('.').nth(1).unwrap().to_owned();
    let other = Keys::hs256(b"some other secret of thirty-two bytes or more", "cooly", "cooly").unwrap();
    let foreign = other.issue(Role::User, &"alice".parse().unwrap(), Duration::from_secs(60)).unwrap();
    let mut broken = signed(Algorithm::HS256, &good, SECRET);
    broken.truncate(broken.len() - 3);
    vec![
        ("alg none", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")),
        ("another algorithm", signed(Algorithm::HS512, &good, SECRET)),
        ("another key", foreign),
        ("a broken signature", broken),
        ("another audience", with("aud", json!("elsewhere"))),
        ("no audience", without("aud")),
        ("another issuer", with("iss", json!("someone"))),
        ("no issuer", without("iss")),
        ("expired", with("exp", json!(now - 10))),
        ("without end", without("exp")),
        ("not yet valid", with("nbf", json!(now + 60))),
        ("no subject", without("sub")),
        ("an empty subject", with("sub", json!(""))),
        ("a subject that cannot be stored", with("sub", json!("a\u{0}b"))),
        ("a made-up role", with("role", json!("root"))),
        ("no role", without("role")),
        ("oversized", with("padding", json!("x".repeat(10_000)))),
        ("nonsense", "nonsense".into()),
    ]
}

fn signed(algorithm: Algorithm, claims: &Value, secret: &[u8]) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn other_ways_to_send_a_token_are_none() {
    let server = Server::start().await;
    let token = server.keys.issue(Role::User, &"alice".parse().unwrap(), Duration::from_secs(60)).unwrap();
    let nobody = server.stranger();
    for value in [format!("Basic {token}"), token.clone(), "Bearer".into(), "Bearer ".into(), String::new()] {
        let reply = nobody.with("authorization", &value).get("/v1/credits").await;
        reply.refused(401, "unauthenticated");
    }
    let twice = nobody.with("authorization", &format!("Bearer {token}"));
    let twice = twice.with("authorization", &format!("Bearer {token}"));
    twice.get("/v1/credits").await.refused(400, "parameter_invalid");
    let in_query = nobody.get(&format!("/v1/credits?access_token={token}")).await;
    assert!(in_query.status.is_client_error());
    let lower = nobody.with("authorization", &format!("bearer {token}"));
    lower.get("/v1/credits").await.expect(200);
}

#[tokio::test]
async fn metrics_are_open_where_they_were_opened() {
    let open = Server::start_as(Setup { open_metrics: true, ..Setup::default() }).await;
    open.stranger().get("/metrics").await.expect(200);
}
