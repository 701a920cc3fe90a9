//! Cancels after the provider has begun: what they cost, said beforehand and afterwards, and never more than was agreed to.

use crate::support::{Client, Reply, Server};
use serde_json::{Value, json};

/// Costs 20, of which a late cancel keeps half.
async fn clip(alice: &Client) -> Reply {
    alice.post("/v1/generations", json!({ "model": "sim-video", "prompt": "x" })).await.expect(202)
}

/// Holds 10, of which a late cancel keeps a quarter.
async fn film(alice: &Client) -> Reply {
    let body = json!({ "model": "sim-film", "prompt": "x", "params": { "seconds": 5 } });
    alice.post("/v1/generations", body).await.expect(202)
}

async fn look(alice: &Client, id: &str) -> Value {
    alice.get(&format!("/v1/generations/{id}")).await.expect(200).body
}

async fn cancel(alice: &Client, id: &str, query: &str) -> Reply {
    alice.order(&format!("/v1/generations/{id}/cancel{query}")).await
}

fn money(body: &Value) -> [&Value; 5] {
    ["charged", "on_hold", "kept", "cancel_keeps", "came_back"].map(|name| &body[name])
}

/// What the account's history says of a generation: spent in all.
async fn spent(alice: &Client, id: &str) -> f64 {
    let history = alice.get("/v1/credits/history?limit=100").await.expect(200);
    let about = history.items().iter().filter(|entry| entry["generation_id"] == id);
    about.filter_map(|entry| entry["spent"].as_str()).map(|spent| spent.parse::<f64>().unwrap()).sum()
}

#[tokio::test]
async fn what_a_cancel_costs_is_said_before_and_after_it() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let (none, whole) = (&json!(null), &json!("20"));
    let bought = clip(&alice).await;
    assert_eq!(money(&bought.body), [whole, &json!(false), none, none, none]);
    server.submit("alice", bought.id()).await;
    let running = look(&alice, bought.id()).await;
    assert_eq!(money(&running), [whole, &json!(false), none, &json!("10"), none]);
    let cancelled = cancel(&alice, bought.id(), "").await.expect(200);
    let half = &json!("10");
    assert_eq!(money(&cancelled.body), [half, &json!(false), half, none, half]);
    assert_eq!((&cancelled.body["status"], &cancelled.body["balance"]), (&json!("cancelled"), &json!("90")));
    // A repeat changes nothing and says where it stands.
    let again = cancel(&alice, bought.id(), "?max_kept=0").await.expect(200);
    assert_eq!(money(&again.body), [half, &json!(false), half, none, none]);
    assert_eq!(again.body["balance"], "90");

    let held = film(&alice).await;
    server.submit("alice", held.id()).await;
    assert_eq!(look(&alice, held.id()).await["cancel_keeps"], "2.5");
    let cancelled = cancel(&alice, held.id(), "?max_kept=2.5").await.expect(200);
    let kept = &json!("2.5");
    assert_eq!(money(&cancelled.body), [kept, &json!(false), kept, none, &json!("7.5")]);
    assert_eq!(cancelled.body["balance"], "87.5");

    server.caught_up().await;
    for (id, charged) in [(bought.id(), 10.0), (held.id(), 2.5)] {
        let told = look(&alice, id).await;
        assert_eq!(told["charged"], charged.to_string(), "the API");
        assert!((spent(&alice, id).await - charged).abs() < 1e-9, "and the ledger");
    }
    let listed = alice.get("/v1/generations").await.expect(200);
    for item in listed.items() {
        assert_eq!(*item, look(&alice, item["id"].as_str().unwrap()).await, "lists say the same");
    }
    let usage = alice.get("/v1/usage").await.expect(200);
    let sum = |name: &str| -> f64 {
        usage.items().iter().map(|day| day[name].as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    assert!((sum("spent") - sum("refunded") - 12.5).abs() < 1e-9, "{}", usage.body);
    server.verified(&["alice"]).await;
}

#[tokio::test]
async fn before_the_provider_has_begun_everything_comes_back() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    for (bought, begun) in [(clip(&alice).await, false), (clip(&alice).await, true)] {
        if begun {
            server.begin("alice", bought.id()).await;
        }
        assert_eq!(look(&alice, bought.id()).await["cancel_keeps"], json!(null));
        let cancelled = cancel(&alice, bought.id(), "?max_kept=0").await.expect(200);
        let none = &json!(null);
        assert_eq!(money(&cancelled.body), [&json!("0"), &json!(false), none, none, &json!("20")]);
    }
    assert_eq!(alice.get("/v1/credits").await.expect(200).body["available"], "100");
}

#[tokio::test]
async fn a_cancel_that_would_keep_more_than_was_agreed_to_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = clip(&alice).await;
    server.submit("alice", bought.id()).await;
    let before = server.log_length().await;
    for accepted in ["0", "9.999999"] {
        let refused = cancel(&alice, bought.id(), &format!("?max_kept={accepted}")).await;
        let refused = refused.refused(409, "cancel_keeps_more");
        assert_eq!(refused.body["errors"][0]["field"], "max_kept");
    }
    for wrong in ["-1", "x", "1e3", "0.0000001"] {
        let refused = cancel(&alice, bought.id(), &format!("?max_kept={wrong}")).await;
        assert_eq!(refused.status, 400, "{wrong}: {refused:?}");
    }
    assert_eq!(server.log_length().await, before);
    assert_eq!(look(&alice, bought.id()).await["status"], "running");
    cancel(&alice, bought.id(), "?max_kept=10").await.expect(200);
}

#[tokio::test]
async fn what_was_kept_stays_beside_the_next_run_and_an_admin_gives_it_back_once() {
    let server = Server::start().await;
    let (alice, admin) = (server.rich_user("alice", 100).await, server.admin());
    let bought = clip(&alice).await;
    let id = bought.id();
    server.submit("alice", id).await;
    cancel(&alice, id, "").await.expect(200);
    let again = alice.order(&format!("/v1/generations/{id}/retry")).await.expect(202);
    assert_eq!((&again.body["charged"], &again.body["kept"]), (&json!("30"), &json!("10")));
    assert_eq!(again.body["balance"], "70");
    server.succeed("alice", id, b"clip").await;
    let refund = json!({ "job_id": id, "reason": "sorry" });
    let refunded = admin.post("/admin/accounts/alice/refunds", refund.clone()).await.expect(201);
    assert_eq!((&refunded.body["amount"], &refunded.body["charged"]), (&json!("30"), &json!("0")));
    assert_eq!(refunded.body["available"], "100");
    admin.post("/admin/accounts/alice/refunds", refund).await.refused(409, "refund_too_large");
    server.verified(&["alice"]).await;
}
