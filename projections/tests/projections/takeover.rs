//! Projectors that die, sleep, meet each other or lose their connections: the rows come out the same.

use crate::stage::{PATIENCE, Stage, user};
use crate::story::Story;
use embedded::testing::ChaosProxy;
use projections::{compare_with_replay, wait_for};
use std::time::Duration;

#[tokio::test]
async fn a_projector_with_a_stale_fencing_number_cannot_write() {
    let stage = Stage::new().await;
    let alice = user("alice");
    stage.grant(&alice, 1).await;
    let _projector = stage.project("sleeper", 5_000);
    stage.applied().await;
    // What a new holder of the lease does first, while this one believes that it still holds it.
    let claim = "update projection_checkpoints set fencing = 1000";
    stage.owner().await.batch_execute(claim).await.unwrap();
    stage.grant(&alice, 1).await;
    let position = stage.newest().await;
    assert!(!wait_for(&stage.pool, position, Duration::from_millis(700)).await.unwrap());
    assert_eq!(stage.number("select version from account_balances").await, 1, "nothing was written");
    stage.owner().await.batch_execute("update projection_checkpoints set fencing = 0").await.unwrap();
    stage.applied().await;
    assert_eq!(stage.number("select version from account_balances").await, 2);
}

#[tokio::test]
async fn two_projectors_have_one_effect() {
    let stage = Stage::new().await;
    let _projectors = [stage.project("one", 3), stage.project("two", 3)];
    Story::tell(&stage).await;
    stage.applied().await;
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
    assert_eq!(stage.number("select count(*) from leases where name = 'projector'").await, 1);
}

#[tokio::test]
async fn when_one_projector_stops_the_next_goes_on_where_it_was() {
    let stage = Stage::new().await;
    let first = stage.project("one", 5_000);
    let story = Story::tell(&stage).await;
    stage.applied().await;
    let _second = stage.project("two", 5_000);
    drop(first);
    stage.succeed(&story.alice, story.queued).await;
    stage.applied().await;
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
    assert_eq!(stage.number("select fencing from leases where name = 'projector'").await, 2);
}

#[tokio::test]
async fn cut_connections_lose_and_repeat_nothing() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 2);
    let telling = Story::tell(&stage);
    tokio::pin!(telling);
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name = 'cooly-projector' and datname = current_database()";
    let mut cuts = 0;
    loop {
        tokio::select! {
            _ = &mut telling => break,
            cut = stage.number(cut) => cuts += cut,
        }
    }
    cuts += stage.number(cut).await;
    assert!(cuts > 0, "nothing was cut");
    stage.applied().await;
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
}

#[tokio::test]
async fn a_projector_without_a_database_goes_on_when_it_is_back() {
    let stage = Stage::new().await;
    let proxy = ChaosProxy::in_front_of(&stage.url).await;
    let _projector = stage.project_through(&proxy.url_for(&stage.url), "one", 5_000);
    stage.grant(&user("alice"), 1).await;
    stage.applied().await;
    proxy.cut();
    stage.grant(&user("alice"), 1).await;
    let position = stage.newest().await;
    assert!(!wait_for(&stage.pool, position, Duration::from_millis(300)).await.unwrap());
    proxy.restore();
    assert!(wait_for(&stage.pool, position, PATIENCE).await.unwrap());
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
}
