//! Balances and how they came about.

use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn a_balance_is_what_the_log_says_at_this_moment() {
    let server = Server::start().await;
    let nobody = server.user("nobody").get("/v1/credits").await.expect(200);
    assert_eq!(nobody.body, json!({ "available": "0", "held": "0" }));
    let alice = server.rich_user("alice", 100).await;
    for left in ["96", "92", "88"] {
        alice.buy("x").await;
        assert_eq!(alice.get("/v1/credits").await.expect(200).body["available"], left);
    }
}

#[tokio::test]
async fn the_history_tells_every_change_newest_first() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    server.fail("alice", bought.id()).await;
    let adjusted = json!({ "amount": "-0.5", "reason": "rounding" });
    let adjusted = server.admin().post("/admin/accounts/alice/adjustments", adjusted).await.expect(201);
    let position = adjusted.header("ledger-position").unwrap();
    let history = alice.with("ledger-position", position).get("/v1/credits/history").await.expect(200);
    let told: Vec<_> = history
        .items()
        .iter()
        .map(|item| {
            (
                item["type"].as_str().unwrap(),
                item["amount"].as_str().unwrap(),
                item["balance_after"].as_str().unwrap(),
                item["reason"].as_str(),
                item["generation_id"].as_str(),
            )
        })
        .collect();
    let id = Some(bought.id());
    assert_eq!(
        told,
        [
            ("credits.adjusted", "-0.5", "99.5", Some("rounding"), None),
            ("credits.refunded", "4", "100", Some("failed"), id),
            ("credits.debited", "-4", "96", None, id),
            ("credits.granted", "100", "100", Some("for a test"), None),
        ]
    );
    let only = alice.get("/v1/credits/history?type=credits.debited").await.expect(200);
    assert_eq!(only.items().len(), 1);
}

#[tokio::test]
async fn the_history_is_paged() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    for _ in 0..4 {
        alice.buy("x").await;
    }
    server.caught_up().await;
    let first = alice.get("/v1/credits/history?limit=3").await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = alice.get(&format!("/v1/credits/history?limit=3&cursor={cursor}")).await.expect(200);
    let balances: Vec<_> = [first.items(), rest.items()]
        .concat()
        .iter()
        .map(|item| item["balance_after"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(balances, ["84", "88", "92", "96", "100"]);
    assert_eq!(rest.body["next_cursor"], json!(null));
}
