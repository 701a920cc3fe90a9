//! Workers that die or take turns, admins in between, and a log that cannot be told for a while.

use super::{GRANTS, all_are, change, endpoint, grant, ids, patient, stands, told};
use crate::receiver::{Receiver, Reply};
use crate::rig::{Rig, eventually};
use projections::hooks::{Change, Outcome};
use std::collections::BTreeSet;

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
