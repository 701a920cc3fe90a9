//! Many dead letters at once.

use crate::support::{Client, Reply, Server};
use serde_json::{Value, json};

async fn act(admin: &Client, body: Value) -> Reply {
    admin.post("/admin/dlq/bulk-actions", body).await
}

#[tokio::test]
async fn a_dry_run_counts_and_changes_nothing() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    for _ in 0..3 {
        server.dead("alice").await;
    }
    server.caught_up().await;
    let before = server.log_length().await;
    let body = json!({ "action": "discard", "filter": {}, "dry_run": true });
    let told = act(&server.admin(), body).await.expect(200);
    let expected = json!({
        "matched": 3, "done": 0, "refused": [], "credits": "12", "remaining": 0, "dry_run": true,
    });
    assert_eq!(told.body, expected);
    assert_eq!(told.header("Ledger-Position"), None);
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn all_that_match_are_run_again() {
    let server = Server::start().await;
    server.rich_user("alice", 1_000).await;
    server.rich_user("bob", 100).await;
    for _ in 0..20 {
        server.dead("alice").await;
    }
    server.dead("bob").await;
    server.caught_up().await;
    let admin = server.admin();
    let done = act(&admin, json!({ "action": "retry", "filter": { "user": "alice" } })).await.expect(200);
    assert_eq!((&done.body["matched"], &done.body["done"]), (&json!(20), &json!(20)));
    assert_eq!(done.body["credits"], "80");
    // Nothing else writes meanwhile, so the position is that of the last retry.
    assert_eq!(done.header("Ledger-Position"), Some(&*server.newest_position().await.to_string()));
    server.caught_up().await;
    let left = admin.get("/admin/dlq/messages").await;
    assert_eq!(left.body["total"], 1);
    assert_eq!(left.items()[0]["user"], "bob");
}

#[tokio::test]
async fn nothing_is_done_to_one_that_nobody_saw() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    for _ in 0..3 {
        server.dead("alice").await;
    }
    server.caught_up().await;
    let admin = server.admin();
    let before = server.log_length().await;
    let order = |most: u32| json!({ "action": "discard", "filter": { "user": "alice" }, "at_most": most });
    let later = admin.with("prefer", "respond-async");
    let reasoned = |most: u32| {
        let mut order = order(most);
        order["reason"] = "the provider is gone".into();
        order
    };
    for refused in [act(&admin, order(2)).await, act(&later, reasoned(2)).await] {
        assert_eq!(refused.refused(422, "validation_failed").blamed(), ["at_most"]);
    }
    assert_eq!(server.log_length().await, before);
    assert_eq!(admin.get("/admin/dlq/bulk-actions").await.items().len(), 0);
    assert_eq!(act(&later, reasoned(3)).await.expect(202).body["counts"]["all"], 3);
    assert_eq!(act(&admin, order(3)).await.expect(200).body["done"], 3);
}

#[tokio::test]
async fn those_that_are_named_are_given_up_and_the_others_are_told() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let (first, second) = (server.dead("alice").await, server.dead("alice").await);
    server.caught_up().await;
    let admin = server.admin();
    let missing = "019ab000-0000-7000-8000-000000000000";
    // Named twice, it is still one.
    let ids = json!([first.id(), missing, first.id()]);
    let done = act(&admin, json!({ "action": "discard", "ids": ids })).await.expect(200);
    assert_eq!((&done.body["matched"], &done.body["done"]), (&json!(1), &json!(1)));
    assert_eq!(done.body["refused"], json!([{ "id": missing, "code": "not_found" }]));
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
    let left = alice.get(&format!("/v1/generations/{}", second.id())).await;
    assert_eq!(left.body["status"], "dead");
}

#[tokio::test]
async fn cleaning_up_gives_up_what_is_old_enough() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    server.dead("alice").await;
    server.dead("alice").await;
    server.caught_up().await;
    let admin = server.admin();
    let young = admin.post("/admin/dlq/cleanup", json!({ "older_than": "7d" })).await.expect(200);
    assert_eq!((&young.body["matched"], &young.body["done"]), (&json!(0), &json!(0)));
    let look = json!({ "older_than": "1s", "dry_run": true });
    while admin.post("/admin/dlq/cleanup", look.clone()).await.expect(200).body["matched"] != 2 {
        tokio::task::yield_now().await;
    }
    let all = admin.post("/admin/dlq/cleanup", json!({ "older_than": "1s" })).await.expect(200);
    assert_eq!((&all.body["done"], &all.body["credits"]), (&json!(2), &json!("8")));
    assert_eq!(alice.get("/v1/credits").await.body["available"], "100");
}

#[tokio::test]
async fn an_action_names_its_letters_one_way() {
    let server = Server::start().await;
    let admin = server.admin();
    let before = server.log_length().await;
    let id = "019ab000-0000-7000-8000-000000000000";
    for (body, status, field) in [
        (json!({ "action": "retry" }), 422, "ids"),
        (json!({ "action": "retry", "ids": [id], "filter": {} }), 422, "ids"),
        (json!({ "action": "retry", "ids": [] }), 422, "ids"),
        (json!({ "action": "retry", "ids": ["x"] }), 422, "ids[0]"),
        (json!({ "action": "retry", "filter": null }), 422, "ids"),
        (json!({ "action": "retry", "ids": vec![id; 10_001] }), 422, "ids"),
        (json!({ "action": "retry", "ids": id }), 400, "ids"),
        (json!({ "action": "explode", "filter": {} }), 422, "action"),
        (json!({ "filter": {} }), 400, "action"),
        (json!({ "action": "retry", "filter": {}, "runs": [1] }), 422, "runs"),
        (json!({ "action": "retry", "ids": [id], "runs": [1, 2] }), 422, "runs"),
        (json!({ "action": "retry", "ids": [id], "at_most": 1 }), 422, "at_most"),
        (json!({ "action": "retry", "filter": {}, "at_most": 0 }), 422, "at_most"),
        (json!({ "action": "retry", "filter": { "usr": "alice" } }), 400, "filter.usr"),
        (json!({ "action": "retry", "filter": { "class": "odd" } }), 422, "filter.class"),
        (json!({ "action": "retry", "filter": { "since": "yesterday" } }), 422, "filter.since"),
        (json!({ "action": "retry", "filter": { "older_than": "7" } }), 422, "filter.older_than"),
        (json!({ "action": "retry", "filter": [] }), 400, "filter"),
        (json!({ "action": "retry", "filter": {}, "dry_run": "yes" }), 400, "dry_run"),
    ] {
        let refused = act(&admin, body.clone()).await.expect(status);
        assert_eq!(refused.blamed(), [field], "{body}");
    }
    // What stands beside what is told with all else that is wrong.
    for (body, fields) in [
        (json!({ "action": "explode" }), &["ids", "action"][..]),
        (
            json!({ "action": "explode", "ids": [id], "filter": { "class": "odd" } }),
            &["ids", "action", "filter.class"],
        ),
        (json!({ "action": "retry", "ids": ["x"], "runs": [0, 1] }), &["runs", "ids[0]", "runs[0]"]),
        (json!({ "action": "retry", "filter": {}, "reason": "x", "canary": 1 }), &["reason", "canary"]),
    ] {
        assert_eq!(act(&admin, body.clone()).await.expect(422).blamed(), fields, "{body}");
    }
    assert_eq!(act(&admin, json!({})).await.expect(400).blamed(), ["action", "ids"]);
    for age in [json!("7"), json!("-7d"), json!(""), json!("99999w"), json!("1e9d")] {
        let refused = admin.post("/admin/dlq/cleanup", json!({ "older_than": age })).await.expect(422);
        assert_eq!(refused.blamed(), ["older_than"], "{age}");
    }
    assert_eq!(server.log_length().await, before);
}
