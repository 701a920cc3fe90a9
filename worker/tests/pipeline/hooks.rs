//! Customers are told what happens: signed, in order for each account, again until it is taken, and nobody because of somebody else any
//! later.

use crate::receiver::{Receiver, Reply};
use crate::relay::append_unknown;
use crate::rig::{Rig, eventually};
use deadpool_postgres::Object;
use ledger::account::{AccountCommand, Grant};
use ledger::job::{JobCommand, Status};
use ledger::{AccountId, Action, Credits, Position, Role, UserId};
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
    endpoint_after(rig, url, topics, Position::START).await
}

async fn endpoint_after(rig: &Rig, url: String, topics: &[Topic], after: Position) -> (Uuid, String) {
    let secret = StandardSecret::generate().unwrap();
    let new = NewEndpoint {
        id: Uuid::now_v7(),
        url,
        topics: topics.to_vec(),
        user: None,
        description: None,
        after,
        secret: secret.clone(),
        actor: "admin:ops".into(),
        request_id: "test".into(),
        at: chrono::Utc::now(),
        idempotency: None,
    };
    let mut client = operator(rig).await;
    let transaction = client.transaction().await.unwrap();
    assert!(matches!(hooks::add(&transaction, &new).await.unwrap(), Added::Made(_)));
    transaction.commit().await.unwrap();
    (new.id, secret)
}

/// Whoever does what the API does.
async fn operator(rig: &Rig) -> Object {
    rig.database().pool(Role::Operator, 1).unwrap().get().await.unwrap()
}

async fn change(rig: &Rig, id: Uuid, change: Change) -> Endpoint {
    let mut client = operator(rig).await;
    let transaction = client.transaction().await.unwrap();
    let changed = hooks::change(&transaction, id, &change, chrono::Utc::now()).await.unwrap().unwrap();
    transaction.commit().await.unwrap();
    changed
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

/// Gives credits so many times, to fifty users in turn.
async fn grant_many(rig: &Rig, times: usize) {
    let users: Vec<String> = (0..times).map(|number| format!("user-{}", number % 50)).collect();
    grant_each(rig, &users.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// How many deliveries there are of which this holds.
async fn count(rig: &Rig, condition: &str) -> i64 {
    let query = format!("select count(*) from webhook_deliveries where {condition}");
    rig.reader().await.query_one(&query, &[]).await.unwrap().get(0)
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
async fn two_workers_of_which_one_stops_send_each_message_once() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let one = rig.run(patient(&rig, "one"));
    eventually("one sends", async || shop.got("/shop").len() == 1).await;
    let other = rig.run(patient(&rig, "two"));
    for user in ["bob", "carol", "dave"] {
        rig.queue_of(user, "sim-image", 1).await;
        grant(&rig, 5).await;
    }
    one.stop().await;
    eventually("all of it is told", async || all_are(&rig, id, 19, Outcome::Delivered).await).await;
    other.stop().await;
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
    eventually("the others have all of it", async || count(&rig, "outcome = 'waiting'").await == 8).await;
    assert!(all_are(&rig, last, 4, Outcome::Delivered).await);
    // Of each of the two accounts one message, to which nobody has answered yet.
    assert_eq!((shop.got("/7").len(), shop.got("/8").len()), (2, 2));
    worker.kill().await;
}

fn account_of(user: &str) -> AccountId {
    UserId::try_from(user.to_owned()).unwrap().account()
}

/// Gives each of these users credits once.
async fn grant_each(rig: &Rig, users: &[&str]) {
    for user in users {
        let grant = Action::grant(user.parse().unwrap(), Credits::whole(1).unwrap(), "for the test");
        let _granted = rig.execute_for(account_of(user), grant).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_its_time_holds_up_nobody_else_however_much_waits_for_it() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    for number in 0..150 {
        endpoint(&rig, format!("{}/slow-{number}", shop.url), &GRANTS).await;
        shop.answer(&format!("/slow-{number}"), [Reply::Silence]);
    }
    grant_each(&rig, &["bob", "carol", "dave"]).await;
    let worker = rig.run(patient(&rig, "one"));
    let under_way = async || (0..150).map(|number| shop.got(&format!("/slow-{number}")).len()).sum::<usize>();
    eventually("the slow ones have all the places that they are given", async || under_way().await >= 512)
        .await;
    let (prompt, _) = endpoint(&rig, format!("{}/prompt", shop.url), &GRANTS).await;
    grant(&rig, 1).await;
    eventually("the other is told", async || all_are(&rig, prompt, 1, Outcome::Delivered).await).await;
    assert_eq!(count(&rig, "outcome <> 'waiting'").await, 1, "nobody else has answered yet");
    worker.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_is_left_alone_with_all_that_waits_for_it_until_it_is_tested() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let (other, _) = endpoint(&rig, format!("{}/other", shop.url), &GRANTS).await;
    shop.answer("/shop", [Reply::Status(429, "retry-after: 3600\r\n"), Reply::Status(200, "")]);
    let worker = rig.run(patient(&rig, "one"));
    eventually("it rests", async || stands(&rig, id).await.retry_at.is_some()).await;
    let rests = stands(&rig, id).await.retry_at.unwrap() - chrono::Utc::now();
    assert!(rests > chrono::TimeDelta::minutes(58), "{rests}");
    grant_each(&rig, &["bob", "carol", "dave", "erin"]).await;
    eventually("the other is told", async || all_are(&rig, other, 5, Outcome::Delivered).await).await;
    let due = "next_at <= now() and outcome = 'waiting'";
    eventually("all but the first are due", async || count(&rig, due).await == 4).await;
    assert_eq!(shop.got("/shop").len(), 1, "other messages are not tried in place of the first");

    let client = operator(&rig).await;
    let said = ("webhook.test", "{}");
    let test =
        hooks::send_test(&**client, id, Uuid::now_v7(), said, chrono::Utc::now()).await.unwrap().unwrap();
    eventually("the test is sent", async || shop.got("/shop").len() > 1).await;
    assert_eq!(ids(&shop, "/shop")[1], test.message_id.to_string(), "before all that waits");
    eventually("what waited for no pause of its own is told", async || {
        let found = deliveries(&rig, id).await;
        found.iter().filter(|one| one.outcome == Outcome::Delivered).count() == 5
    })
    .await;
    let moved = Change { url: Some(format!("{}/moved", shop.url)), ..Change::default() };
    change(&rig, id, moved).await;
    eventually("the first goes to the new address", async || all_are(&rig, id, 6, Outcome::Delivered).await)
        .await;
    assert_eq!(shop.got("/moved").len(), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_by_hand_is_sent_now_whatever_else_waits_and_rests() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let busy = Reply::Status(429, "retry-after: 3600\r\n");
    shop.answer("/shop", [Reply::Status(200, ""), busy, Reply::Status(200, "")]);
    let worker = rig.run(patient(&rig, "one"));
    eventually("the first is told", async || all_are(&rig, id, 1, Outcome::Delivered).await).await;
    grant_each(&rig, &["bob"]).await;
    eventually("it rests", async || stands(&rig, id).await.retry_at.is_some()).await;
    grant_each(&rig, &["carol"]).await;
    eventually("another waits", async || count(&rig, "next_at <= now() and outcome = 'waiting'").await == 1)
        .await;
    assert_eq!(shop.got("/shop").len(), 2);
    let first = deliveries(&rig, id).await.into_iter().find(|one| one.outcome == Outcome::Delivered).unwrap();
    let client = operator(&rig).await;
    let ordered = hooks::redeliver(&**client, id, first.message_id, chrono::Utc::now()).await.unwrap();
    assert!(ordered.unwrap().next_at.is_some());
    eventually("it is sent", async || shop.got("/shop").len() > 2).await;
    assert_eq!(ids(&shop, "/shop")[2], first.message_id.to_string(), "before all that waits");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_old_address_answers_is_not_held_against_the_new_one() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/old", shop.url), &GRANTS).await;
    shop.answer("/old", [Reply::GateThen(410)]);
    let worker = rig.run(patient(&rig, "one"));
    eventually("it is under way", async || shop.got("/old").len() == 1).await;
    change(&rig, id, Change { url: Some(format!("{}/new", shop.url)), ..Change::default() }).await;
    shop.open_gate();
    eventually("the new address has it", async || all_are(&rig, id, 1, Outcome::Delivered).await).await;
    worker.stop().await;
    let stands = stands(&rig, id).await;
    assert_eq!((stands.disabled, stands.failing_since), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_notes_an_answer_waits_for_an_admin_before_it_locks_what_the_admin_changes_next() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    shop.answer("/shop", [Reply::GateThen(500), Reply::Status(200, "")]);
    let worker = rig.run(patient(&rig, "one"));
    eventually("it is under way", async || shop.got("/shop").len() == 1).await;
    let mut owner = rig.owner().await;
    let transaction = owner.transaction().await.unwrap();
    let endpoint = "select id from webhook_endpoints where id = $1 for update";
    let _held = transaction.query_one(endpoint, &[&id]).await.unwrap();
    shop.open_gate();
    eventually("the answer is there and not noted", async || {
        let waiting = "select count(*) from pg_locks where not granted";
        rig.reader().await.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    let deliveries = "select message_id from webhook_deliveries where endpoint = $1 for update nowait";
    assert_eq!(transaction.query(deliveries, &[&id]).await.unwrap().len(), 1, "nobody else has it");
    transaction.commit().await.unwrap();
    eventually("it is told", async || all_are(&rig, id, 1, Outcome::Delivered).await).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_outlives_a_log_that_cannot_be_told() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    shop.answer("/shop", [Reply::Gate]);
    let worker = rig.run(patient(&rig, "one"));
    eventually("the first is under way", async || shop.got("/shop").len() == 1).await;

    // From now on nothing more can be written down for endpoints; each attempt is counted.
    let failing = "create sequence attempts; grant all on sequence attempts to public;
        alter table webhook_deliveries add constraint full_up check (nextval('attempts') < 0) not valid";
    let owner = rig.owner().await;
    owner.batch_execute(failing).await.unwrap();
    grant(&rig, 1).await;
    let attempts = "select case when is_called then last_value else 0 end from attempts";
    eventually("it fails again and again", async || {
        owner.query_one(attempts, &[]).await.unwrap().get::<_, i64>(0) >= 4
    })
    .await;
    assert_eq!(shop.got("/shop").len(), 1, "what is under way is not sent anew");
    owner.batch_execute("alter table webhook_deliveries drop constraint full_up").await.unwrap();
    shop.open_gate();
    eventually("all of it is told", async || all_are(&rig, id, 2, Outcome::Delivered).await).await;
    worker.stop().await;
    assert_eq!(shop.got("/shop").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_are_written_down_in_parts() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    for number in 0..12 {
        endpoint(&rig, format!("{}/{number}", shop.url), &GRANTS).await;
        shop.answer(&format!("/{number}"), [Reply::Silence]);
    }
    grant_many(&rig, 499).await;
    let worker = rig.run(patient(&rig, "one"));
    eventually("all of it is written down", async || count(&rig, "true").await == 6_000).await;
    worker.kill().await;
    let parts = "select max(part.messages) from (select count(*) as messages from webhook_deliveries group by created_at) part";
    let largest: i64 = rig.reader().await.query_one(parts, &[]).await.unwrap().get(0);
    assert!(largest <= 5_000, "{largest} in one transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_take_turns_and_what_is_new_does_not_wait_for_them() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    grant_many(&rig, 1_199).await;
    let newest = "select max(position) from events";
    let until = Position(rig.reader().await.query_one(newest, &[]).await.unwrap().get(0));
    let client = operator(&rig).await;
    let mut replaying = Vec::new();
    for number in 0..3 {
        let (id, _) = endpoint_after(&rig, format!("{}/{number}", shop.url), &GRANTS, until).await;
        shop.answer(&format!("/{number}"), [Reply::Silence]);
        let whole = Replay { after: Position::START, until, with_delivered: false };
        hooks::replay(&**client, id, whole).await.unwrap().unwrap();
        replaying.push(id);
    }
    grant_each(&rig, &["bob"]).await;
    let worker = rig.run(patient(&rig, "one"));
    eventually("all of it is written down", async || count(&rig, "true").await == 3 * 1_201).await;
    worker.kill().await;
    let order = "select endpoint, min(created_at) as first, max(created_at) as last from webhook_deliveries
        where position <= $1 group by endpoint";
    let rows = rig.reader().await.query(order, &[&until.0]).await.unwrap();
    let of = |column| rows.iter().map(|row| row.get(column)).collect::<Vec<chrono::DateTime<chrono::Utc>>>();
    let (first, last) = (of("first"), of("last"));
    let over = last.iter().min().unwrap();
    assert!(first.iter().max().unwrap() < over, "each had its turn before any was over");
    let new = "select max(created_at) from webhook_deliveries where position > $1";
    let new: chrono::DateTime<chrono::Utc> =
        rig.reader().await.query_one(new, &[&until.0]).await.unwrap().get(0);
    assert!(new < *over, "what is new is told first");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_as_long_as_things_are_kept_is_given_up_and_what_is_told_again_waits_anew() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let asleep = Change { is_enabled: Some(false), ..Change::default() };
    shop.answer("/shop", [Reply::Status(503, "")]);
    grant(&rig, 2).await;
    let worker = rig.run(patient(&rig, "one"));
    eventually("it waits", async || count(&rig, "outcome = 'waiting' and attempts > 0").await == 1).await;
    worker.stop().await;
    change(&rig, id, asleep).await;
    // The first has waited for long; so has the second, but it was told again.
    let owner = rig.owner().await;
    let aged = "update webhook_deliveries set created_at = created_at - interval '40 days',
        waits_since = waits_since - case when next_at is null then interval '0' else interval '40 days' end";
    owner.execute(aged, &[]).await.unwrap();
    let worker = rig.run(patient(&rig, "one"));
    eventually("it is given up", async || count(&rig, "outcome = 'given_up'").await == 1).await;
    worker.stop().await;
    let found = deliveries(&rig, id).await;
    assert_eq!((found[0].outcome, found[0].error.as_deref()), (Outcome::GivenUp, Some("too_old")));
    assert!(found[1].next_at.is_some() && found[2].outcome == Outcome::Waiting, "the next one has its turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_taken_away_just_now_is_kept_for_those_who_have_looked_it_up() {
    let (rig, shop) = (Rig::start().await, Receiver::start().await);
    let (id, _) = endpoint(&rig, format!("{}/shop", shop.url), &GRANTS).await;
    let (older, _) = endpoint(&rig, format!("{}/older", shop.url), &GRANTS).await;
    for (id, hours) in [(id, 0), (older, 2)] {
        let mut client = operator(&rig).await;
        let transaction = client.transaction().await.unwrap();
        let at = chrono::Utc::now() - chrono::TimeDelta::hours(hours);
        assert!(hooks::delete(&transaction, id, at).await.unwrap());
        transaction.commit().await.unwrap();
    }
    let worker = rig.worker("one");
    let left = async || {
        let left = rig.reader().await.query("select id from webhook_endpoints", &[]).await.unwrap();
        left.iter().map(|row| row.get::<_, Uuid>(0)).collect::<Vec<_>>()
    };
    eventually("the older one is gone", async || left().await.len() == 1).await;
    assert_eq!(left().await, [id]);
    worker.stop().await;
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
