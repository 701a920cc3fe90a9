//! Many orders about credits at once: all of them or none.

use crate::support::Server;
use serde_json::{Value, json};

const BATCH: &str = "/admin/credits/batch";

fn grant(user: &str, amount: &str) -> Value {
    json!({ "user": user, "grant": { "amount": amount, "reason": "x" } })
}

#[tokio::test]
async fn all_kinds_of_orders_are_carried_out_in_order() {
    let server = Server::start().await;
    let admin = server.admin();
    let alice = server.rich_user("alice", 20).await;
    let bought = alice.buy("x").await;
    // Version 1 is the grant, 2 the debit; the batch makes 3 and on.
    let commands = json!({ "commands": [
        { "user": "alice", "hold": { "amount": "5", "reason": "a render" } },
        { "user": "alice", "hold": { "amount": "2", "reason": "another" } },
        { "user": "alice", "capture": { "hold": 3, "amount": "1" } },
        { "user": "alice", "release": { "hold": 4 } },
        { "user": "bob", "grant": { "amount": "7", "reason": "x", "priority": 3 } },
        { "user": "bob", "adjust": { "amount": "-10", "reason": "x", "clamp": true } },
        { "user": "alice", "refund": { "job_id": bought.id(), "amount": "3", "reason": "x" } },
        { "user": "alice", "void": { "lot": 1, "reason": "x" } },
    ] });
    let keyed = admin.with("idempotency-key", "k");
    let made = keyed.post(BATCH, commands.clone()).await.expect(201);
    let items = made.items();
    assert_eq!(items.len(), 8);
    assert_eq!(items[0]["hold"]["hold"]["id"], 3);
    assert_eq!(items[2]["capture"]["released"], "4");
    assert_eq!(items[3]["release"]["released"], "2");
    assert_eq!((&items[4]["grant"]["user"], &items[4]["grant"]["balance"]), (&json!("bob"), &json!("7")));
    assert_eq!((&items[5]["adjust"]["asked"], &items[5]["adjust"]["amount"]), (&json!("-10"), &json!("-7")));
    assert_eq!((&items[6]["refund"]["charged"], &items[6]["refund"]["balance"]), (&json!("1"), &json!("18")));
    assert_eq!((&items[7]["void"]["amount"], &items[7]["void"]["balance"]), (&json!("18"), &json!("0")));
    assert_eq!(items[7].as_object().unwrap().len(), 1, "only what was ordered: {}", items[7]);

    let before = server.log_length().await;
    let again = keyed.post(BATCH, commands).await.expect(201);
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&made.body, Some("true")));
    let other = json!({ "commands": [grant("bob", "1")] });
    let reused = keyed.post(BATCH, other).await.refused(422, "idempotency_key_reused");
    assert_eq!(reused.blamed(), ["Idempotency-Key"]);
    assert_eq!(server.log_length().await, before);
    server.verified(&["alice", "bob"]).await;
}

#[tokio::test]
async fn one_that_is_refused_refuses_all_and_is_named() {
    let server = Server::start().await;
    let admin = server.admin();
    server.rich_user("alice", 10).await;
    let bobs = server.rich_user("bob", 10).await.buy("x").await;
    let before = server.log_length().await;
    let past = "2020-01-01T00:00:00Z";
    for (last, status, code, blamed) in [
        (json!({ "hold": { "amount": "11", "reason": "x" } }), 402, "credits_insufficient", "commands[2]"),
        (json!({ "adjust": { "amount": "-11", "reason": "x" } }), 409, "adjustment_too_large", "commands[2]"),
        (
            json!({ "adjust": { "amount": "0", "reason": "x" } }),
            422,
            "amount_zero",
            "commands[2].adjust.amount",
        ),
        (
            json!({ "grant": { "amount": "1", "reason": "x", "expires_at": past } }),
            422,
            "expiry_in_past",
            "commands[2].grant.expires_at",
        ),
        (json!({ "capture": { "hold": 1, "amount": "1" } }), 404, "hold_unknown", "commands[2]"),
        (json!({ "release": { "hold": 9 } }), 404, "hold_unknown", "commands[2]"),
        (json!({ "void": { "lot": 9, "reason": "x" } }), 404, "lot_unknown", "commands[2]"),
        (json!({ "refund": { "job_id": bobs.id(), "reason": "x" } }), 404, "not_found", "commands[2]"),
    ] {
        let mut last = last;
        last["user"] = json!("alice");
        let commands = json!({ "commands": [grant("carol", "5"), grant("bob", "5"), last.clone()] });
        let keyed = admin.with("idempotency-key", "k");
        let refused = keyed.post(BATCH, commands).await.refused(status, code);
        assert_eq!(refused.blamed(), [blamed], "{last}");
        assert!(refused.body["detail"].as_str().unwrap().starts_with("commands[2]: "), "{}", refused.body);
    }
    // What an earlier command of the same batch did counts.
    let twice = json!({ "commands": [
        { "user": "alice", "hold": { "amount": "6", "reason": "x" } },
        { "user": "alice", "hold": { "amount": "6", "reason": "x" } },
    ] });
    let refused = admin.post(BATCH, twice).await.refused(402, "credits_insufficient");
    assert_eq!(refused.blamed(), ["commands[1]"]);
    assert_eq!(server.log_length().await, before);
    admin.get("/admin/accounts/carol").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_batch_has_one_to_a_thousand_commands_of_one_order_each() {
    let server = Server::start().await;
    let admin = server.admin();
    for count in [0, 1_001] {
        let commands: Vec<_> = (0..count).map(|_| grant("alice", "1")).collect();
        let refused = admin.post(BATCH, json!({ "commands": commands })).await;
        assert_eq!(refused.refused(422, "validation_failed").blamed(), ["commands"]);
    }
    for (command, blamed) in [
        (json!({}), vec!["commands[0].user", "commands[0]"]),
        (json!({ "user": "alice" }), vec!["commands[0]"]),
        (json!({ "grant": { "amount": "1", "reason": "x" } }), vec!["commands[0].user"]),
        (json!({ "user": "alice", "grant": null }), vec!["commands[0]"]),
        (
            json!({ "user": "alice", "grant": {} }),
            vec!["commands[0].grant.amount", "commands[0].grant.reason"],
        ),
        (json!({ "user": "alice", "grant": [] }), vec!["commands[0].grant"]),
        (json!({ "user": "alice", "debit": { "amount": "1" } }), vec!["commands[0]", "commands[0].debit"]),
        (
            json!({
                "user": "alice", "grant": { "amount": "1", "reason": "x" }, "release": { "hold": 1 },
            }),
            vec!["commands[0]"],
        ),
        (json!({ "user": "alice", "release": { "hold": "1" } }), vec!["commands[0].release.hold"]),
        (json!({ "user": "alice", "release": { "hold": 1.5 } }), vec!["commands[0].release.hold"]),
        (
            json!({ "user": "alice", "grant": { "amount": "1", "reason": "x", "dry_run": true } }),
            vec!["commands[0].grant.dry_run"],
        ),
        (json!(7), vec!["commands[0]"]),
    ] {
        let refused = admin.post(BATCH, json!({ "commands": [command.clone()] })).await;
        assert_eq!(refused.refused(400, "body_invalid").blamed(), blamed, "{command}");
    }
    for (command, blamed) in [
        (grant("", "1"), "commands[0].user"),
        (grant("alice", "-1"), "commands[0].grant.amount"),
        (json!({ "user": "alice", "release": { "hold": -1 } }), "commands[0].release.hold"),
        (json!({ "user": "a\u{0}", "release": { "hold": 1 } }), "commands[0].user"),
    ] {
        let refused = admin.post(BATCH, json!({ "commands": [command.clone()] })).await;
        assert_eq!(refused.refused(422, "validation_failed").blamed(), [blamed], "{command}");
    }
    assert_eq!(server.log_length().await, 0);
    let commands: Vec<_> = (0..1_000).map(|number| grant(&format!("user-{number}"), "1")).collect();
    let made = admin.post(BATCH, json!({ "commands": commands })).await.expect(201);
    assert_eq!(made.items().len(), 1_000);
    assert_eq!(server.log_length().await, 1_000);
}

#[tokio::test]
async fn a_key_belongs_to_each_account_of_the_batch() {
    let server = Server::start().await;
    let admin = server.admin().with("idempotency-key", "k");
    let first = json!({ "commands": [grant("alice", "1"), grant("bob", "1")] });
    admin.post(BATCH, first).await.expect(201);
    for commands in [
        json!({ "commands": [grant("alice", "1")] }),
        json!({ "commands": [grant("alice", "1"), grant("bob", "2")] }),
        json!({ "commands": [grant("carol", "1"), grant("bob", "1")] }),
    ] {
        admin.post(BATCH, commands).await.refused(422, "idempotency_key_reused");
    }
    let single = admin.post("/admin/accounts/bob/grants", json!({ "amount": "1", "reason": "x" })).await;
    single.refused(422, "idempotency_key_reused");
    assert_eq!(server.log_length().await, 2);
}
