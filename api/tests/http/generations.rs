//! Buying, looking at, listing, cancelling and running again.

use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn buying_debits_the_price_and_queues_the_work() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let params = json!({ "width": 64, "height": 128, "seed": 7 });
    let body = json!({ "model": "sim-image", "prompt": " a  fox\n", "count": 3, "params": params });
    let bought = alice.post("/v1/generations", body).await.expect(202);
    assert_eq!(bought.header("location").unwrap(), format!("/v1/generations/{}", bought.id()));
    assert!(bought.header("ledger-position").is_some());
    assert!(bought.header("idempotent-replayed").is_none());
    for (field, value) in [
        ("kind", json!("image")),
        ("model", json!("sim-image")),
        ("prompt", json!(" a  fox\n")),
        ("count", json!(3)),
        ("params", params),
        ("status", json!("queued")),
        ("cost", json!("12")),
        ("balance", json!("88")),
        ("attempts", json!(0)),
        ("failure", json!(null)),
        ("outputs", json!([])),
        ("finished_at", json!(null)),
    ] {
        assert_eq!(bought.body[field], value, "{field}");
    }
    assert!(bought.body["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(alice.get("/v1/credits").await.expect(200).body["available"], "88");
}

#[tokio::test]
async fn a_count_is_one_and_a_kind_is_that_of_the_model() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let body =
        json!({ "model": "sim-video", "prompt": "waves", "kind": null, "count": null, "params": null });
    let bought = alice.post("/v1/generations", body).await.expect(202);
    assert_eq!((&bought.body["kind"], &bought.body["count"]), (&json!("video"), &json!(1)));
    assert_eq!(bought.body["balance"], "80");
}

#[tokio::test]
async fn what_the_credits_do_not_cover_is_not_bought() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 7).await;
    alice.buy("one").await;
    let before = server.log_length().await;
    let body = json!({ "model": "sim-image", "prompt": "two" });
    let refused = alice.post("/v1/generations", body.clone()).await.refused(402, "credits_insufficient");
    assert!(refused.body["detail"].as_str().unwrap().contains("4 credits and 3 are available"));
    let nobody = server.user("nobody").post("/v1/generations", body).await;
    nobody.refused(402, "credits_insufficient");
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn a_generation_is_never_stale_and_its_etag_follows_it() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    let path = format!("/v1/generations/{}", bought.id());
    let queued = alice.get(&path).await.expect(200);
    let etag = queued.header("etag").unwrap();
    let unchanged = alice.with("if-none-match", etag).get(&path).await.expect(304);
    assert!(unchanged.bytes.is_empty());
    server.succeed("alice", bought.id(), b"png").await;
    let done = alice.with("if-none-match", etag).get(&path).await.expect(200);
    assert_eq!(done.body["status"], "succeeded");
    assert_eq!(done.body["attempts"], 1);
    assert!(done.body["finished_at"].is_string());
    let output = &done.body["outputs"][0];
    assert_eq!(output["url"], format!("{path}/outputs/0"));
    assert_eq!((&output["content_type"], &output["width"]), (&json!("image/png"), &json!(64)));
    assert!(output["key"].is_null(), "where the store keeps it is nobody's business");
}

#[tokio::test]
async fn a_failure_says_why_and_is_refunded_and_can_be_run_again() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    server.fail("alice", bought.id()).await;
    let path = format!("/v1/generations/{}", bought.id());
    let failed = alice.get(&path).await.expect(200);
    let why = json!({ "class": "permanent", "code": "content_refused", "message": "It did not work." });
    assert_eq!((&failed.body["status"], &failed.body["failure"]), (&json!("failed"), &why));
    assert_eq!(alice.get("/v1/credits").await.body["available"], "100");
    let again = alice.order(&format!("{path}/retry")).await.expect(202);
    assert_eq!((&again.body["status"], &again.body["balance"]), (&json!("queued"), &json!("96")));
    assert_eq!(again.header("location"), Some(path.as_str()));
    alice.order(&format!("{path}/retry")).await.refused(409, "job_status");
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
}

#[tokio::test]
async fn running_again_costs_what_it_costs() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 4).await;
    let bought = alice.buy("a fox").await;
    let path = format!("/v1/generations/{}", bought.id());
    alice.order(&format!("{path}/cancel")).await.expect(200);
    alice.buy("another").await;
    alice.order(&format!("{path}/retry")).await.refused(402, "credits_insufficient");
}

#[tokio::test]
async fn cancelling_refunds_once_and_is_harmless_to_repeat() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    let path = format!("/v1/generations/{}/cancel", bought.id());
    for _ in 0..2 {
        let cancelled = alice.order(&path).await.expect(200);
        assert_eq!(
            (&cancelled.body["status"], &cancelled.body["balance"]),
            (&json!("cancelled"), &json!("100"))
        );
    }
    let done = alice.buy("a cat").await;
    server.succeed("alice", done.id(), b"png").await;
    let refused = alice.order(&format!("/v1/generations/{}/cancel", done.id())).await;
    refused.refused(409, "job_status");
}

#[tokio::test]
async fn a_list_shows_what_was_just_bought_page_by_page_newest_first() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let mut bought = Vec::new();
    let mut position = String::new();
    for number in 0..7 {
        let reply = alice.buy(&format!("number {number}")).await;
        position = reply.header("ledger-position").unwrap().to_owned();
        bought.push(reply.id().to_owned());
    }
    bought.reverse();
    let reader = alice.with("ledger-position", &position);
    let mut listed = Vec::new();
    let mut path = "/v1/generations?limit=3".to_owned();
    loop {
        let page = reader.get(&path).await.expect(200);
        listed.extend(page.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/generations?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(listed, bought);
}

#[tokio::test]
async fn a_list_is_filtered_and_reads_as_the_log_does() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let picture = alice.buy("a fox").await;
    let clip = alice.post("/v1/generations", json!({ "model": "sim-video", "prompt": "waves" })).await;
    server.fail("alice", clip.id()).await;
    server.caught_up().await;
    for (query, expected) in [
        ("status=failed", vec![clip.id()]),
        ("status=queued", vec![picture.id()]),
        ("kind=video", vec![clip.id()]),
        ("model=sim-image", vec![picture.id()]),
        ("model=sim-image&status=failed", vec![]),
        ("model=nothing", vec![]),
    ] {
        let page = alice.get(&format!("/v1/generations?{query}")).await.expect(200);
        let ids: Vec<_> = page.items().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!(page.body["next_cursor"], json!(null));
    }
    let listed = alice.get("/v1/generations?kind=video").await;
    let current = alice.get(&format!("/v1/generations/{}", clip.id())).await;
    assert_eq!(listed.items()[0], current.body);
}
