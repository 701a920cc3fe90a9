//! Generations that used up their attempts: seen, run again, given up.

use crate::support::Server;
use ledger::job::FailureClass;
use serde_json::json;

#[tokio::test]
async fn a_dead_letter_tells_its_whole_story() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    let dead = server.dead("alice").await;
    server.caught_up().await;
    let path = format!("/admin/dlq/messages/{}", dead.id());
    let story = server.admin().get(&path).await.expect(200);
    for (field, value) in [
        ("id", json!(dead.id())),
        ("user", json!("alice")),
        ("kind", json!("image")),
        ("model", json!("sim-image")),
        ("prompt", json!("dead on arrival")),
        ("cost", json!("4")),
        ("run", json!(1)),
        ("attempts", json!(1)),
    ] {
        assert_eq!(story.body[field], value, "{field}");
    }
    assert_eq!(story.body["failure"]["code"], "provider_unavailable");
    let events = story.body["events"].as_array().unwrap();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["job.queued", "job.started", "job.dead_lettered"]);
    assert_eq!(events[0]["actor"], "user:alice");
    assert_eq!(events[0]["detail"]["cost"], "4");
    assert_eq!(events[2]["detail"]["failure"]["class"], "transient");
    assert!(events[0]["detail"]["type"].is_null());
}

/// What is written for whoever mends it is no sentence for the user who waits.
#[tokio::test]
async fn users_and_operators_are_told_of_a_failure_in_their_own_words() {
    let server = Server::start().await;
    let bob = server.rich_user("bob", 100).await;
    let lost = bob.buy("x").await;
    server.fail_as("bob", lost.id(), FailureClass::Transient, "submit_unknown").await;
    let other = bob.buy("y").await;
    server.fail_as("bob", other.id(), FailureClass::Transient, "provider_timeout").await;
    server.caught_up().await;
    let told = async |id: &str| {
        let one = bob.get(&format!("/v1/generations/{id}")).await.expect(200).body["failure"].clone();
        let listed = bob.get("/v1/generations").await.expect(200);
        let listed = listed.items().iter().find(|item| item["id"] == id).unwrap()["failure"].clone();
        assert_eq!(one, listed);
        let story = server.admin().get(&format!("/admin/dlq/messages/{id}")).await.expect(200);
        assert_eq!(one["code"], story.body["failure"]["code"]);
        (one["message"].clone(), story.body["failure"]["message"].clone())
    };
    let (users, operators) = told(lost.id()).await;
    assert_ne!(users, operators);
    assert!(users.as_str().unwrap().contains("may have been made already"), "{users}");
    let (users, operators) = told(other.id()).await;
    assert_eq!(users, operators);
}

/// A dead letter is there from the moment at which its generation is dead, whatever the read models have come to.
#[tokio::test]
async fn a_dead_letter_is_there_at_once() {
    let server = Server::start().await;
    server.rich_user("alice", 1_000).await;
    for _ in 0..20 {
        let dead = server.dead("alice").await;
        let path = format!("/admin/dlq/messages/{}", dead.id());
        assert_eq!(server.admin().get(&path).await.expect(200).body["id"], dead.id());
        server.admin().order(&format!("{path}/retry")).await.expect(202);
        server.admin().get(&path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn dead_letters_are_filtered_paged_and_counted() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bob = server.rich_user("bob", 100).await;
    for _ in 0..3 {
        server.dead("alice").await;
    }
    let throttled = bob.buy("x").await;
    server.fail_as("bob", throttled.id(), FailureClass::Transient, "provider_timeout").await;
    alice.buy("alive").await;
    server.caught_up().await;
    let admin = server.admin();
    for (query, total) in [
        ("", 4),
        ("user=alice", 3),
        ("user=bob&code=provider_timeout", 1),
        ("code=provider_unavailable", 3),
        ("class=transient", 4),
        ("class=permanent", 0),
        ("kind=image", 4),
        ("kind=video", 0),
        ("model=sim-image", 4),
        ("since=2020-01-01T00:00:00Z", 4),
        ("until=2020-01-01T00:00:00Z", 0),
        ("user_contains=lic", 3),
        ("provider=simulated", 0),
        ("q=ARRIVAL", 3),
        ("q=did%20not%20work", 4),
        ("q=nowhere", 0),
        ("min_attempts=1", 4),
        ("min_attempts=2", 0),
        ("min_credits=4", 4),
        ("min_credits=4.000001", 0),
        ("sort=credits", 4),
    ] {
        let page = admin.get(&format!("/admin/dlq/messages?{query}")).await.expect(200);
        assert_eq!(page.body["total"], total, "{query}");
        assert_eq!(page.items().len(), total, "{query}");
    }
    let oldest = admin.get("/admin/dlq/messages?sort=oldest&limit=3").await.expect(200);
    assert_eq!(oldest.items()[0]["user"], "alice", "oldest first");
    let cursor = oldest.body["next_cursor"].as_str().unwrap();
    let rest =
        admin.get(&format!("/admin/dlq/messages?sort=oldest&limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!((rest.items().len(), &rest.items()[0]["user"]), (1, &json!("bob")));
    let other = admin.get(&format!("/admin/dlq/messages?limit=3&cursor={cursor}")).await;
    assert_eq!(other.refused(400, "parameter_invalid").blamed(), ["cursor"], "of another order");
    for (query, field) in [
        ("incident=1", "incident"),
        ("incident=", "incident"),
        ("q=", "q"),
        ("min_attempts=0", "min_attempts"),
        ("min_attempts=1.5", "min_attempts"),
        ("min_credits=-1", "min_credits"),
        ("min_credits=1e3", "min_credits"),
        ("sort=dearest", "sort"),
        ("provider=", "provider"),
        ("user_contains=", "user_contains"),
        ("since=yesterday", "since"),
    ] {
        let refused = admin.get(&format!("/admin/dlq/messages?{query}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), [field], "{query}");
    }
    let first = admin.get("/admin/dlq/messages?limit=3").await.expect(200);
    assert_eq!(first.body["total"], 4);
    assert_eq!(first.items()[0]["user"], "bob", "newest first");
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/admin/dlq/messages?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!((rest.items().len(), &rest.body["next_cursor"]), (1, &json!(null)));
}

#[tokio::test]
async fn a_retry_is_free_and_takes_it_off_the_list() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let dead = server.dead("alice").await;
    server.caught_up().await;
    let admin = server.admin();
    let path = format!("/admin/dlq/messages/{}", dead.id());
    let retried = admin.order(&format!("{path}/retry")).await.expect(202);
    assert_eq!(retried.body, json!({ "id": dead.id(), "status": "queued" }));
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
    admin.order(&format!("{path}/retry")).await.refused(409, "job_status");
    admin.delete(&path).await.refused(409, "job_status");
    let position = retried.header("ledger-position").unwrap();
    let list = admin.with("ledger-position", position).get("/admin/dlq/messages").await.expect(200);
    assert_eq!(list.body["total"], 0);
    admin.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn giving_up_refunds_once_and_is_harmless_to_repeat() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let dead = server.dead("alice").await;
    server.caught_up().await;
    let admin = server.admin();
    let path = format!("/admin/dlq/messages/{}", dead.id());
    let given_up = admin.delete(&path).await.expect(200);
    assert_eq!(given_up.body, json!({ "id": dead.id(), "status": "discarded", "refunded": "4" }));
    let again = admin.delete(&path).await.expect(200);
    assert_eq!(again.body["refunded"], "0");
    assert_eq!(alice.get("/v1/credits").await.body["available"], "100");
    let seen = alice.get(&format!("/v1/generations/{}", dead.id())).await.expect(200);
    assert_eq!(seen.body["status"], "discarded");
}

#[tokio::test]
async fn what_never_was_is_not_found() {
    let server = Server::start().await;
    let admin = server.admin();
    let path = "/admin/dlq/messages/019ab000-0000-7000-8000-000000000000";
    admin.get(path).await.refused(404, "not_found");
    admin.delete(path).await.refused(404, "not_found");
    admin.order(&format!("{path}/retry")).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_was_decided_on_an_earlier_run_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let dead = server.dead("alice").await;
    server.caught_up().await;
    let admin = server.admin();
    let path = format!("/admin/dlq/messages/{}", dead.id());
    let seen = admin.get(&path).await.expect(200).body["run"].clone();
    // Somebody else runs it again, and it dies once more.
    admin.order(&format!("{path}/retry?run={seen}")).await.expect(202);
    server.fail_as("alice", dead.id(), FailureClass::Transient, "provider_timeout").await;
    server.caught_up().await;
    assert_eq!(admin.get(&path).await.expect(200).body["run"], 2);
    let before = server.log_length().await;
    admin.delete(&format!("{path}?run={seen}")).await.refused(409, "run_stale");
    admin.order(&format!("{path}/retry?run={seen}")).await.refused(409, "run_stale");
    for action in ["retry", "discard"] {
        let body = json!({ "action": action, "ids": [dead.id()], "runs": [seen] });
        let done = admin.post("/admin/dlq/bulk-actions", body).await.expect(200);
        assert_eq!(done.body["refused"], json!([{ "id": dead.id(), "code": "run_stale" }]), "{action}");
        assert_eq!(done.body["done"], 0, "{action}");
    }
    let uneven = json!({ "action": "retry", "ids": [dead.id()], "runs": [1, 2] });
    let refused = admin.post("/admin/dlq/bulk-actions", uneven).await;
    assert_eq!(refused.refused(422, "validation_failed").blamed(), ["runs"]);
    assert_eq!(server.log_length().await, before);
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
    let given_up = admin.delete(&format!("{path}?run=2")).await.expect(200);
    assert_eq!(given_up.body["refunded"], "4");
}
