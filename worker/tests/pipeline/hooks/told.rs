//! What is told, how often it is tried, and who is told no longer.

use super::{
    GRANTS, account_of, all_are, change, deliveries, endpoint, grant, ids, operator, patient, stands, told,
};
use crate::receiver::{Receiver, Reply};
use crate::relay::append_unknown;
use crate::rig::{Rig, eventually};
use ledger::account::{AccountCommand, Grant};
use ledger::job::{JobCommand, Status};
use ledger::{Action, Credits, Position};
use projections::hooks::{self, Change, Outcome, Replay, Topic, Why};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use webhooks::StandardSecret;
use worker::{Hooks, Timings, WorkerOptions};

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_signed_and_in_order() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, secret) = endpoint(&rig, format!("{}/shop", shop.url), &Topic::ALL).await;
    let worker = rig.worker("one");
    let job = rig.queue_one("sim-image").await;
    rig.until(job, Status::Succeeded).await;
    let refused = rig.queue_one("sim-image-strict").await;
    rig.until(refused, Status::Failed).await;
    eventually("all of it is told", async || all_are(&rig, id, 4, Outcome::Delivered).await).await;
    worker.stop().await;

    let got = shop.got("/shop");
    let told: Vec<_> = got.iter().map(|got| got.json()["type"].as_str().unwrap().to_owned()).collect();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, ["credits.granted", "credits.refunded", "generation.failed", "generation.succeeded"]);
    let positions: Vec<_> = got.iter().map(|got| got.json()["data"]["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted(), "{told:?} {positions:?}");
    let key = StandardSecret::parse(&secret).unwrap();
    for got in &got {
        let timestamp = got.headers["webhook-timestamp"].parse().unwrap();
        assert_eq!(got.headers["webhook-signature"], key.sign(got.id(), timestamp, got.body.as_bytes()));
        assert_eq!(got.headers["content-type"], "application/json");
        assert_eq!(got.json()["data"]["user"], "alice");
    }
    let failed = got.iter().find(|got| got.json()["type"] == "generation.failed").unwrap().json();
    let data = &failed["data"];
    assert_eq!((&data["id"], &data["status"]), (&json!(refused), &json!("failed")));
    assert!(data["failure"]["message"].is_string() && data.get("prompt").is_none());
    let made = got.iter().find(|got| got.json()["type"] == "generation.succeeded").unwrap().json();
    let url = format!("/v1/generations/{job}/outputs/0");
    assert_eq!((&made["data"]["outputs"][0]["url"], &made["data"]["charged"]), (&json!(url), &json!("4")));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_sent_again_under_its_id_and_what_comes_after_it_waits() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    shop.answer(
        "/shop",
        [
            Reply::Status(500, ""),
            Reply::Status(302, "location: /elsewhere\r\n"),
            Reply::Status(429, "retry-after: 0\r\n"),
            Reply::Status(204, ""),
        ],
    );
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    grant(&rig, 2).await;
    let worker = rig.run(patient(&rig, "one"));
    eventually("all of it is told", async || all_are(&rig, id, 3, Outcome::Delivered).await).await;
    worker.stop().await;

    let (got, wanted) = (ids(&shop, "/shop"), told(&rig, id).await);
    assert_eq!(got, [0, 0, 0, 0, 1, 2].map(|place: usize| wanted[place].clone()));
    assert_eq!(shop.got("/elsewhere").len(), 0, "no redirect is followed");
    let first = &deliveries(&rig, id).await[0];
    assert_eq!((first.attempts, first.status, first.error.as_deref()), (4, Some(204), None));
    assert_eq!(stands(&rig, id).await.failing_since, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_often_enough_is_given_up_and_the_next_one_is_sent() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    shop.answer("/shop", [Reply::Status(302, "location: http://127.0.0.1:1/\r\n")]);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    grant(&rig, 1).await;
    let worker = rig.worker("one");
    eventually("both are given up", async || all_are(&rig, id, 2, Outcome::GivenUp).await).await;
    worker.stop().await;
    for told in deliveries(&rig, id).await {
        assert_eq!((told.attempts, told.status, told.error.as_deref()), (4, Some(302), Some("redirect")));
    }
    assert!(stands(&rig, id).await.failing_since.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_gone_is_disabled_and_is_told_all_that_it_missed_when_somebody_asks() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    shop.answer("/shop", [Reply::Status(410, ""), Reply::Status(200, "")]);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let (other, _) = endpoint(&rig, format!("{}/other", shop.url), &GRANTS).await;
    let worker = rig.worker("one");
    eventually("it is disabled", async || stands(&rig, id).await.disabled.is_some()).await;
    let disabled = stands(&rig, id).await.disabled.unwrap();
    assert_eq!(disabled.why, Why::Gone);
    assert_eq!(deliveries(&rig, id).await[0].outcome, Outcome::Waiting, "it lies before the replay");

    grant(&rig, 2).await;
    eventually("the other is told", async || all_are(&rig, other, 3, Outcome::Delivered).await).await;
    assert_eq!(deliveries(&rig, id).await.len(), 1, "what happens meanwhile is not for it");
    let enabled = change(&rig, id, Change { is_enabled: Some(true), ..Change::default() }).await;
    assert_eq!((enabled.disabled, enabled.failing_since, enabled.retry_at), (None, None, None));
    let client = operator(&rig).await;
    let until = deliveries(&rig, other).await[2].position.unwrap();
    let missed = Replay { after: disabled.position, until, with_delivered: false };
    assert!(hooks::replay(&**client, id, missed).await.unwrap().is_some());
    assert!(hooks::replay(&**client, id, missed).await.unwrap().is_none(), "one at a time");
    eventually("it is told what it missed", async || all_are(&rig, id, 3, Outcome::Delivered).await).await;

    // From the beginning, with what was delivered: the same messages once more.
    let before = ids(&shop, "/other");
    let whole = Replay { after: Position::START, until, with_delivered: true };
    hooks::replay(&**client, other, whole).await.unwrap().unwrap();
    eventually("all of it is told again", async || shop.got("/other").len() == 6).await;
    assert_eq!(ids(&shop, "/other"), [before.clone(), before].concat());
    eventually("the replay ends", async || stands(&rig, other).await.replay.is_none()).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_is_an_answer_and_holds_up_nothing() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    shop.answer("/shop", [Reply::Endless]);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    grant(&rig, 2).await;
    let worker = rig.run(patient(&rig, "one"));
    eventually("all of it is told", async || all_are(&rig, id, 3, Outcome::Delivered).await).await;
    worker.stop().await;
    assert_eq!(shop.got("/shop").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_what_is_not_public_unless_that_is_allowed() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let worker = rig.run(WorkerOptions { hooks: Hooks::default(), ..rig.options("one") });
    eventually("it is given up", async || all_are(&rig, id, 1, Outcome::GivenUp).await).await;
    worker.stop().await;
    assert_eq!(deliveries(&rig, id).await[0].error.as_deref(), Some("address_refused"));
    assert!(shop.reached().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_nothing_for_too_long_is_disabled() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    shop.answer("/shop", [Reply::Status(503, "")]);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let options = patient(&rig, "one");
    let timings = Timings { hook_patience: Duration::from_millis(200), ..options.timings };
    let worker = rig.run(WorkerOptions { timings, ..options });
    eventually("it is disabled", async || stands(&rig, id).await.disabled.is_some()).await;
    worker.stop().await;
    assert_eq!(stands(&rig, id).await.disabled.unwrap().why, Why::Failing);
    assert_eq!(deliveries(&rig, id).await[0].outcome, Outcome::Waiting, "it is sent once it is enabled");
}

/// Has the newest state of an account be as only a newer release would write it.
async fn outdate(rig: &Rig, user: &str, state: &str) {
    let copied = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, balance_after,
            payload, state, actor, request_id, occurred_at, prev_hash, hash)
        select account_id, stream_id, version + 1, gen_random_uuid(), type, schema_version, amount, balance_after, payload,
            $2::text::json, actor, request_id, occurred_at, hash, hash
        from events where account_id = $1 and stream_id = $1 order by version desc limit 1";
    let account = account_of(user).0;
    assert_eq!(rig.owner().await.execute(copied, &[&account, &state]).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_version_cannot_read_is_passed_over_and_the_rest_is_told() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &[Topic::GenerationCancelled]).await;
    let mut cancelled = Vec::new();
    // Of these accounts one says whose it is where this version looks for it, and one does not.
    for (user, state) in
        [("bob", r#"{"user":"bob","balance":{"of":"a later shape"}}"#), ("carol", r#"{"owner":"carol"}"#)]
    {
        let job_id = rig.queue_of(user, "scripted-image", 1).await[0];
        let _done =
            rig.execute_for(account_of(user), Action::Job { job_id, command: JobCommand::Cancel }).await;
        outdate(&rig, user, state).await;
        cancelled.push(job_id);
    }
    let own = rig.queue_one("scripted-image").await;
    rig.cancel(own).await;
    // What happens to a job after its end does not matter to that.
    append_unknown(&rig, own.0).await;
    let worker = rig.worker("one");
    eventually("the rest is told", async || all_are(&rig, id, 2, Outcome::Delivered).await).await;
    worker.stop().await;
    let got = shop.got("/shop");
    let told: BTreeSet<_> =
        got.iter().map(|got| ["id", "user"].map(|name| got.json()["data"][name].to_string())).collect();
    let expected = [(cancelled[0], "bob"), (own, "alice")];
    assert_eq!(
        told,
        expected.map(|(job, user)| [json!(job), json!(user)].map(|value| value.to_string())).into()
    );
}

/// Gives a user credits that last for so many days.
async fn grant_for(rig: &Rig, user: &str, days: i64) {
    let terms = Grant {
        expires_at: Some(chrono::Utc::now() + chrono::TimeDelta::days(days)),
        ..Grant::new(user.parse().unwrap(), Credits::whole(5).unwrap(), "for the test")
    };
    let _granted = rig.execute_for(account_of(user), Action::Account(AccountCommand::Grant(terms))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_that_will_be_gone_soon_are_told_once_after_all_that_happened_before() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let topics = [Topic::CreditsGranted, Topic::CreditsExpiring];
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &topics).await;
    let (other, _) = endpoint(&rig, format!("{}/other", shop.url), &GRANTS).await;
    grant_for(&rig, "alice", 3).await;
    grant_for(&rig, "alice", 30).await;
    let mut told = 4;
    // What is told of the others shows that it was looked for again, by this worker and by the next.
    for (name, user) in [("one", "bob"), ("two", "carol")] {
        let options = patient(&rig, name);
        let timings = Timings { foresee_every: Duration::from_millis(20), ..options.timings };
        let worker = rig.run(WorkerOptions { timings, ..options });
        eventually("all of it is told", async || all_are(&rig, id, told, Outcome::Delivered).await).await;
        grant_for(&rig, user, 3).await;
        told += 2;
        eventually("so is what came since", async || all_are(&rig, id, told, Outcome::Delivered).await).await;
        worker.stop().await;
    }
    let got: Vec<_> = shop.got("/shop").iter().map(crate::receiver::Got::json).collect();
    let of = |user: &str| {
        got.iter()
            .filter(|json| json["data"]["user"] == user)
            .map(|json| json["type"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("alice"), ["credits.granted", "credits.granted", "credits.granted", "credits.expiring"]);
    assert_eq!(of("bob"), ["credits.granted", "credits.expiring"]);
    assert!(all_are(&rig, other, 5, Outcome::Delivered).await, "it did not ask for it");
}
