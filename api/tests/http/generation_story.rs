//! Everything that is known of one generation, for an admin: in every state, equal to the ledger and to what its user reads.

use crate::support::{Client, Reply, Server, Setup};
use ledger::job::{FailureClass, JobCommand};
use serde_json::{Value, json};
use std::time::Duration;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn path(id: &str) -> String {
    format!("/admin/generations/{id}")
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("no amount: {value}")).parse().unwrap()
}

fn positions(events: &[&Value]) -> Vec<i64> {
    events.iter().map(|event| event["position"].as_i64().unwrap()).collect()
}

/// The story of a generation of alice, held against the log and against what she reads.
async fn story(server: &Server, id: &str) -> Value {
    server.caught_up().await;
    let told = server.admin().get(&path(id)).await.expect(200).body;
    let log = server.auditor().get(&format!("/audit/events?user=alice&job={id}&limit=100")).await.expect(200);
    let (of_account, of_job): (Vec<&Value>, Vec<&Value>) =
        log.items().iter().partition(|event| event["type"].as_str().unwrap().starts_with("credits."));
    let list = |name: &str| told[name].as_array().unwrap().iter().collect::<Vec<_>>();
    assert_eq!(positions(&list("events")), positions(&of_job));
    assert_eq!(positions(&list("ledger_lines")), positions(&of_account));
    for (line, event) in list("ledger_lines").iter().zip(&of_account) {
        for field in ["type", "amount", "balance_after", "actor", "occurred_at"] {
            assert_eq!(line[field], event[field], "{field}");
        }
    }
    for (shown, event) in list("events").iter().zip(&of_job) {
        for field in ["type", "version", "payload", "actor", "request_id", "causation_id", "occurred_at"] {
            assert_eq!(shown[field], event[field], "{field}");
        }
    }
    let money = &told["money"];
    let moved: f64 = of_account.iter().map(|event| number(&event["amount"])).sum();
    let sum = |name: &str| number(&money[name]);
    assert!((sum("charged") + moved).abs() < 1e-9, "{money} against {moved}");
    let made_up = sum("paid") + sum("captured") + sum("on_hold") - sum("refunded");
    assert!((sum("charged") - made_up).abs() < 1e-9, "{money}");
    assert!((sum("held") - sum("captured") - sum("released") - sum("on_hold")).abs() < 1e-9, "{money}");
    let hers = server.user("alice").get(&format!("/v1/generations/{id}")).await.expect(200).body;
    assert_eq!(told["customer_reads"], hers);
    assert_eq!((&told["status"], &told["finished_at"]), (&hers["status"], &hers["finished_at"]));
    assert_eq!(told["waited_milliseconds"].is_null(), told["finished_at"].is_null());
    assert_eq!((&told["user"], &told["left_out"]), (&json!("alice"), &json!(0)));
    told
}

/// `paid`, `on_hold`, `captured`, `refunded`, `charged`.
fn money(told: &Value) -> [&str; 5] {
    ["paid", "on_hold", "captured", "refunded", "charged"].map(|name| told["money"][name].as_str().unwrap())
}

fn kinds(told: &Value) -> Vec<&str> {
    told["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn film(alice: &Client) -> Reply {
    let body = json!({ "model": "sim-film", "prompt": "x", "params": { "seconds": 5 } });
    alice.post("/v1/generations", body).await.expect(202)
}

#[tokio::test]
async fn what_waits_and_what_runs_is_told() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let body =
        json!({ "model": "sim-image", "prompt": "a fox", "count": 2, "params": { "width": 512, "seed": 7 } });
    let bought = alice.post("/v1/generations", body).await.expect(202);
    let id = bought.id();
    let queued = story(&server, id).await;
    for (field, value) in [
        ("id", json!(id)),
        ("kind", json!("image")),
        ("model", json!("sim-image")),
        ("prompt", json!("a fox")),
        ("count", json!(2)),
        ("params", json!({ "width": 512, "seed": 7 })),
        ("status", json!("queued")),
        ("state", json!("it waits for a worker")),
        ("run", json!(1)),
        ("outputs", json!([])),
        ("attempts", json!([])),
    ] {
        assert_eq!(queued[field], value, "{field}");
    }
    assert_eq!(money(&queued), ["8", "0", "0", "0", "8"]);
    assert_eq!(queued["runs"][0]["by"], "user:alice");
    assert_eq!(queued["links"]["page"], format!("/admin/jobs/{id}"));
    assert_eq!(queued["links"]["dead_letter"], json!(null));
    let line = &queued["ledger_lines"][0];
    assert_eq!(line["proof"], format!("/audit/events/{}/proof", line["position"]));
    assert_eq!((&line["run"], &line["spent"]), (&json!(1), &json!("8")));

    server.begin("alice", id).await;
    let running = story(&server, id).await;
    let attempt = &running["attempts"][0];
    assert_eq!((&running["status"], &running["state"]), (&json!("running"), &json!("a worker is making it")));
    assert_eq!([&attempt["outcome"], &attempt["worker"]], [&json!("running"), &json!("test")]);
    assert_eq!([&attempt["ended_at"], &attempt["milliseconds"]], [&json!(null), &json!(null)]);
    assert!(running["deadlines"]["claim_until"].is_string(), "{}", running["deadlines"]);
    assert_eq!(running["deadlines"]["provider_until"], json!(null));
}

#[tokio::test]
async fn what_a_provider_has_is_told_with_its_name_for_it_and_the_hold_it_is_paid_from() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = film(&alice).await;
    let id = bought.id();
    server.submit("alice", id).await;
    let held = story(&server, id).await;
    assert_eq!(money(&held), ["0", "10", "0", "0", "10"]);
    assert_eq!(held["money"]["cost_is"], "at_most");
    let attempt = &held["attempts"][0];
    assert_eq!([&attempt["provider"], &attempt["provider_request_id"]], ["simulated", "task"]);
    assert!(held["deadlines"]["provider_until"].is_string() && held["deadlines"]["claim_until"].is_null());
    assert!(held["state"].as_str().unwrap().contains("a provider has accepted"));

    // What it kept of a late cancel stays beside the next run.
    alice.order(&format!("/v1/generations/{id}/cancel")).await.expect(200);
    let cancelled = story(&server, id).await;
    assert_eq!(money(&cancelled), ["0", "0", "2.5", "0", "2.5"]);
    assert_eq!([&cancelled["money"]["kept"], &cancelled["money"]["released"]], ["2.5", "7.5"]);
    assert_eq!(cancelled["attempts"][0]["outcome"], "cancelled");
    assert!(cancelled["state"].as_str().unwrap().contains("a part of the price stays charged"));
    alice.order(&format!("/v1/generations/{id}/retry")).await.expect(202);
    let again = story(&server, id).await;
    assert_eq!(money(&again), ["0", "10", "2.5", "0", "12.5"]);
    assert_eq!(again["bought_at"], again["runs"][1]["queued_at"], "it was bought again");
    assert_ne!(again["bought_at"], again["created_at"]);
    server.succeed_with("alice", id, b"clip", Some(3_500)).await;
    let made = story(&server, id).await;
    assert_eq!(money(&made), ["0", "0", "9.5", "0", "9.5"]);
    server.verified(&["alice"]).await;
}

#[tokio::test]
async fn what_was_made_is_told_with_its_bytes_and_what_was_given_back_since() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let admin = server.admin();
    let bought = alice.buy("a fox").await;
    let id = bought.id();
    server.succeed("alice", id, b"0123456789").await;
    let made = story(&server, id).await;
    assert_eq!(money(&made), ["4", "0", "0", "0", "4"]);
    let output = &made["outputs"][0];
    assert_eq!([&output["bytes"], &output["content_type"]], [&json!(10), &json!("image/png")]);
    let url = output["url"].as_str().unwrap();
    let theirs = admin.get(url).await.expect(200);
    let hers = alice.get(&format!("/v1/generations/{id}/outputs/0")).await.expect(200);
    assert_eq!((&theirs.bytes, theirs.header("etag")), (&hers.bytes, hers.header("etag")));
    let part = admin.with("range", "bytes=2-4").get(url).await.expect(206);
    assert_eq!(part.bytes, b"234");
    alice.get(url).await.refused(403, "forbidden");
    admin.get(&format!("{}/outputs/1", path(id))).await.refused(404, "not_found");

    let refund = json!({ "job_id": id, "amount": "1.5", "reason": "blurred" });
    admin.post("/admin/accounts/alice/refunds", refund).await.expect(201);
    let refunded = story(&server, id).await;
    assert_eq!(money(&refunded), ["4", "0", "0", "1.5", "2.5"]);
    assert_eq!(refunded["status"], "succeeded");
    assert_eq!(kinds(&refunded).last(), Some(&"job.refunded"));
}

#[tokio::test]
async fn what_died_and_was_retried_and_made_keeps_its_story() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let admin = server.admin();
    let bought = server.dead("alice").await;
    let id = bought.id();
    let dead = story(&server, id).await;
    assert_eq!(money(&dead), ["4", "0", "0", "0", "4"]);
    assert_eq!(dead["links"]["dead_letter"], format!("/admin/dlq/messages/{id}"));
    let failed = &dead["attempts"][0];
    assert_eq!([&failed["outcome"], &failed["failure"]["code"]], ["failed", "provider_unavailable"]);
    assert_eq!(
        [&failed["failure"]["class"], &failed["failure"]["message"]],
        ["transient", "It did not work."]
    );
    assert_eq!(failed["failure"]["billed"], json!(null));

    server.caught_up().await;
    let order = json!({ "action": "retry", "ids": [id] });
    let done = admin.post("/admin/dlq/bulk-actions", order).await.expect(200);
    assert_eq!(done.body["done"], 1);
    server.kill("alice", id).await;
    server.caught_up().await;
    admin.order(&format!("/admin/dlq/messages/{id}/retry?run=2")).await.expect(202);
    server.succeed("alice", id, b"png").await;
    let made = story(&server, id).await;
    assert_eq!((&made["status"], &made["run"]), (&json!("succeeded"), &json!(3)));
    assert_eq!(money(&made), ["4", "0", "0", "0", "4"], "retries are free");
    let runs = made["runs"].as_array().unwrap();
    let ends: Vec<&Value> = runs.iter().map(|run| &run["ended"]).collect();
    assert_eq!(ends, ["dead", "dead", "succeeded"]);
    let paid: Vec<&Value> = runs.iter().map(|run| &run["charged"]).collect();
    assert_eq!(paid, [&json!("4"), &json!(null), &json!(null)]);
    let attempts = made["attempts"].as_array().unwrap();
    let tried: Vec<_> = attempts.iter().map(|attempt| (&attempt["run"], &attempt["outcome"])).collect();
    let expected = [json!(1), json!("failed"), json!(2), json!("failed"), json!(3), json!("succeeded")];
    assert_eq!(tried, expected.chunks(2).map(|pair| (&pair[0], &pair[1])).collect::<Vec<_>>());
    assert_eq!(made["bought_at"], made["created_at"], "the wait is from the purchase that was paid for");
    assert_eq!(made["links"]["dead_letter"], json!(null));
    admin.get(&format!("/admin/dlq/messages/{id}")).await.refused(404, "not_found");
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
}

/// An attempt whose worker fell silent is told apart from one that failed.
#[tokio::test]
async fn an_attempt_that_was_taken_over_is_told_as_that() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    let start = |lease_seconds| JobCommand::Start {
        worker: format!("worker-{lease_seconds}"),
        lease_seconds,
        policy: Default::default(),
        catalogue: std::sync::Arc::default(),
    };
    server.command("alice", bought.id(), start(0)).await;
    server.command("alice", bought.id(), start(60)).await;
    let told = story(&server, bought.id()).await;
    let outcomes: Vec<&Value> =
        told["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["outcome"]).collect();
    assert_eq!(outcomes, ["taken_over", "running"]);
}

#[tokio::test]
async fn what_ended_for_nothing_is_told_with_what_came_back() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let admin = server.admin();
    let discarded = server.dead("alice").await;
    server.caught_up().await;
    admin.delete(&format!("/admin/dlq/messages/{}?run=1", discarded.id())).await.expect(200);
    let cancelled = alice.buy("never mind").await;
    alice.order(&format!("/v1/generations/{}/cancel", cancelled.id())).await.expect(200);
    let failed = alice.buy("refused").await;
    server.fail("alice", failed.id()).await;
    let late = alice.buy("too late").await;
    server.command("alice", late.id(), JobCommand::Overdue { limit_seconds: 0 }).await;
    for (bought, status, state) in [
        (&discarded, "discarded", "it was given up and refunded"),
        (&cancelled, "cancelled", "it was stopped and refunded"),
        (&failed, "failed", "it failed for good and was refunded"),
        (&late, "failed", "it failed for good and was refunded"),
    ] {
        let told = story(&server, bought.id()).await;
        assert_eq!((&told["status"], &told["state"]), (&json!(status), &json!(state)));
        assert_eq!(money(&told), ["4", "0", "0", "4", "0"]);
    }
    let late = story(&server, late.id()).await;
    assert_eq!((&late["attempts"], kinds(&late)), (&json!([]), vec!["job.queued", "job.failed"]));
    assert_eq!(late["customer_reads"]["failure"]["code"], "queue_timeout");
}

/// What cannot come back, because the account is full, is still charged and said to wait.
#[tokio::test]
async fn a_refund_that_waits_is_told() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 4).await;
    let bought = alice.buy("x").await;
    let most = json!({ "amount": "1000000000000", "reason": "all there is" });
    server.admin().post("/admin/accounts/alice/grants", most).await.expect(201);
    alice.order(&format!("/v1/generations/{}/cancel", bought.id())).await.expect(200);
    let told = story(&server, bought.id()).await;
    assert_eq!(money(&told), ["4", "0", "0", "0", "4"]);
    assert_eq!(told["money"]["refund_waits"], true);
    assert!(told["state"].as_str().unwrap().contains("the account is full"), "{}", told["state"]);
}

/// The operator's sentence is in the attempt, the customer's in what the customer reads.
#[tokio::test]
async fn both_sentences_about_a_failure_are_told() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    server.fail_as("alice", bought.id(), FailureClass::Transient, "submit_unknown").await;
    let told = story(&server, bought.id()).await;
    assert_eq!(told["attempts"][0]["failure"]["message"], "It did not work.");
    let hers = told["customer_reads"]["failure"]["message"].as_str().unwrap();
    assert!(hers.contains("may have been made already"), "{hers}");
}

#[tokio::test]
async fn outputs_that_are_kept_no_longer_are_told_and_gone() {
    let kept = Duration::from_millis(1);
    let server = Server::start_as(Setup { keep_outputs: Some(kept), ..Setup::default() }).await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    server.succeed("alice", bought.id(), b"png").await;
    let told = story(&server, bought.id()).await;
    assert!(told["deadlines"]["outputs_until"].is_string());
    tokio::time::sleep(kept * 2).await;
    server.admin().get(told["outputs"][0]["url"].as_str().unwrap()).await.refused(410, "output_deleted");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    let (admin, id) = (server.admin(), bought.id());
    server.caught_up().await;
    let first = admin.get(&path(id)).await.expect(200);
    let etag = first.header("etag").unwrap();
    let shown: i64 = first.header("ledger-position").unwrap().parse().unwrap();
    assert_eq!(shown, server.newest_position().await, "the newest event that is told");
    let known = admin.with("if-none-match", etag);
    assert!(known.get(&path(id)).await.expect(304).bytes.is_empty());
    server.begin("alice", id).await;
    let changed = known.get(&path(id)).await.expect(200);
    assert_ne!(changed.header("etag"), Some(etag));
}

#[tokio::test]
async fn it_is_found_by_admins_alone() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    let position = bought.header("ledger-position").unwrap();
    let admin = server.admin();
    server.caught_up().await;
    admin.with("ledger-position", position).get(&path(bought.id())).await.expect(200);
    for other in [&alice, &server.auditor()] {
        other.get(&path(bought.id())).await.refused(403, "forbidden");
    }
    server.stranger().get(&path(bought.id())).await.refused(401, "unauthenticated");
    let unknown = admin.get(&path("019ab000-0000-7000-8000-000000000000")).await.refused(404, "not_found");
    assert!(unknown.body["detail"].as_str().unwrap().contains("no generation of this id"));
    let wrong = admin.get(&path("7")).await.refused(400, "parameter_invalid");
    assert_eq!(wrong.blamed(), ["id"]);
    let made_up = admin.with("ledger-position", "x").get(&path(bought.id())).await;
    assert_eq!(made_up.refused(400, "parameter_invalid").blamed(), ["Ledger-Position"]);
}

#[tokio::test]
async fn its_page_is_there_for_browsers() {
    let server = Server::start().await;
    let stranger = server.stranger().with("accept", BROWSER);
    let page = stranger.get("/admin/jobs/019ab000-0000-7000-8000-000000000000").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    stranger.get("/admin/jobs/a/b").await.expect(404);
    server.stranger().get("/admin/jobs/a/b").await.refused(404, "not_found");
}
