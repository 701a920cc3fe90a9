//! Nobody is told later because of somebody else.

use super::{
    GRANTS, all_are, change, count, deliveries, endpoint, grant, grant_each, ids, operator, patient, stands,
};
use crate::receiver::{Receiver, Reply};
use crate::rig::{Rig, eventually};
use projections::hooks::{self, Change, Outcome};
use std::collections::BTreeSet;
use uuid::Uuid;

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
