//! Credits set aside, and what becomes of them.

use crate::support::{Client, Reply, Server};
use chrono::{TimeDelta, Utc};
use ledger::account::MAX_HOLDS;
use serde_json::{Value, json};
use std::time::Duration;

const HOLDS: &str = "/admin/accounts/alice/holds";

/// An admin, and alice with so many credits.
async fn ready(credits: u64) -> (Server, Client) {
    let server = Server::start().await;
    server.rich_user("alice", credits).await;
    let admin = server.admin();
    (server, admin)
}

async fn hold(admin: &Client, amount: &str) -> i64 {
    let held = admin.post(HOLDS, json!({ "amount": amount, "reason": "a render" })).await.expect(201);
    held.body["hold"]["id"].as_i64().unwrap()
}

async fn capture(admin: &Client, hold: i64, amount: &str) -> Reply {
    admin.post(&format!("{HOLDS}/{hold}/capture"), json!({ "amount": amount })).await
}

async fn release(admin: &Client, hold: i64) -> Reply {
    admin.order(&format!("{HOLDS}/{hold}/release")).await
}

fn sums(reply: &Reply) -> [&str; 3] {
    ["balance", "available", "held"].map(|name| reply.body[name].as_str().unwrap())
}

#[tokio::test]
async fn a_hold_takes_credits_aside_and_a_capture_spends_a_part_of_them() {
    let (server, admin) = ready(10).await;
    let end = Utc::now() + TimeDelta::days(1);
    let body = json!({ "amount": "6", "reason": "a render", "expires_at": end });
    let held = admin.post(HOLDS, body).await.expect(201);
    assert_eq!(sums(&held), ["4", "4", "6"]);
    let view = &held.body["hold"];
    assert_eq!((&view["id"], &view["amount"], &view["reason"]), (&json!(2), &json!("6"), &json!("a render")));
    assert_eq!(view["from"], json!([{ "lot": 1, "amount": "6" }]));
    assert_eq!(view["generation_id"], json!(null));
    let listed = admin.get(HOLDS).await.expect(200);
    assert_eq!(listed.items(), std::slice::from_ref(view));
    let alice = server.user("alice").get("/v1/credits").await.expect(200);
    assert_eq!((&alice.body["held"], &alice.body["holds"][0]), (&json!("6"), view));

    let captured = capture(&admin, 2, "2.5").await.expect(201);
    assert_eq!(sums(&captured), ["7.5", "7.5", "0"]);
    let told = ["hold", "amount", "released"].map(|name| captured.body[name].clone());
    assert_eq!(told, [json!(2), json!("2.5"), json!("3.5")]);
    assert_eq!(captured.body["from"], json!([{ "lot": 1, "amount": "2.5" }]));
    assert_eq!(captured.body["to"], json!([{ "lot": 1, "amount": "3.5" }]));
    assert!(admin.get(HOLDS).await.items().is_empty());
}

#[tokio::test]
async fn a_release_gives_everything_back() {
    let (_server, admin) = ready(10).await;
    let id = hold(&admin, "6").await;
    let released = release(&admin, id).await.expect(201);
    assert_eq!(sums(&released), ["10", "10", "0"]);
    assert_eq!((&released.body["hold"], &released.body["released"]), (&json!(id), &json!("6")));
    assert_eq!(released.body["to"], json!([{ "lot": 1, "amount": "6" }]));
    assert!(released.header("ledger-position").is_some());
}

#[tokio::test]
async fn a_hold_ends_once() {
    let (server, admin) = ready(10).await;
    let (first, second) = (hold(&admin, "3").await, hold(&admin, "3").await);
    let too_much = capture(&admin, first, "3.000001").await;
    assert_eq!(too_much.refused(409, "capture_too_large").blamed(), ["amount"]);
    assert_eq!(capture(&admin, first, "0").await.refused(422, "amount_zero").blamed(), ["amount"]);
    capture(&admin, first, "3").await.expect(201);
    release(&admin, second).await.expect(201);
    let before = server.log_length().await;
    for id in [first, second] {
        capture(&admin, id, "1").await.refused(409, "hold_not_open");
        release(&admin, id).await.refused(409, "hold_not_open");
    }
    // What never was a hold of this account: a grant, a capture, a version to come, no number that there can be.
    server.rich_user("bob", 5).await;
    let bobs = json!({ "amount": "1", "reason": "x" });
    admin.post("/admin/accounts/bob/holds", bobs).await.expect(201);
    let before = before + 2;
    for id in [0, 1, 4, 99, i64::MAX] {
        capture(&admin, id, "1").await.refused(404, "hold_unknown");
        release(&admin, id).await.refused(404, "hold_unknown");
    }
    admin.order("/admin/accounts/nobody/holds/1/release").await.refused(404, "hold_unknown");
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn a_hold_needs_credits_and_a_future() {
    let (server, admin) = ready(10).await;
    let refused = admin.post(HOLDS, json!({ "amount": "10.000001", "reason": "x" })).await;
    refused.refused(402, "credits_insufficient");
    let nobody = admin.post("/admin/accounts/nobody/holds", json!({ "amount": "1", "reason": "x" })).await;
    nobody.refused(402, "credits_insufficient");
    let past = json!({ "amount": "1", "reason": "x", "expires_at": "2020-01-01T00:00:00Z" });
    assert_eq!(admin.post(HOLDS, past).await.refused(422, "expiry_in_past").blamed(), ["expires_at"]);
    for (field, value, status) in [
        ("reason", json!(""), 422),
        ("reason", json!(null), 400),
        ("reason", json!("a\u{0}"), 422),
        ("reason", json!("x".repeat(501)), 422),
        ("expires_at", json!("soon"), 422),
        ("expires_at", json!(7), 400),
        ("priority", json!(1), 400),
    ] {
        let mut body = json!({ "amount": "1", "reason": "x" });
        body[field] = value.clone();
        let reply = admin.post(HOLDS, body).await;
        assert_eq!((reply.status.as_u16(), reply.blamed()), (status, vec![field]), "{value}");
    }
    let extra = admin.post(&format!("{HOLDS}/1/capture"), json!({ "amount": "1", "hold": 1 })).await;
    assert_eq!(extra.refused(400, "body_invalid").blamed(), ["hold"]);
    admin.get("/admin/accounts/nobody/holds").await.refused(404, "not_found");
    assert_eq!(server.log_length().await, 1);
}

#[tokio::test]
async fn a_hold_that_lapses_comes_back_by_itself() {
    let (server, admin) = ready(10).await;
    let end = Utc::now() + TimeDelta::milliseconds(1_500);
    let body = json!({ "amount": "6", "reason": "x", "expires_at": end });
    let id = admin.post(HOLDS, body).await.expect(201).body["hold"]["id"].as_i64().unwrap();
    let lapsed = async {
        while !admin.get(HOLDS).await.expect(200).items().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), lapsed).await.expect("the hold lapses");
    let seen = admin.get("/admin/accounts/alice").await.expect(200);
    assert_eq!(sums(&seen), ["10", "10", "0"]);
    capture(&admin, id, "1").await.refused(409, "hold_not_open");
    // Whatever is written next writes that down first.
    admin.post(HOLDS, json!({ "amount": "10", "reason": "x" })).await.expect(201);
    server.verified(&["alice"]).await;
}

#[tokio::test]
async fn repeats_under_a_key_get_the_first_answer() {
    let (server, admin) = ready(10).await;
    let body = json!({ "amount": "6", "reason": "x" });
    let keyed = |key: &str| admin.with("idempotency-key", key);
    let repeat = |first: &Reply, again: &Reply| {
        assert_eq!(first.body, again.body);
        assert_eq!(first.header("ledger-position"), again.header("ledger-position"));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    };
    let first = keyed("hold").post(HOLDS, body.clone()).await.expect(201);
    repeat(&first, &keyed("hold").post(HOLDS, body).await.expect(201));
    let first = capture(&keyed("capture"), 2, "6").await.expect(201);
    repeat(&first, &capture(&keyed("capture"), 2, "6").await.expect(201));
    capture(&keyed("capture"), 2, "5").await.refused(422, "idempotency_key_reused");
    release(&keyed("capture"), 2).await.refused(422, "idempotency_key_reused");
    let id = hold(&admin, "1").await;
    let first = release(&keyed("release"), id).await.expect(201);
    repeat(&first, &release(&keyed("release"), id).await.expect(201));
    release(&keyed("release"), 2).await.refused(422, "idempotency_key_reused");
    assert_eq!(server.log_length().await, 5);
}

#[tokio::test]
async fn too_many_holds_are_refused_by_name() {
    let (server, admin) = ready(1_000).await;
    let commands: Vec<Value> = (0..MAX_HOLDS)
        .map(|_| json!({ "user": "alice", "hold": { "amount": "1", "reason": "x" } }))
        .collect();
    admin.post("/admin/credits/batch", json!({ "commands": commands })).await.expect(201);
    admin.post(HOLDS, json!({ "amount": "1", "reason": "x" })).await.refused(409, "holds_too_many");
    assert_eq!(admin.get(HOLDS).await.expect(200).items().len(), MAX_HOLDS);
    assert_eq!(server.log_length().await, MAX_HOLDS as i64 + 1);
}
