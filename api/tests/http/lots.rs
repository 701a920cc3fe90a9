//! Grants that are taken back.

use crate::support::Server;
use ledger::account::MAX_LOTS;
use serde_json::{Value, json};

const GRANTS: &str = "/admin/accounts/alice/grants";
const HOLDS: &str = "/admin/accounts/alice/holds";

fn void(lot: i64) -> String {
    format!("/admin/accounts/alice/lots/{lot}/void")
}

#[tokio::test]
async fn a_void_takes_what_is_left_and_what_comes_back() {
    let server = Server::start().await;
    let admin = server.admin();
    for amount in ["10", "5"] {
        admin.post(GRANTS, json!({ "amount": amount, "reason": "x" })).await.expect(201);
    }
    let alice = server.user("alice");
    let bought = alice.buy("x").await;
    let keyed = admin.with("idempotency-key", "k");
    let why = json!({ "reason": "charged back" });
    let voided = keyed.post(&void(1), why.clone()).await.expect(201);
    let told = ["lot", "amount", "balance", "available", "held"].map(|name| voided.body[name].clone());
    assert_eq!(told, [json!(1), json!("6"), json!("5"), json!("5"), json!("0")]);
    let again = keyed.post(&void(1), why.clone()).await.expect(201);
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&voided.body, Some("true")));
    admin.post(&void(1), why).await.refused(409, "lot_voided");
    // What was spent of it comes back, and is taken back with it.
    server.fail("alice", bought.id()).await;
    let seen = alice.get("/v1/credits").await.expect(200);
    assert_eq!(seen.body["available"], "5");
    assert_eq!(seen.body["lots"].as_array().unwrap().len(), 1);
    server.verified(&["alice"]).await;
}

#[tokio::test]
async fn a_lot_that_is_used_up_can_be_voided_too() {
    let server = Server::start().await;
    let admin = server.admin();
    admin.post(GRANTS, json!({ "amount": "4", "reason": "x" })).await.expect(201);
    server.user("alice").buy("x").await;
    let voided = admin.post(&void(1), json!({ "reason": "x" })).await.expect(201);
    assert_eq!((&voided.body["amount"], &voided.body["balance"]), (&json!("0"), &json!("0")));
}

#[tokio::test]
async fn what_is_no_lot_of_this_account_is_not_found() {
    let server = Server::start().await;
    let admin = server.admin();
    admin.post(GRANTS, json!({ "amount": "10", "reason": "x" })).await.expect(201);
    admin.post(HOLDS, json!({ "amount": "1", "reason": "x" })).await.expect(201);
    admin.post("/admin/accounts/bob/grants", json!({ "amount": "1", "reason": "x" })).await.expect(201);
    let before = server.log_length().await;
    for lot in [0, 2, 3, i64::MAX] {
        admin.post(&void(lot), json!({ "reason": "x" })).await.refused(404, "lot_unknown");
    }
    let nobody = admin.post("/admin/accounts/nobody/lots/1/void", json!({ "reason": "x" })).await;
    nobody.refused(404, "lot_unknown");
    for (body, status, field) in [
        (json!({ "reason": "" }), 422, "reason"),
        (json!({ "reason": 1 }), 400, "reason"),
        (json!({ "reason": "x", "lot": 1 }), 400, "lot"),
        (json!({ "reason": "x", "amount": "1" }), 400, "amount"),
    ] {
        let reply = admin.post(&void(1), body).await;
        assert_eq!((reply.status.as_u16(), reply.blamed()), (status, vec![field]));
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn too_many_lots_are_refused_by_name() {
    let server = Server::start().await;
    let admin = server.admin();
    let commands: Vec<Value> = (0..MAX_LOTS)
        .map(|_| json!({ "user": "alice", "grant": { "amount": "1", "reason": "x" } }))
        .collect();
    admin.post("/admin/credits/batch", json!({ "commands": commands })).await.expect(201);
    let one_more = json!({ "amount": "1", "reason": "x" });
    for path in [GRANTS, "/admin/accounts/alice/adjustments"] {
        admin.post(path, one_more.clone()).await.refused(409, "lots_too_many");
    }
    let seen = server.user("alice").get("/v1/credits").await.expect(200);
    assert_eq!(seen.body["available"], MAX_LOTS.to_string());
    assert_eq!(seen.body["lots"].as_array().unwrap().len(), MAX_LOTS);
}
