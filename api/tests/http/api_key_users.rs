//! Users' own keys, and back ends that act for users.

use crate::support::{Client, Server, Setup};
use api::auth::Role;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A client with a key for a back end.
async fn backend(server: &Server) -> Client {
    let order = json!({ "name": "the shop", "scope": "backend" });
    let made = server.admin().post("/admin/keys", order).await.expect(201);
    server.with_key(made.body["secret"].as_str().unwrap())
}

#[tokio::test]
async fn users_make_see_and_revoke_their_own_keys_alone() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let made = alice.post("/v1/keys", json!({ "name": "my scripts" })).await.expect(201);
    assert_eq!(
        (&made.body["scope"], &made.body["owner"], &made.body["created_by"]),
        (&json!("user"), &json!("alice"), &json!("user:alice"))
    );
    let order = json!({ "name": "for the console", "scope": "admin", "owner": "alice" });
    let admins = server.client(Role::Admin, "alice").post("/admin/keys", order).await.expect(201);
    let seen = alice.get("/v1/keys").await.expect(200);
    assert_eq!((seen.items().len(), &seen.items()[0]["id"]), (1, &made.body["id"]));
    assert!(bob.get("/v1/keys").await.expect(200).items().is_empty());
    let missing = "019ab000-0000-7000-8000-000000000000";
    let mut answers = Vec::new();
    for id in [made.id(), admins.id(), missing] {
        let mut answer = bob.order(&format!("/v1/keys/{id}/revoke")).await.refused(404, "not_found");
        answer.body["request_id"] = "any".into();
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "another's key answers as a missing one does");
    alice.order(&format!("/v1/keys/{}/revoke", admins.id())).await.refused(404, "not_found");
    let own = server.with_key(made.body["secret"].as_str().unwrap());
    own.get("/v1/credits").await.expect(200);
    // A key may end itself: whoever finds one need not find its owner first.
    let revoked = own.order(&format!("/v1/keys/{}/revoke", made.id())).await.expect(200);
    assert_eq!(
        (&revoked.body["state"], &revoked.body["revoked_by"]),
        (&json!("revoked"), &json!("user:alice"))
    );
    own.get("/v1/credits").await.refused(401, "key_revoked");
    alice.order(&format!("/v1/keys/{}/revoke", made.id())).await.expect(200);
}

#[tokio::test]
async fn users_are_not_told_who_of_the_staff_did_what_and_why() {
    let server = Server::start().await;
    let order = json!({ "name": "for support", "scope": "user", "owner": "alice" });
    let made = server.admin().post("/admin/keys", order).await.expect(201);
    let revoke = format!("/admin/keys/{}/revoke", made.id());
    let told = server.admin().post(&revoke, json!({ "reason": "a fraud" })).await.expect(200);
    assert_eq!(
        (&told.body["revoked_by"], &told.body["revoke_reason"]),
        (&json!("admin:ops"), &json!("a fraud"))
    );
    let alice = server.user("alice");
    let listed = alice.get("/v1/keys").await.expect(200).items()[0].clone();
    let again = alice.order(&format!("/v1/keys/{}/revoke", made.id())).await.expect(200);
    for seen in [&listed, &again.body] {
        assert_eq!(seen["state"], "revoked");
        for field in ["created_by", "revoked_by", "revoke_reason"] {
            assert_eq!(seen[field], json!(null), "{field}");
        }
    }
    let seen = server.admin().get(&format!("/admin/keys/{}", made.id())).await.expect(200);
    assert_eq!(seen.body["revoke_reason"], "a fraud");
}

#[tokio::test]
async fn a_back_end_acts_for_the_user_that_it_names() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    server.rich_user("café", 7).await;
    let shop = backend(&server).await;
    let of = |user: &str| shop.with("cooly-user", user);
    assert_eq!(of("alice").get("/v1/credits").await.expect(200).body["available"], "100");
    assert_eq!(of("caf%C3%A9").get("/v1/credits").await.expect(200).body["available"], "7");
    let bought = of("alice").buy("a fox").await;
    server.user("alice").get(&format!("/v1/generations/{}", bought.id())).await.expect(200);
    of("caf%C3%A9").get(&format!("/v1/generations/{}", bought.id())).await.refused(404, "not_found");
    server.succeed("alice", bought.id(), b"png").await;
    let output = of("alice").get(&format!("/v1/generations/{}/outputs/0", bought.id())).await.expect(200);
    // A back end may keep what does not change, and must not give it to the next user.
    assert_eq!(output.header("vary"), Some("Authorization, Cooly-User, Cooly-Session, Cookie"));
    of("alice").get("/admin/accounts").await.refused(403, "forbidden");
    of("alice").get("/audit/events").await.refused(403, "forbidden");
}

#[tokio::test]
async fn whom_a_back_end_acts_for_must_be_said_and_nobody_else_may_say_it() {
    let server = Server::start().await;
    let before = server.log_length().await;
    let shop = backend(&server).await;
    let order = json!({ "model": "sim-image", "prompt": "x" });
    let refused = shop.post("/v1/generations", order.clone()).await.refused(400, "parameter_invalid");
    assert_eq!(refused.blamed(), ["Cooly-User"]);
    let long = "x".repeat(256);
    for user in ["", "..", ".", "a%00b", "%20a", "a%E2%80%AEb", "cafe%CC%81", "50%", "café", &long] {
        let refused = shop.with("cooly-user", user).post("/v1/generations", order.clone()).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["Cooly-User"], "{user:?}");
    }
    let twice = shop.with("cooly-user", "alice").with("cooly-user", "bob");
    assert_eq!(twice.get("/v1/credits").await.refused(400, "parameter_invalid").blamed(), ["Cooly-User"]);
    let own = json!({ "name": "x", "scope": "user", "owner": "alice" });
    let own = server.admin().post("/admin/keys", own).await.expect(201);
    let own = server.with_key(own.body["secret"].as_str().unwrap());
    for client in [own, server.user("alice")] {
        let refused = client.with("cooly-user", "bob").post("/v1/generations", order.clone()).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["Cooly-User"]);
    }
    let admin = server.client(Role::Admin, "ops").with("cooly-user", "bob");
    admin.get("/admin/accounts").await.refused(400, "parameter_invalid");
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn made_up_users_do_not_lift_the_rate_of_a_back_end() {
    let limits = api::Limits { requests_per_second: 1, burst: 1, ..api::Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let shop = backend(&server).await;
    let mut refused = 0;
    for number in 0..100 {
        let reply = shop.with("cooly-user", &format!("made-up-{number}")).get("/v1/models").await;
        refused += u32::from(reply.status == 429);
    }
    // Ten at once and ten a second for all of them together; each by itself would have had its first.
    assert!((1..=90).contains(&refused), "{refused} of 100");
}

#[tokio::test]
async fn a_stream_ends_soon_after_its_key_was_revoked() {
    let server = Server::start().await;
    let made = server.user("alice").post("/v1/keys", json!({ "name": "the app" })).await.expect(201);
    let client = server.with_key(made.body["secret"].as_str().unwrap());
    let mut stream = client.request(Method::GET, "/v1/events").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    stream.chunk().await.unwrap().expect("a stream begins with where it begins");
    server.user("alice").order(&format!("/v1/keys/{}/revoke", made.id())).await.expect(200);
    let begun = Instant::now();
    let ended =
        timeout(Duration::from_secs(20), async { while stream.chunk().await.unwrap().is_some() {} }).await;
    assert!(ended.is_ok(), "it is still open after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stream_ends_with_the_time_of_its_key() {
    let server = Server::start().await;
    let end = chrono::Utc::now() + chrono::TimeDelta::seconds(2);
    let order = json!({ "name": "the app", "expires_at": end });
    let made = server.user("alice").post("/v1/keys", order).await.expect(201);
    let client = server.with_key(made.body["secret"].as_str().unwrap());
    let mut stream = client.request(Method::GET, "/v1/events").send().await.unwrap();
    let ended =
        timeout(Duration::from_secs(20), async { while stream.chunk().await.unwrap().is_some() {} }).await;
    assert!(ended.is_ok(), "it outlives its key");
    assert!(chrono::Utc::now() >= end - chrono::TimeDelta::milliseconds(100), "it ended too soon");
}
