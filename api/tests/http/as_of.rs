//! Time travel: balance, lots and holds as they were at an instant or right after a position of the log.

use crate::support::{Server, account};
use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use ledger::account::{AccountCommand, Grant};
use ledger::{Action, Actor, Command, Context, Credits, Outcome, read};
use serde_json::Value;
use std::time::Duration;

async fn ask(server: &Server, command: AccountCommand) -> Outcome {
    let context = Context { actor: Actor::Admin("ops".into()), request_id: "r".into(), causation_id: None };
    let action = Action::Account(command);
    let command = Command { account: account("alice"), context, idempotency: None, action };
    server.ledger.execute(command).await.unwrap()
}

fn amount(text: &str) -> Credits {
    text.parse().unwrap()
}

fn grant(credits: &str) -> Grant {
    Grant::new("alice".parse().unwrap(), amount(credits), "for a test")
}

/// As it stands in a query.
fn at(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// When each of alice's events happened, and at which position.
async fn moments(server: &Server) -> Vec<(DateTime<Utc>, i64)> {
    let client = server.pool.get().await.unwrap();
    let events = read::account_events(&**client, account("alice"), 0, i64::MAX, 1_000).await.unwrap();
    events.iter().map(|event| (event.occurred_at, event.position.0)).collect()
}

fn figures(body: &Value) -> (&str, &str) {
    (body["available"].as_str().unwrap(), body["held"].as_str().unwrap())
}

#[tokio::test]
async fn an_account_is_seen_as_it_was_after_each_of_its_events() {
    let server = Server::start().await;
    ask(&server, AccountCommand::Grant(grant("100"))).await;
    let hold = AccountCommand::Hold { amount: amount("30"), reason: "a call".into(), expires_at: None };
    let held = ask(&server, hold).await.account.unwrap().holds[0].hold;
    server.rich_user("bob", 5).await;
    ask(&server, AccountCommand::Capture { hold: held, amount: amount("10") }).await;
    let (alice, admin) = (server.user("alice"), server.admin());
    let expected = [("100", "0"), ("70", "30"), ("90", "0")];
    for ((instant, position), expected) in moments(&server).await.into_iter().zip(expected) {
        for moment in [at(instant), position.to_string()] {
            let seen = alice.get(&format!("/v1/credits?as_of={moment}")).await.expect(200);
            assert_eq!(figures(&seen.body), expected, "{moment}");
            let seen = admin.get(&format!("/admin/accounts/alice?as_of={moment}")).await.expect(200);
            assert_eq!(figures(&seen.body), expected, "{moment}");
        }
    }
    let (first, _) = moments(&server).await[0];
    let before = at(first - TimeDelta::microseconds(1));
    let nothing = alice.get(&format!("/v1/credits?as_of={before}")).await.expect(200);
    assert_eq!(figures(&nothing.body), ("0", "0"));
    assert_eq!(nothing.body["lots"], serde_json::json!([]));
    let nothing = admin.get(&format!("/admin/accounts/alice?as_of={before}")).await.expect(200);
    assert_eq!(figures(&nothing.body), ("0", "0"));
    admin.get(&format!("/admin/accounts/nobody?as_of={before}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_position_of_somebody_elses_event_is_a_moment_for_admins_only() {
    let server = Server::start().await;
    ask(&server, AccountCommand::Grant(grant("100"))).await;
    server.rich_user("bob", 5).await;
    ask(&server, AccountCommand::Grant(grant("11"))).await;
    let [(_, first), (_, last)] = moments(&server).await[..] else { panic!("two grants") };
    assert_eq!(last, first + 2);
    let (bobs, nobodys) = (first + 1, last + 1);
    let seen = server.admin().get(&format!("/admin/accounts/alice?as_of={bobs}")).await.expect(200);
    assert_eq!(figures(&seen.body), ("100", "0"));
    let alice = server.user("alice").with("x-request-id", "same");
    let refused = alice.get(&format!("/v1/credits?as_of={bobs}")).await.refused(422, "validation_failed");
    let missing = alice.get(&format!("/v1/credits?as_of={nobodys}")).await.refused(422, "validation_failed");
    assert_eq!(refused.body, missing.body, "nothing tells them apart");
    assert_eq!(refused.blamed(), ["as_of"]);
    let nobody = server.user("nobody").get(&format!("/v1/credits?as_of={first}")).await;
    nobody.refused(422, "validation_failed");
}

#[tokio::test]
async fn a_user_looks_back_at_every_event_of_its_own_and_at_what_its_writes_answered() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    server.rich_user("bob", 100).await.buy("a bear").await;
    let bought = alice.buy("a fox").await;
    let batch = serde_json::json!({ "items": [{ "model": "sim-image", "prompt": "x" }] });
    let batch = alice.post("/v1/generations/batch", batch).await.expect(202);
    let cancelled = alice.order(&format!("/v1/generations/{}/cancel", bought.id())).await.expect(200);
    let retried = alice.order(&format!("/v1/generations/{}/retry", bought.id())).await.expect(202);
    for (written, available) in [(bought, "96"), (batch, "92"), (cancelled, "96"), (retried, "92")] {
        let position = written.header("ledger-position").unwrap();
        let seen = alice.get(&format!("/v1/credits?as_of={position}")).await.expect(200);
        assert_eq!(figures(&seen.body), (available, "0"), "{position}");
    }
    let events = server.auditor().get("/audit/events?user=alice&limit=100").await.expect(200);
    let of_jobs = events.items().iter().filter(|event| event["type"].as_str().unwrap().starts_with("job."));
    assert_eq!((of_jobs.count(), events.items().len()), (4, 9));
    for event in events.items() {
        alice.get(&format!("/v1/credits?as_of={}", event["position"])).await.expect(200);
    }
}

/// Written by a newer release. The event alone is not needed for the answer, the state that stands beside it is.
#[tokio::test]
async fn an_event_that_cannot_be_read_is_a_moment_and_a_state_that_cannot_is_named() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let client = server.pool.get().await.unwrap();
    let of_job = r#"
        insert into events (account_id, stream_id, version, event_id, type, schema_version, job_id, payload, actor,
            request_id, occurred_at, prev_hash, hash)
        values ($1, $2, 1, gen_random_uuid(), 'job.paused', 1, $2, '{"type":"job.paused"}', 'system:test', 'r', now(),
            '', '')
        returning position"#;
    let row = client.query_one(of_job, &[&account("alice").0, &uuid::Uuid::now_v7()]).await.unwrap();
    let position: i64 = row.get(0);
    let seen = alice.get(&format!("/v1/credits?as_of={position}")).await.expect(200);
    assert_eq!(figures(&seen.body), ("100", "0"));
    let of_account = r#"
        insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, balance_after,
            payload, state, actor, request_id, occurred_at, prev_hash, hash)
        values ($1, $1, 2, gen_random_uuid(), 'credits.lent', 1, 1, 101, '{"type":"credits.lent"}',
            '{"kept":"otherwise"}', 'system:test', 'r', now(), '', '')
        returning position"#;
    let row = client.query_one(of_account, &[&account("alice").0]).await.unwrap();
    let position: i64 = row.get(0);
    let (admin, named) = (server.admin(), format!("position {position} "));
    for refused in [
        alice.get(&format!("/v1/credits?as_of={position}")).await,
        admin.get(&format!("/admin/accounts/alice?as_of={position}")).await,
    ] {
        let refused = refused.refused(422, "event_unreadable");
        assert!(refused.body["detail"].as_str().unwrap().contains(&named), "{}", refused.body);
        assert_eq!(refused.blamed(), ["as_of"]);
    }
    let before = alice.get(&format!("/v1/credits?as_of={}", position - 1)).await.expect(200);
    assert_eq!(figures(&before.body), ("100", "0"));
}

#[tokio::test]
async fn what_had_lapsed_is_gone_and_what_had_not_begun_is_pending() {
    let server = Server::start().await;
    let end = (Utc::now() + TimeDelta::milliseconds(1_500)).trunc_subsecs(3);
    ask(&server, AccountCommand::Grant(grant("100"))).await;
    ask(&server, AccountCommand::Grant(Grant { expires_at: Some(end), ..grant("40") })).await;
    ask(&server, AccountCommand::Grant(Grant { effective_at: Some(end), ..grant("7") })).await;
    let granted = moments(&server).await[2].0;
    let alice = server.user("alice");
    let before = alice.get(&format!("/v1/credits?as_of={}", at(granted))).await.expect(200);
    assert_eq!(figures(&before.body), ("140", "0"));
    assert_eq!(before.body["pending"], "7");
    assert_eq!(before.body["lots"].as_array().unwrap().len(), 3);
    // The clock has to pass the end; nothing writes the expiry down.
    tokio::time::sleep((end + TimeDelta::milliseconds(5) - Utc::now()).to_std().unwrap_or(Duration::ZERO))
        .await;
    let after = alice.get(&format!("/v1/credits?as_of={}", at(end))).await.expect(200);
    assert_eq!(figures(&after.body), ("107", "0"));
    assert_eq!(after.body["pending"], "0");
    assert_eq!(after.body["lots"].as_array().unwrap().len(), 2);
    assert_eq!(server.log_length().await, 3);
    // Written down at last, it is what it was.
    ask(&server, AccountCommand::Lapse).await;
    assert_eq!(server.log_length().await, 4);
    let now = alice.get("/v1/credits").await.expect(200);
    assert_eq!(figures(&now.body), ("107", "0"));
    let then = alice.get(&format!("/v1/credits?as_of={}", at(end))).await.expect(200);
    assert_eq!(then.body, after.body);
    let before_end = at(end - TimeDelta::milliseconds(1));
    let earlier = alice.get(&format!("/v1/credits?as_of={before_end}")).await.expect(200);
    assert_eq!(figures(&earlier.body), ("140", "0"));
}

#[tokio::test]
async fn a_moment_that_was_not_yet_is_refused_by_name() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 10).await;
    let tomorrow = at(Utc::now() + TimeDelta::days(1));
    for moment in [tomorrow.as_str(), "2", "9223372036854775807", "0"] {
        let refused = alice.get(&format!("/v1/credits?as_of={moment}")).await;
        assert_eq!(refused.refused(422, "validation_failed").blamed(), ["as_of"], "{moment}");
        let refused = server.admin().get(&format!("/admin/accounts/alice?as_of={moment}")).await;
        assert_eq!(refused.refused(422, "validation_failed").blamed(), ["as_of"], "{moment}");
    }
    for moment in ["yesterday", "2026-01-31", "-1", "1.5", ""] {
        let refused = alice.get(&format!("/v1/credits?as_of={moment}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["as_of"], "{moment}");
    }
}
