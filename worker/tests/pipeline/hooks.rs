//! Customers are told what happens: signed, in order for each account, again until it is taken, and nobody because of somebody else any
//! later.

use crate::receiver::{Receiver, Reply};
use crate::rig::{Rig, eventually};
use ledger::job::Status;
use ledger::{Action, Credits, Position, Role, UserId};
use projections::hooks::{self, Added, Change, Delivery, Endpoint, NewEndpoint, Outcome, Replay, Topic, Why};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;
use webhooks::StandardSecret;
use worker::{Hooks, Timings, WorkerOptions};

const GRANTS: [Topic; 1] = [Topic::CreditsGranted];

/// Makes an endpoint that is told all that the log says.
async fn endpoint(rig: &Rig, url: String, topics: &[Topic]) -> (Uuid, String) {
    let secret = StandardSecret::generate().unwrap();
    let new = NewEndpoint {
        id: Uuid::now_v7(),
        url,
        topics: topics.to_vec(),
        user: None,
        description: None,
        after: Position::START,
        secret: secret.clone(),
        actor: "admin:ops".into(),
        request_id: "test".into(),
        at: chrono::Utc::now(),
        idempotency: None,
    };
    let mut client = rig.database().pool(Role::Operator, 1).unwrap().get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    assert!(matches!(hooks::add(&transaction, &new).await.unwrap(), Added::Made(_)));
    transaction.commit().await.unwrap();
    (new.id, secret)
}

async fn stands(rig: &Rig, id: Uuid) -> Endpoint {
    hooks::get(&rig.reader().await, id).await.unwrap().unwrap()
}

/// The newest deliveries to an endpoint, oldest event first.
async fn deliveries(rig: &Rig, id: Uuid) -> Vec<Delivery> {
    let mut found = hooks::deliveries(&rig.reader().await, id, None, None, 1_000).await.unwrap();
    found.sort_by_key(|delivery| delivery.position);
    found
}

/// The ids of the messages to an endpoint, oldest event first.
async fn told(rig: &Rig, id: Uuid) -> Vec<String> {
    deliveries(rig, id).await.iter().map(|delivery| delivery.message_id.to_string()).collect()
}

/// The ids of what was sent to a path, in order.
fn ids(shop: &Receiver, path: &str) -> Vec<String> {
    shop.got(path).iter().map(|got| got.id().to_owned()).collect()
}

async fn all_are(rig: &Rig, id: Uuid, count: usize, outcome: Outcome) -> bool {
    let found = deliveries(rig, id).await;
    found.len() == count && found.iter().all(|delivery| delivery.outcome == outcome)
}

async fn grant(rig: &Rig, times: usize) {
    for _ in 0..times {
        let user = UserId::try_from("alice".to_owned()).unwrap();
        let _granted = rig.execute(Action::grant(user, Credits::whole(1).unwrap(), "for the test")).await;
    }
}

/// A worker that does not wait long for its customers' answers, nor gives them up soon.
fn patient(rig: &Rig, name: &str) -> WorkerOptions {
    let options = rig.options(name);
    let timings = Timings {
        hook: Duration::from_secs(120),
        hook_pauses: vec![Duration::from_millis(50); 50],
        ..options.timings
    };
    WorkerOptions { timings, ..options }
}

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
async fn whoever_is_gone_is_disabled_and_is_told_what_it_missed_when_somebody_asks() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    shop.answer("/shop", [Reply::Status(410, ""), Reply::Status(200, "")]);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let (other, _) = endpoint(&rig, format!("{}/other", shop.url), &GRANTS).await;
    let worker = rig.worker("one");
    eventually("it is disabled", async || stands(&rig, id).await.disabled.is_some()).await;
    let disabled = stands(&rig, id).await.disabled.unwrap();
    assert_eq!(disabled.why, Why::Gone);
    assert_eq!(deliveries(&rig, id).await[0].outcome, Outcome::GivenUp);

    grant(&rig, 2).await;
    eventually("the other is told", async || all_are(&rig, other, 3, Outcome::Delivered).await).await;
    assert_eq!(deliveries(&rig, id).await.len(), 1, "what happens meanwhile is not for it");
    let mut client = rig.database().pool(Role::Operator, 1).unwrap().get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let enable = Change { is_enabled: Some(true), ..Change::default() };
    let enabled = hooks::change(&transaction, id, &enable, chrono::Utc::now()).await.unwrap().unwrap();
    assert_eq!((enabled.disabled, enabled.failing_since), (None, None));
    transaction.commit().await.unwrap();
    let until = deliveries(&rig, other).await[2].position.unwrap();
    let missed = Replay { after: disabled.position, until, with_delivered: false };
    assert!(hooks::replay(&**client, id, missed).await.unwrap().is_some());
    assert!(hooks::replay(&**client, id, missed).await.unwrap().is_none(), "one at a time");
    eventually("it is told what it missed", async || {
        let found = deliveries(&rig, id).await;
        found.len() == 3 && found[1..].iter().all(|one| one.outcome == Outcome::Delivered)
    })
    .await;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_between_the_answer_and_its_note_loses_nothing() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    shop.answer("/shop", [Reply::Gate]);
    grant(&rig, 2).await;
    let before = rig.run(patient(&rig, "before"));
    eventually("the first is under way", async || shop.got("/shop").len() == 1).await;

    // Whoever would note the answer waits for this.
    let mut owner = rig.owner().await;
    let transaction = owner.transaction().await.unwrap();
    let lock = "select position from relay_checkpoints where relay = 'hooks' for update";
    let _held = transaction.query_one(lock, &[]).await.unwrap();
    shop.open_gate();
    eventually("the answer is there and not noted", async || {
        let waiting = "select count(*) from pg_locks where not granted";
        rig.reader().await.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    before.kill().await;
    transaction.rollback().await.unwrap();
    let after = rig.run(patient(&rig, "after"));
    eventually("all of it is told", async || all_are(&rig, id, 3, Outcome::Delivered).await).await;
    after.stop().await;

    let (got, wanted) = (ids(&shop, "/shop"), told(&rig, id).await);
    assert_eq!(got, [0, 0, 1, 2].map(|place: usize| wanted[place].clone()), "the first was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_send_each_message_once() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let workers = [rig.run(patient(&rig, "one")), rig.run(patient(&rig, "two"))];
    for user in ["bob", "carol", "dave"] {
        rig.queue_of(user, "sim-image", 1).await;
        grant(&rig, 5).await;
    }
    eventually("all of it is told", async || all_are(&rig, id, 19, Outcome::Delivered).await).await;
    for worker in workers {
        worker.stop().await;
    }
    let got = ids(&shop, "/shop");
    let once: BTreeSet<_> = got.iter().collect();
    assert_eq!((once.len(), got.len()), (19, 19));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_holds_up_nobody_else() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let mut last = Uuid::nil();
    for number in 0..200 {
        last = endpoint(&rig, format!("{}/{number}", shop.url), &GRANTS).await.0;
    }
    shop.answer("/7", [Reply::Silence]);
    shop.answer("/8", [Reply::Silence]);
    grant(&rig, 2).await;
    rig.queue_of("bob", "sim-image", 1).await;
    let worker = rig.run(patient(&rig, "one"));
    let all: BTreeSet<String> = (0..200).map(|number| format!("/{number}")).collect();
    eventually("everybody was sent something", async || shop.reached() == all).await;
    eventually("the others have all of it", async || {
        let waiting = "select count(*) from webhook_deliveries where outcome = 'waiting'";
        rig.reader().await.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 8
    })
    .await;
    assert!(all_are(&rig, last, 4, Outcome::Delivered).await);
    // Of each of the two accounts one message, to which nobody has answered yet.
    assert_eq!((shop.got("/7").len(), shop.got("/8").len()), (2, 2));
    worker.kill().await;
}
