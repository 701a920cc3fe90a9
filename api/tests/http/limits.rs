//! Rates, caps and deadlines: what is too much is told so, at once.

use crate::support::{Server, Setup};
use api::Limits;
use std::time::Duration;

#[tokio::test]
async fn a_user_that_asks_too_often_is_told_when_to_come_back() {
    let limits = Limits { requests_per_second: 1, burst: 3, ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let alice = server.user("alice");
    for left in ["2", "1", "0"] {
        let reply = alice.get("/v1/credits").await.expect(200);
        assert_eq!(reply.header("ratelimit-policy"), Some("\"user\";q=3;w=3"));
        let rate = reply.header("ratelimit").unwrap();
        assert!(rate.starts_with(&format!("\"user\";r={left};")), "{rate}");
    }
    let refused = alice.get("/v1/credits").await.refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.header("ratelimit").unwrap().starts_with("\"user\";r=0;"));
    server.user("bob").get("/v1/credits").await.expect(200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let limits = Limits { deadline: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let alice = server.rich_user("alice", 100).await;
    alice.get("/v1/credits").await.expect(200);
    let locker = server.pool.get().await.unwrap();
    locker.batch_execute("begin; lock table events in access exclusive mode").await.unwrap();
    alice.get("/v1/credits").await.refused(504, "deadline_exceeded");
    locker.batch_execute("rollback").await.unwrap();
    alice.get("/v1/credits").await.expect(200);
}

#[tokio::test]
async fn a_purchase_whose_answer_came_too_late_was_made_once() {
    let limits = Limits { deadline: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let alice = server.rich_user("alice", 100).await.with("idempotency-key", "k");
    let body = serde_json::json!({ "model": "sim-image", "prompt": "x" });
    let locker = server.pool.get().await.unwrap();
    locker.batch_execute("begin; lock table events in access exclusive mode").await.unwrap();
    alice.post("/v1/generations", body.clone()).await.refused(504, "deadline_exceeded");
    locker.batch_execute("rollback").await.unwrap();
    // Nobody waits for it any more, and it is done all the same.
    let answer = loop {
        let reply = alice.post("/v1/generations", body.clone()).await;
        if reply.status != 504 {
            break reply.expect(202);
        }
    };
    assert_eq!(answer.header("idempotent-replayed"), Some("true"));
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
}
