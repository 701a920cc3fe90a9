//! `dry_run`: the answer that would be given, and nothing written.

use crate::support::{Client, Server};
use serde_json::{Value, json};

/// An admin, alice with a lot (1), a generation (2) and a hold (3), and the generation's id.
async fn ready() -> (Server, Client, String) {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let id = alice.buy("x").await.id().to_owned();
    let admin = server.admin();
    let hold = json!({ "amount": "10", "reason": "x" });
    admin.post("/admin/accounts/alice/holds", hold).await.expect(201);
    (server, admin, id)
}

/// Every order, with the fields by which a try differs from the real thing.
fn orders(id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("/admin/accounts/alice/grants", json!({ "amount": "1", "reason": "x" })),
        ("/admin/accounts/alice/adjustments", json!({ "amount": "-200", "reason": "x", "clamp": true })),
        ("/admin/accounts/alice/holds", json!({ "amount": "5", "reason": "x" })),
        ("/admin/accounts/alice/holds/3/capture", json!({ "amount": "4" })),
        ("/admin/accounts/alice/holds/3/release", json!(null)),
        ("/admin/accounts/alice/lots/1/void", json!({ "reason": "x" })),
        ("/admin/accounts/alice/refunds", json!({ "job_id": id, "amount": "1", "reason": "x" })),
        (
            "/admin/credits/batch",
            json!({ "commands": [{ "user": "alice", "adjust": { "amount": "-1", "reason": "x" } }] }),
        ),
    ]
}

async fn send(admin: &Client, path: &str, body: &Value, dry_run: bool) -> crate::support::Reply {
    if body.is_null() {
        let path = if dry_run { format!("{path}?dry_run=true") } else { path.to_owned() };
        return admin.order(&path).await;
    }
    let mut body = body.clone();
    if dry_run {
        body["dry_run"] = json!(true);
    }
    admin.post(path, body).await
}

/// Without what only exists once it is written, and the moment.
fn comparable(mut body: Value) -> Value {
    for made in ["lot", "hold"] {
        if let Some(made) = body[made].as_object_mut() {
            for field in ["id", "granted_at", "held_at"] {
                made.remove(field);
            }
        }
    }
    body
}

#[tokio::test]
async fn a_try_answers_what_the_order_would_and_writes_nothing() {
    for place in 0..8 {
        let (server, admin, id) = ready().await;
        let (path, body) = orders(&id).swap_remove(place);
        let before = server.log_length().await;
        let keyed = admin.with("idempotency-key", "k");
        let tried = send(&keyed, path, &body, true).await.expect(200);
        let again = send(&keyed, path, &body, true).await.expect(200);
        assert_eq!(comparable(tried.body.clone()), comparable(again.body), "{path}");
        assert_eq!(server.log_length().await, before, "{path} wrote");
        assert!(tried.header("ledger-position").is_none(), "{path}");
        // The key is still free, and the order does what the try said.
        let made = send(&keyed, path, &body, false).await.expect(201);
        assert!(made.header("idempotent-replayed").is_none(), "{path}");
        assert_eq!(comparable(tried.body), comparable(made.body.clone()), "{path}");
        assert!(server.log_length().await > before, "{path} wrote nothing");
        // A try of what was done says so.
        let after = send(&keyed, path, &body, true).await.expect(200);
        assert_eq!((&after.body, after.header("idempotent-replayed")), (&made.body, Some("true")), "{path}");
    }
}

#[tokio::test]
async fn a_try_is_refused_as_the_order_would_be() {
    let (server, admin, id) = ready().await;
    let before = server.log_length().await;
    for (path, body, status, code) in [
        ("grants", json!({ "amount": "0", "reason": "x" }), 422, "amount_zero"),
        ("adjustments", json!({ "amount": "-87", "reason": "x" }), 409, "adjustment_too_large"),
        ("holds", json!({ "amount": "87", "reason": "x" }), 402, "credits_insufficient"),
        ("holds/3/capture", json!({ "amount": "11" }), 409, "capture_too_large"),
        ("holds/2/release", json!(null), 404, "hold_unknown"),
        ("lots/2/void", json!({ "reason": "x" }), 404, "lot_unknown"),
        ("refunds", json!({ "job_id": id, "amount": "5", "reason": "x" }), 409, "refund_too_large"),
    ] {
        let reply = send(&admin, &format!("/admin/accounts/alice/{path}"), &body, true).await;
        reply.refused(status, code);
    }
    let commands = json!({ "commands": [{ "user": "alice", "release": { "hold": 2 } }] });
    let refused = send(&admin, "/admin/credits/batch", &commands, true).await;
    assert_eq!(refused.refused(404, "hold_unknown").blamed(), ["commands[0]"]);
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn a_purchase_that_is_tried_says_what_it_would_cost_and_leave() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 20).await;
    let before = server.log_length().await;
    let keyed = alice.with("idempotency-key", "k").with("prefer", "wait=30");
    let body = json!({ "model": "sim-image", "prompt": "x", "count": 2 });
    let mut tried = body.clone();
    tried["dry_run"] = json!(true);
    let quote = keyed.post("/v1/generations", tried.clone()).await.expect(200);
    assert_eq!(
        quote.body,
        json!({
            "kind": "image", "model": "sim-image", "count": 2, "cost": "8", "cost_is": "exact", "balance": "12",
        })
    );
    assert!(quote.header("location").is_none() && quote.header("ledger-position").is_none());
    let item = json!({ "model": "sim-image", "prompt": "x" });
    let batch = json!({ "items": [item, item], "dry_run": true });
    let quote = alice.post("/v1/generations/batch", batch).await.expect(200);
    assert_eq!((&quote.body["cost"], &quote.body["balance"]), (&json!("8"), &json!("12")));
    assert_eq!(quote.items()[1]["cost"], "4");
    let costly = json!({ "model": "sim-video", "prompt": "x", "count": 2, "dry_run": true });
    alice.post("/v1/generations", costly).await.refused(402, "credits_insufficient");
    assert_eq!(server.log_length().await, before);
    let bought = alice.with("idempotency-key", "k").post("/v1/generations", body).await.expect(202);
    assert_eq!(bought.body["balance"], "12");
    let after = keyed.post("/v1/generations", tried).await.expect(200);
    assert_eq!(after.header("idempotent-replayed"), Some("true"));
}
