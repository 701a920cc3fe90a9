//! The same key: one effect, one answer.

use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn a_hundred_at_once_have_one_effect_and_one_answer() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await.with("idempotency-key", "the-one");
    let sending = (0..100).map(|_| {
        let alice = alice.clone();
        tokio::spawn(async move {
            alice.post("/v1/generations", json!({ "model": "sim-image", "prompt": "once" })).await
        })
    });
    let mut answers = Vec::new();
    for answer in sending.collect::<Vec<_>>() {
        answers.push(answer.await.unwrap().expect(202));
    }
    let first = &answers[0];
    for answer in &answers {
        assert_eq!(answer.body, first.body);
        assert_eq!(answer.header("ledger-position"), first.header("ledger-position"));
        assert_eq!(answer.header("location"), first.header("location"));
    }
    let fresh = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count();
    assert_eq!(fresh, 1);
    // The grant, the debit and the queued job.
    assert_eq!(server.log_length().await, 3);
    assert_eq!(alice.get("/v1/credits").await.body["available"], "996");
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_operation_of_one_user() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await.with("idempotency-key", "k");
    let bob = server.rich_user("bob", 1_000).await.with("idempotency-key", "k");
    let one = json!({ "model": "sim-image", "prompt": "one" });
    let first = alice.post("/v1/generations", one.clone()).await.expect(202);
    let before = server.log_length().await;
    let other = alice.post("/v1/generations", json!({ "model": "sim-image", "prompt": "two" })).await;
    assert_eq!(other.refused(422, "idempotency_key_reused").blamed(), ["Idempotency-Key"]);
    let batch = alice.post("/v1/generations/batch", json!({ "items": [one] })).await;
    batch.refused(422, "idempotency_key_reused");
    assert_eq!(server.log_length().await, before);
    let of_bob = bob.post("/v1/generations", one).await.expect(202);
    assert_ne!(first.id(), of_bob.id());
    assert!(of_bob.header("idempotent-replayed").is_none());
}

#[tokio::test]
async fn blanks_order_and_defaults_do_not_make_another_request() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await.with("idempotency-key", "k");
    let first = alice.post_bytes("/v1/generations", r#"{"model":"sim-image","prompt":"x"}"#).await;
    let same = r#" { "prompt": "\u0078", "count": 1, "kind": "image", "model": "sim-image", "params": {} } "#;
    let again = alice.post_bytes("/v1/generations", same).await.expect(202);
    assert_eq!(first.expect(202).body, again.body);
}

#[tokio::test]
async fn the_first_answer_stays_the_answer_whatever_became_of_it() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 4).await.with("idempotency-key", "k");
    let body = json!({ "model": "sim-image", "prompt": "x" });
    let first = alice.post("/v1/generations", body.clone()).await.expect(202);
    server.succeed("alice", first.id(), b"png").await;
    // The balance would not cover another, and the key is looked at before the balance.
    let again = alice.post("/v1/generations", body).await.expect(202);
    assert_eq!(first.body, again.body);
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let server = Server::start().await;
    let alice = server.user("alice").with("idempotency-key", "k");
    let body = json!({ "model": "sim-image", "prompt": "x" });
    alice.post("/v1/generations", body.clone()).await.refused(402, "credits_insufficient");
    server.rich_user("alice", 4).await;
    alice.post("/v1/generations", body).await.expect(202);
}

#[tokio::test]
async fn running_again_and_granting_take_keys_too() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    alice.order(&format!("/v1/generations/{}/cancel", bought.id())).await.expect(200);
    let path = format!("/v1/generations/{}/retry", bought.id());
    let keyed = alice.with("idempotency-key", "again");
    let first = keyed.order(&path).await.expect(202);
    let second = keyed.order(&path).await.expect(202);
    assert_eq!(first.body, second.body);
    assert_eq!(second.body["balance"], "96");

    let admin = server.admin().with("idempotency-key", "gift");
    let grant = json!({ "amount": "5", "reason": "sorry" });
    let first = admin.post("/admin/accounts/alice/grants", grant.clone()).await.expect(201);
    let second = admin.post("/admin/accounts/alice/grants", grant).await.expect(201);
    assert_eq!(first.body, second.body);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(alice.get("/v1/credits").await.body["available"], "101");
}
