//! Much at once: pages of the log, replays, and what is kept for how long.

use super::{
    GRANTS, change, count, deliveries, endpoint, endpoint_after, grant, grant_each, grant_many, operator,
    patient,
};
use crate::receiver::{Receiver, Reply};
use crate::rig::{Rig, eventually};
use ledger::Position;
use projections::hooks::{self, Change, Outcome, Replay};
use uuid::Uuid;

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
