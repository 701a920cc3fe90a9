//! Health and metrics.

use crate::support::{Server, Setup};
use api::Limits;
use chrono::{TimeDelta, Utc};
use ledger::ClockSource;
use serde_json::json;

#[tokio::test]
async fn a_server_with_a_database_is_ready() {
    let server = Server::start().await;
    let nobody = server.stranger();
    assert_eq!(nobody.get("/health/live").await.expect(200).body["status"], "live");
    assert_eq!(nobody.get("/health/ready").await.expect(200).body["status"], "ready");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_id() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    alice.get(&format!("/v1/generations/{}", bought.id())).await.expect(200);
    alice.get("/v1/generations/019ab000-0000-7000-8000-000000000000").await.expect(404);
    alice.get("/no/such/address").await.expect(404);
    let metrics = server.auditor().get("/metrics").await.expect(200);
    let text = String::from_utf8(metrics.bytes).unwrap();
    for wanted in [
        r#"http_requests_total{route="/v1/generations/{id}",method="GET",status="200"}"#,
        r#"http_requests_total{route="/v1/generations/{id}",method="GET",status="404"}"#,
        r#"http_requests_total{route="unmatched",method="GET",status="404"}"#,
        r#"http_request_duration_seconds"#,
    ] {
        assert!(text.contains(wanted), "{wanted} is missing from\n{text}");
    }
    assert!(!text.contains(bought.id()) && !text.contains("alice") && !text.contains("/no/such"));
}

#[tokio::test]
async fn health_answers_when_nothing_else_does() {
    let limits = Limits { requests: 0, ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    server.user("alice").get("/v1/credits").await.refused(503, "overloaded");
    server.stranger().get("/health/live").await.expect(200);
    server.stranger().get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn a_server_whose_clock_is_wrong_reads_says_so_and_writes_nothing() {
    let right = Server::start().await;
    right.rich_user("alice", 100).await;
    for machine in [|| Utc::now() + TimeDelta::hours(1), || Utc::now() - TimeDelta::hours(1)] {
        let clock = ClockSource::Database { machine };
        let wrong = right.beside(Setup { clock, ..Setup::default() }).await;
        let alice = wrong.user("alice");
        assert_eq!(alice.get("/v1/credits").await.expect(200).body["available"], "100");
        let order = json!({ "model": "sim-image", "prompt": "x" });
        alice.post("/v1/generations", order).await.refused(503, "clock_skewed");
        wrong.stranger().get("/health/ready").await.refused(503, "clock_skewed");
        wrong.stranger().get("/health/live").await.expect(200);
    }
    assert_eq!(right.user("alice").get("/v1/credits").await.expect(200).body["available"], "100");
    right.stranger().get("/health/ready").await.expect(200);
}
