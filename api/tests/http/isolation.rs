//! Nothing of one user ever reaches another, not even that it exists.

use crate::support::Server;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn anothers_generation_answers_as_a_missing_one_does() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bob = server.rich_user("bob", 100).await;
    let theirs = alice.buy("secret of alice").await;
    server.succeed("alice", theirs.id(), b"secret").await;
    let before = server.log_length().await;
    let missing = "019ab000-0000-7000-8000-000000000000";
    for (method, tail) in
        [(Method::GET, ""), (Method::GET, "/outputs/0"), (Method::POST, "/cancel"), (Method::POST, "/retry")]
    {
        let mut answers = Vec::new();
        for id in [theirs.id(), missing] {
            let path = format!("/v1/generations/{id}{tail}");
            let mut answer = bob.send(method.clone(), &path, None).await.refused(404, "not_found");
            answer.body["request_id"] = "any".into();
            answers.push(answer.body);
        }
        assert_eq!(answers[0], answers[1], "{method} {tail}");
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn lists_hold_only_what_is_ones_own() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bob = server.rich_user("bob", 7).await;
    for number in 0..3 {
        alice.buy(&format!("secret {number}")).await;
    }
    server.caught_up().await;
    assert!(bob.get("/v1/generations").await.items().is_empty());
    let history = bob.get("/v1/credits/history").await;
    assert_eq!(history.items().len(), 1);
    assert_eq!(history.items()[0]["amount"], "7");
    assert!(bob.get("/v1/usage").await.items().is_empty());
}

#[tokio::test]
async fn a_borrowed_cursor_is_refused() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bob = server.rich_user("bob", 100).await;
    for _ in 0..3 {
        alice.buy("x").await;
        bob.buy("x").await;
    }
    server.caught_up().await;
    for path in ["/v1/generations", "/v1/credits/history"] {
        let page = alice.get(&format!("{path}?limit=1")).await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap();
        let borrowed = bob.get(&format!("{path}?cursor={cursor}")).await;
        assert_eq!(borrowed.refused(400, "parameter_invalid").blamed(), ["cursor"]);
    }
    let page = alice.get("/v1/generations?limit=1").await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let elsewhere = alice.get(&format!("/v1/generations?status=queued&cursor={cursor}")).await;
    elsewhere.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn lots_and_holds_are_ones_own() {
    let server = Server::start().await;
    let admin = server.admin();
    let grant = json!({ "amount": "10", "reason": "secret of alice", "metadata": { "note": "secret" } });
    admin.post("/admin/accounts/alice/grants", grant).await.expect(201);
    let hold = json!({ "amount": "4", "reason": "secret of alice" });
    admin.post("/admin/accounts/alice/holds", hold).await.expect(201);
    let bob = server.rich_user("bob", 7).await;
    let seen = bob.get("/v1/credits").await.expect(200);
    assert_eq!((&seen.body["available"], &seen.body["held"]), (&json!("7"), &json!("0")));
    assert!(!seen.body.to_string().contains("secret"), "{}", seen.body);
    // Numbers of lots and holds mean something only within their account.
    let before = server.log_length().await;
    let capture = json!({ "amount": "1" });
    admin.post("/admin/accounts/bob/holds/2/capture", capture).await.refused(404, "hold_unknown");
    admin.order("/admin/accounts/bob/holds/2/release").await.refused(404, "hold_unknown");
    assert_eq!(server.log_length().await, before);
    // A position of the log says nothing of another's account, not even when something happened to it.
    let then = bob.get("/v1/credits?as_of=1").await.refused(422, "validation_failed");
    assert_eq!(then.blamed(), ["as_of"]);
}
