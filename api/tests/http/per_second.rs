//! Generations whose price is known only when they are done.

use crate::support::{Client, Reply, Server};
use serde_json::{Value, json};

async fn film(alice: &Client, seconds: Value) -> Reply {
    let body = json!({ "model": "sim-film", "prompt": "x", "params": { "seconds": seconds } });
    alice.post("/v1/generations", body).await
}

fn price(reply: &Reply) -> [&Value; 4] {
    ["cost", "cost_is", "charged", "on_hold"].map(|name| &reply.body[name])
}

async fn look(alice: &Client, id: &str) -> Reply {
    alice.get(&format!("/v1/generations/{id}")).await.expect(200)
}

#[tokio::test]
async fn the_most_is_held_and_what_was_made_is_charged() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = film(&alice, json!(5)).await.expect(202);
    let id = bought.id();
    assert_eq!(price(&bought), [&json!("10"), &json!("at_most"), &json!("10"), &json!(true)]);
    assert_eq!(bought.body["balance"], "90");
    let credits = alice.get("/v1/credits").await.expect(200).body;
    assert_eq!((&credits["available"], &credits["held"]), (&json!("90"), &json!("10")));
    assert_eq!(
        (&credits["holds"][0]["generation_id"], &credits["holds"][0]["reason"]),
        (&json!(id), &json!(null))
    );

    server.succeed_with("alice", id, b"clip", Some(3_500)).await;
    let done = look(&alice, id).await;
    assert_eq!(price(&done), [&json!("10"), &json!("at_most"), &json!("7"), &json!(false)]);
    let credits = alice.get("/v1/credits").await.expect(200).body;
    assert_eq!((&credits["available"], &credits["held"]), (&json!("93"), &json!("0")));
}

#[tokio::test]
async fn a_clip_that_became_too_long_costs_what_was_held() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 20).await;
    // Without a wish it may be as long as the model makes them.
    let bought = film(&alice, json!(null)).await.expect(202);
    assert_eq!((&bought.body["cost"], &bought.body["balance"]), (&json!("20"), &json!("0")));
    server.succeed_with("alice", bought.id(), b"clip", Some(60_000)).await;
    assert_eq!(look(&alice, bought.id()).await.body["charged"], "20");
}

#[tokio::test]
async fn what_ends_without_a_clip_costs_nothing() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let failed = film(&alice, json!(5)).await.expect(202);
    server.fail("alice", failed.id()).await;
    let cancelled = film(&alice, json!(5)).await.expect(202);
    let order = format!("/v1/generations/{}/cancel", cancelled.id());
    let cancelled = alice.order(&order).await.expect(200);
    assert_eq!(cancelled.body["balance"], "100");
    for id in [failed.id(), cancelled.id()] {
        assert_eq!(
            price(&look(&alice, id).await),
            [&json!("10"), &json!("at_most"), &json!("0"), &json!(false)]
        );
    }
    let credits = alice.get("/v1/credits").await.expect(200).body;
    assert_eq!((&credits["available"], &credits["holds"]), (&json!("100"), &json!([])));
    // Run again, it is held again.
    let again = alice.order(&format!("/v1/generations/{}/retry", failed.id())).await.expect(202);
    assert_eq!(price(&again), [&json!("10"), &json!("at_most"), &json!("10"), &json!(true)]);
    assert_eq!(again.body["balance"], "90");
}

#[tokio::test]
async fn a_hold_of_a_generation_ends_only_with_it() {
    let server = Server::start().await;
    let admin = server.admin();
    let alice = server.rich_user("alice", 100).await;
    let bought = film(&alice, json!(5)).await.expect(202);
    let holds = "/admin/accounts/alice/holds";
    let listed = admin.get(holds).await.expect(200);
    assert_eq!(listed.items()[0]["generation_id"], bought.id());
    let before = server.log_length().await;
    let capture = admin.post(&format!("{holds}/2/capture"), json!({ "amount": "1" })).await;
    capture.refused(409, "hold_of_job");
    admin.order(&format!("{holds}/2/release")).await.refused(409, "hold_of_job");
    let refund = json!({ "job_id": bought.id(), "reason": "x" });
    admin.post("/admin/accounts/alice/refunds", refund.clone()).await.refused(409, "price_only_held");
    assert_eq!(server.log_length().await, before);
    server.succeed_with("alice", bought.id(), b"clip", Some(1_000)).await;
    let refunded = admin.post("/admin/accounts/alice/refunds", refund).await.expect(201);
    assert_eq!((&refunded.body["amount"], &refunded.body["available"]), (&json!("2"), &json!("100")));
    server.verified(&["alice"]).await;
}

#[tokio::test]
async fn the_most_must_be_there() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 9).await;
    film(&alice, json!(5)).await.refused(402, "credits_insufficient");
    let tried = json!({ "model": "sim-film", "prompt": "x", "params": { "seconds": 4 }, "dry_run": true });
    let quote = alice.post("/v1/generations", tried).await.expect(200);
    assert_eq!((&quote.body["cost"], &quote.body["cost_is"]), (&json!("8"), &json!("at_most")));
    assert_eq!(quote.body["balance"], "1");
    assert_eq!(server.log_length().await, 1);
}

#[tokio::test]
async fn lists_tell_it_too() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let running = film(&alice, json!(5)).await.expect(202);
    let done = film(&alice, json!(5)).await.expect(202);
    server.succeed_with("alice", done.id(), b"clip", Some(2_000)).await;
    server.caught_up().await;
    let listed = alice.get("/v1/generations").await.expect(200);
    for (item, id) in listed.items().iter().zip([done.id(), running.id()]) {
        let one = look(&alice, id).await;
        assert_eq!(*item, one.body);
    }
}
