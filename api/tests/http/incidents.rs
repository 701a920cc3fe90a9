//! Incidents: dead letters by cause, and what admins decide about each cause.

use crate::support::{Client, Reply, Server};
use ledger::job::FailureClass;
use serde_json::{Value, json};

const PATH: &str = "/admin/dlq/incidents";
const UNKNOWN: &str = "1-0123456789abcdef0123456789abcdef";

/// A server on which two generations of two users died of one thing, and one of another.
async fn of_two_causes() -> Server {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    server.rich_user("bob", 100).await;
    server.dead("alice").await;
    server.dead("bob").await;
    let late = alice.buy("late").await;
    server.fail_as("alice", late.id(), FailureClass::Transient, "provider_timeout").await;
    server.caught_up().await;
    server
}

async fn listed(admin: &Client) -> Vec<Value> {
    admin.get(PATH).await.expect(200).items().to_vec()
}

async fn decided(admin: &Client, id: &Value, what: &str, body: Value) -> Reply {
    admin.post(&format!("{PATH}/{}/{what}", id.as_str().unwrap()), body).await
}

#[tokio::test]
async fn each_cause_is_one_incident_with_what_waits_of_it() {
    let server = of_two_causes().await;
    let admin = server.admin();
    let page = admin.get(PATH).await.expect(200);
    assert_eq!((&page.body["total"], &page.body["total_is_more"]), (&json!(2), &json!(false)));
    assert!(page.body["last_failure_at"].is_string() && page.body["running_again"] == 0);
    assert_eq!(page.body["is_being_named"], false);
    let first = &page.items()[0];
    for (field, value) in [
        ("title", json!("Provider unavailable on sim-image")),
        ("state", json!("open")),
        ("kind", json!("image")),
        ("provider", json!(null)),
        ("class", json!("transient")),
        ("code", json!("provider_unavailable")),
        ("message", json!("It did not work.")),
        ("jobs", json!(2)),
        ("people", json!(2)),
        ("credits", json!("8")),
        ("rising", json!(false)),
        ("revision", json!(0)),
        ("last_change", json!(null)),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    let hours: Vec<u64> =
        first["hours"].as_array().unwrap().iter().map(|hour| hour.as_u64().unwrap()).collect();
    assert_eq!((hours.len(), hours[23], hours.iter().sum::<u64>()), (24, 2, 2));
    let story = admin.get(&format!("{PATH}/{}", first["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&story.body["id"], &story.body["history"]), (&first["id"], &json!([])));
    let next = admin.get(&format!("{PATH}?limit=1")).await.expect(200);
    let cursor = next.body["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{PATH}?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest.items()[0], &rest.body["next_cursor"]), (&page.items()[1], &json!(null)));
    assert_eq!(admin.get(&format!("{PATH}?state=resolved")).await.expect(200).items(), [json!(null); 0]);
}

#[tokio::test]
async fn an_incident_narrows_the_list_and_bulk_actions() {
    let server = of_two_causes().await;
    let admin = server.admin();
    let id = listed(&admin).await[0]["id"].clone();
    let found =
        admin.get(&format!("/admin/dlq/messages?incident={}", id.as_str().unwrap())).await.expect(200);
    assert_eq!((found.items().len(), &found.items()[0]["incident"]), (2, &id));
    let one = admin.get(&format!("/admin/dlq/messages/{}", found.items()[0]["id"].as_str().unwrap())).await;
    assert_eq!(one.expect(200).body["incident"], id);
    let order = json!({ "action": "discard", "filter": { "incident": id }, "dry_run": true });
    let plan = admin.with("prefer", "respond-async").post("/admin/dlq/bulk-actions", order).await.expect(200);
    assert_eq!((&plan.body["plan"]["people"], &plan.body["plan"]["credits"]), (&json!(2), &json!("8")));
    let order = json!({ "action": "discard", "filter": { "incident": id } });
    assert_eq!(admin.post("/admin/dlq/bulk-actions", order).await.expect(200).body["done"], 2);
    server.caught_up().await;
    let left = listed(&admin).await;
    assert_eq!((left.len(), &left[0]["code"]), (1, &json!("provider_timeout")));
    for (field, value) in [
        ("incident", json!("1")),
        ("incident", json!("")),
        ("q", json!("x".repeat(201))),
        ("q", json!("a\nb")),
        ("min_attempts", json!(0)),
        ("min_attempts", json!(1_001)),
        ("min_credits", json!("-1")),
    ] {
        let order = json!({ "action": "retry", "filter": { field: value } });
        let refused = admin.post("/admin/dlq/bulk-actions", order).await.refused(422, "validation_failed");
        assert_eq!(refused.blamed(), [format!("filter.{field}")]);
    }
}

#[tokio::test]
async fn what_is_decided_is_kept_with_who_and_when_and_a_stale_page_is_refused() {
    let server = of_two_causes().await;
    let (admin, before) = (server.admin(), server.log_length().await);
    let id = listed(&admin).await[0]["id"].clone();
    let ignored = decided(
        &admin,
        &id,
        "ignore",
        json!({ "more": 5, "reason": "they mend it", "expected_revision": 0 }),
    )
    .await
    .expect(200);
    assert_eq!((&ignored.body["state"], &ignored.body["revision"]), (&json!("ignored"), &json!(1)));
    let last = &ignored.body["last_change"];
    assert_eq!(
        (&last["event"], &last["more"], &last["until"], &last["by"], &last["reason"]),
        (&json!("ignored"), &json!(5), &json!(null), &json!("ops"), &json!("they mend it")),
    );
    decided(&admin, &id, "ignore", json!({ "more": 5, "expected_revision": 0 })).await.expect(200);
    decided(&admin, &id, "ignore", json!({ "more": 6, "expected_revision": 0 }))
        .await
        .refused(409, "incident_stale");
    decided(&admin, &id, "resolve", json!({ "expected_revision": 0 })).await.refused(409, "incident_stale");
    decided(&admin, &id, "resolve", json!({ "expected_revision": 7 })).await.refused(409, "incident_stale");
    let resolved = decided(&admin, &id, "resolve", json!({ "expected_revision": 1 })).await.expect(200);
    assert_eq!((&resolved.body["state"], &resolved.body["jobs"]), (&json!("resolved"), &json!(2)));
    assert_eq!(listed(&admin).await.last().unwrap()["id"], id, "what is resolved comes last");
    let reopened = decided(&admin, &id, "reopen", json!({ "expected_revision": 2 })).await.expect(200);
    assert_eq!(reopened.body["state"], "open");
    let until = "2098-01-01T00:00:00Z";
    let far = decided(&admin, &id, "ignore", json!({ "until": until, "expected_revision": 3 })).await;
    assert_eq!(far.refused(422, "validation_failed").blamed(), ["until"]);
    let story = admin.get(&format!("{PATH}/{}", id.as_str().unwrap())).await.expect(200);
    let events: Vec<_> = story.body["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["reopened", "resolved", "ignored"]);
    assert_eq!(server.log_length().await, before, "nothing of it is in the log");
}

#[tokio::test]
async fn what_is_resolved_and_dies_again_is_a_regression() {
    let server = of_two_causes().await;
    let admin = server.admin();
    let id = listed(&admin).await[0]["id"].clone();
    decided(&admin, &id, "resolve", json!({ "expected_revision": 0 })).await.expect(200);
    server.dead("alice").await;
    server.caught_up().await;
    let first = &listed(&admin).await[0];
    assert_eq!((&first["id"], &first["state"], &first["jobs"]), (&id, &json!("regressed"), &json!(3)));
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused_by_name() {
    let server = of_two_causes().await;
    let admin = server.admin();
    let id = listed(&admin).await[0]["id"].clone();
    for (body, field, status, code) in [
        (json!({ "expected_revision": 0 }), "until", 422, "validation_failed"),
        (
            json!({ "expected_revision": 0, "more": 1, "until": "2090-01-01T00:00:00Z" }),
            "until",
            422,
            "validation_failed",
        ),
        (json!({ "expected_revision": 0, "more": 0 }), "more", 422, "validation_failed"),
        (json!({ "expected_revision": 0, "more": 1_000_001 }), "more", 422, "validation_failed"),
        (json!({ "expected_revision": 0, "more": "1" }), "more", 400, "body_invalid"),
        (
            json!({ "expected_revision": 0, "until": "2020-01-01T00:00:00Z" }),
            "until",
            422,
            "validation_failed",
        ),
        (json!({ "expected_revision": 0, "until": "soon" }), "until", 422, "validation_failed"),
        (json!({ "expected_revision": -1, "more": 1 }), "expected_revision", 422, "validation_failed"),
        (
            json!({ "expected_revision": 4_000_000_000_u32, "more": 1 }),
            "expected_revision",
            422,
            "validation_failed",
        ),
        (
            json!({ "expected_revision": 0, "more": 1, "reason": "x".repeat(501) }),
            "reason",
            422,
            "validation_failed",
        ),
        (
            json!({ "expected_revision": 0, "more": 1, "reason": "a\u{7}" }),
            "reason",
            422,
            "validation_failed",
        ),
        (json!({ "more": 1 }), "expected_revision", 400, "body_invalid"),
    ] {
        let refused = decided(&admin, &id, "ignore", body.clone()).await;
        assert_eq!(refused.refused(status, code).blamed(), [field], "{body}");
    }
    for what in ["ignore", "resolve", "reopen"] {
        let body = json!({ "expected_revision": 0, "more": 1 });
        let body = if what == "ignore" { body } else { json!({ "expected_revision": 0 }) };
        decided(&admin, &json!(UNKNOWN), what, body.clone()).await.refused(404, "not_found");
        decided(&admin, &json!("x"), what, body).await.refused(400, "parameter_invalid");
    }
    admin.get(&format!("{PATH}/{UNKNOWN}")).await.refused(404, "not_found");
    admin.get(&format!("{PATH}/1-2")).await.refused(400, "parameter_invalid");
    for query in ["state=dead", "limit=0", "cursor=x"] {
        admin.get(&format!("{PATH}?{query}")).await.refused(400, "parameter_invalid");
    }
    assert_eq!(listed(&admin).await[0]["revision"], 0);
    server.user("alice").get(PATH).await.refused(403, "forbidden");
    server.auditor().get(PATH).await.refused(403, "forbidden");
    server.stranger().get(PATH).await.refused(401, "unauthenticated");
}
