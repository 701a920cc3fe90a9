//! Buying many at once: all or none.

use crate::support::Server;
use serde_json::{Value, json};

fn items(count: usize) -> Value {
    let items: Vec<_> =
        (0..count).map(|number| json!({ "model": "sim-image", "prompt": format!("{number}") })).collect();
    json!({ "items": items })
}

#[tokio::test]
async fn a_batch_is_bought_whole_and_in_order() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 500).await;
    let bought = alice.post("/v1/generations/batch", items(100)).await.expect(202);
    assert_eq!(bought.body["balance"], "100");
    let prompts: Vec<_> = bought.items().iter().map(|item| item["prompt"].as_str().unwrap()).collect();
    let expected: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(prompts, expected);
    server.caught_up().await;
    assert_eq!(alice.get("/v1/generations?limit=100").await.items().len(), 100);
}

#[tokio::test]
async fn a_batch_that_is_not_covered_is_not_bought_at_all() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 11).await;
    let before = server.log_length().await;
    alice.post("/v1/generations/batch", items(3)).await.refused(402, "credits_insufficient");
    assert_eq!(server.log_length().await, before);
    assert_eq!(alice.get("/v1/credits").await.body["available"], "11");
}

#[tokio::test]
async fn a_batch_has_one_to_a_hundred_items_and_each_is_checked() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let before = server.log_length().await;
    for count in [0, 101] {
        let refused = alice.post("/v1/generations/batch", items(count)).await;
        assert_eq!(refused.refused(422, "validation_failed").blamed(), ["items"]);
    }
    let body = json!({ "items": [
        { "model": "sim-image", "prompt": "fine" },
        { "model": "nothing", "prompt": "no such model" },
        { "model": "sim-image", "prompt": "too many", "count": 5 },
    ] });
    let refused = alice.post("/v1/generations/batch", body).await.expect(422);
    assert_eq!(refused.blamed(), ["items[1].model", "items[2].count"]);
    let body = json!({ "items": [{ "model": "sim-image", "promt": "x" }, 7, { "model": 1, "prompt": "" }] });
    let refused = alice.post("/v1/generations/batch", body).await.refused(400, "body_invalid");
    for field in ["items[0].prompt", "items[0].promt", "items[1]", "items[2].model", "items[2].prompt"] {
        assert!(refused.blamed().contains(&field), "{field}: {}", refused.body);
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn a_repeated_batch_gets_the_first_answer() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await.with("idempotency-key", "batch-1");
    let first = alice.post("/v1/generations/batch", items(5)).await.expect(202);
    let again = alice.post("/v1/generations/batch", items(5)).await.expect(202);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = alice.post("/v1/generations/batch", items(6)).await;
    other.refused(422, "idempotency_key_reused");
    assert_eq!(alice.get("/v1/credits").await.body["available"], "980");
}
