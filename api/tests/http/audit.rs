//! What an auditor reads and proves.

use crate::support::{Background, Server, Setup, Wire, account};
use api::Limits;
use serde_json::json;
use std::time::Duration;

const VERIFY: &str = "/audit/accounts/alice/verify";

/// A part of the statement that reads a page of an account.
const READS_A_PAGE: &str = "from events where account_id = $1 and (stream_id, version) > ";

/// Events on a page.
const PAGE: i64 = 5_000;

/// A server beside another one, whose every statement goes over a wire.
async fn on_a_wire(server: &Server, limits: Limits) -> (Server, Wire) {
    let wire = Wire::to(server.database_address()).await;
    let setup =
        Setup { limits, background: Background::Absent, wire: Some(wire.address), ..Setup::default() };
    (server.beside(setup).await, wire)
}

#[tokio::test]
async fn events_are_told_in_order_with_everything_that_is_hashed() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.with("x-request-id", "trace-7").buy("a fox").await;
    let events = server.auditor().get("/audit/events?user=alice").await.expect(200);
    let types: Vec<_> = events.items().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types.len(), 3);
    assert_eq!(types[0], "credits.granted");
    let debit = events.items().iter().find(|event| event["type"] == "credits.debited").unwrap();
    for (field, value) in [
        ("account_id", json!(account("alice").to_string())),
        ("stream_id", json!(account("alice").to_string())),
        ("version", json!(2)),
        ("amount", json!("-4")),
        ("balance_after", json!("96")),
        ("job_id", json!(bought.id())),
        ("actor", json!("user:alice")),
        ("request_id", json!("trace-7")),
    ] {
        assert_eq!(debit[field], value, "{field}");
    }
    assert_eq!(debit["payload"]["amount"], "4");
    assert_eq!(debit["prev_hash"], events.items()[0]["hash"]);
    assert_eq!(debit["hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn events_are_filtered_and_paged() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    server.rich_user("bob", 100).await;
    let auditor = server.auditor();
    for (query, count) in [
        ("", 4),
        ("user=bob", 1),
        (&format!("account={}", account("alice")), 3),
        (&format!("user=alice&job={}", bought.id()), 2),
        ("type=credits.granted", 2),
        ("type=credits.granted,job.queued", 3),
        ("type=job.failed", 0),
        ("actor=user:alice", 2),
        ("until=2020-01-01T00:00:00Z", 0),
        ("since=2020-01-01T00:00:00Z", 4),
        ("after=9223372036854775807", 0),
    ] {
        let page = auditor.get(&format!("/audit/events?{query}")).await.expect(200);
        assert_eq!(page.items().len(), count, "{query}");
    }
    let first = auditor.get("/audit/events?limit=3").await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = auditor.get(&format!("/audit/events?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!((rest.items().len(), &rest.body["next_cursor"]), (1, &json!(null)));
    let position = first.items()[2]["position"].as_i64().unwrap();
    let after = auditor.get(&format!("/audit/events?after={position}")).await.expect(200);
    assert_eq!(after.items(), rest.items());
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let auditor = server.auditor();
    let id = account("alice");
    for (query, field) in [
        (format!("user=alice&account={id}"), "account"),
        (format!("job={id}"), "job"),
        ("type=credits".into(), "type"),
        ("type=credits.granted,".into(), "type"),
        ("type='%20or%201=1".into(), "type"),
        ("account=x".into(), "account"),
        ("since=now".into(), "since"),
        ("after=-1".into(), "after"),
        ("actor=%00".into(), "actor"),
    ] {
        let refused = auditor.get(&format!("/audit/events?{query}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), [field], "{query}");
    }
}

#[tokio::test]
async fn an_account_is_proved() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    server.fail("alice", bought.id()).await;
    let auditor = server.auditor();
    let proof = auditor.get("/audit/accounts/alice/verify").await.expect(200);
    assert_eq!((&proof.body["valid"], &proof.body["breaches"]), (&json!(true), &json!([])));
    assert_eq!((&proof.body["events"], &proof.body["streams"]), (&json!(6), &json!(2)));
    let events = auditor.get("/audit/events?user=alice").await;
    let last = events.items().iter().rfind(|event| event["type"] == "credits.refunded").unwrap();
    assert_eq!(proof.body["head"], last["hash"]);
    auditor.get("/audit/accounts/nobody/verify").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_changed_event_is_found() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    alice.buy("x").await;
    let client = server.pool.get().await.unwrap();
    // Only somebody who owns the database and takes the guard away can do this.
    let tamper = "alter table events disable trigger events_append_only; \
        update events set amount = 1000, balance_after = 1000 where type = 'credits.granted'; \
        alter table events enable trigger events_append_only";
    client.batch_execute(tamper).await.unwrap();
    let proof = server.auditor().get("/audit/accounts/alice/verify").await.expect(200);
    assert_eq!(proof.body["valid"], false);
    let breach = &proof.body["breaches"][0];
    assert_eq!(breach["version"], 1);
    assert!(breach["invariant"].is_string() && breach["detail"].is_string());
}

#[tokio::test]
async fn a_purchase_in_the_middle_of_a_proof_is_not_part_of_it() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100_000).await;
    let hundred = json!({ "items": vec![json!({ "model": "sim-image", "prompt": "x" }); 100] });
    while server.log_length().await <= PAGE {
        alice.post("/v1/generations/batch", hundred.clone()).await.expect(202);
    }
    let before = server.log_length().await;
    let (proving, wire) = on_a_wire(&server, Limits::default()).await;
    let mut second_page = wire.hold(2, READS_A_PAGE);
    let auditor = proving.auditor();
    let asked = tokio::spawn(async move { auditor.get(VERIFY).await });
    second_page.arrived().await;
    // Its generation comes before the place up to which the account was read, its debit after it.
    alice.buy("in between").await;
    second_page.release();
    let proof = asked.await.unwrap().expect(200).body;
    assert_eq!((&proof["valid"], &proof["breaches"]), (&json!(true), &json!([])));
    assert_eq!(proof["events"], before, "all of one moment");
    let proof = proving.auditor().get(VERIFY).await.expect(200).body;
    assert_eq!((&proof["valid"], &proof["events"]), (&json!(true), &json!(before + 2)));
}

#[tokio::test]
async fn a_proof_that_is_given_up_leaves_no_transaction_on_its_connection() {
    let server = Server::start().await;
    server.rich_user("alice", 5).await;
    let deadline = Duration::from_millis(500);
    let limits = Limits { deadline, database_connections: 1, ..Limits::default() };
    let (proving, wire) = on_a_wire(&server, limits).await;
    let mut page = wire.hold(1, READS_A_PAGE);
    let auditor = proving.auditor();
    let asked = tokio::spawn(async move { auditor.get(VERIFY).await });
    page.arrived().await;
    asked.await.unwrap().refused(504, "deadline_exceeded");
    page.release();
    // A connection that is still in the snapshot would not show what came after it.
    for credits in ["12", "19"] {
        server.rich_user("alice", 7).await;
        let seen = proving.user("alice").get("/v1/credits").await.expect(200);
        assert_eq!(seen.body["available"], credits);
    }
}
