//! `Prefer: wait`: an answer that comes with the end.

use crate::support::{Server, Setup};
use api::Limits;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_purchase_may_wait_for_its_end() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let waiting = {
        let alice = alice.with("prefer", "wait=20");
        tokio::spawn(async move {
            alice.post("/v1/generations", json!({ "model": "sim-image", "prompt": "soon" })).await
        })
    };
    let id = queued(&server, "alice").await;
    server.fail("alice", &id).await;
    let ended = waiting.await.unwrap().expect(200);
    assert_eq!((ended.id(), &ended.body["status"]), (id.as_str(), &json!("failed")));
    assert_eq!(ended.body["balance"], "100", "what was refunded is there");
    // A list that is asked for with this position shows the end.
    let newest = server.newest_position().await.to_string();
    assert_eq!(ended.header("ledger-position"), Some(newest.as_str()));
    let seen = server.user("alice").get(&format!("/v1/generations/{id}")).await.expect(200);
    assert_eq!(seen.header("ledger-position"), Some(newest.as_str()));
}

#[tokio::test]
async fn a_look_may_wait_and_comes_back_when_the_time_is_up() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("never").await;
    let path = format!("/v1/generations/{}", bought.id());
    let started = Instant::now();
    let queued = alice.with("prefer", "wait=1").get(&path).await.expect(200);
    assert_eq!(queued.body["status"], "queued");
    assert!(started.elapsed() >= Duration::from_millis(900));
    let waiting = {
        let (alice, path) = (alice.with("prefer", "wait=20"), path.clone());
        tokio::spawn(async move { alice.get(&path).await })
    };
    server.succeed("alice", bought.id(), b"png").await;
    assert_eq!(waiting.await.unwrap().expect(200).body["status"], "succeeded");
    let missing = "/v1/generations/019ab000-0000-7000-8000-000000000000";
    alice.with("prefer", "wait=20").get(missing).await.refused(404, "not_found");
}

#[tokio::test]
async fn when_all_places_are_taken_the_answer_comes_at_once() {
    let limits = Limits { waits: 0, ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let alice = server.rich_user("alice", 100).await.with("prefer", "wait=30");
    let started = Instant::now();
    let bought =
        alice.post("/v1/generations", json!({ "model": "sim-image", "prompt": "x" })).await.expect(202);
    alice.get(&format!("/v1/generations/{}", bought.id())).await.expect(200);
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// The id of the user's only job, once it is in the log.
async fn queued(server: &Server, user: &str) -> String {
    let client = server.pool.get().await.unwrap();
    loop {
        let sql = "select job_id::text from events where account_id = $1 and type = 'job.queued'";
        if let Some(row) = client.query_opt(sql, &[&crate::support::account(user).0]).await.unwrap() {
            return row.get(0);
        }
        tokio::task::yield_now().await;
    }
}
