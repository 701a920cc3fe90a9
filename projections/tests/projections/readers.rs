//! Reading what one has just written, and statements that Postgres accepts.

use crate::stage::{Stage, user};
use ledger::{Position, Role};
use projections::{
    STATEMENTS, balances, bulk, dead_letters, generation_list, generations, history, hooks, incidents,
    overview, pending, spending, usage, wait_for,
};
use std::time::Duration;
use tokio::time::Instant;

/// Every statement of this crate and of the ledger, by name.
pub(crate) fn statements() -> Vec<(&'static str, &'static str)> {
    [
        ledger::STATEMENTS,
        apikeys::STATEMENTS,
        STATEMENTS,
        balances::STATEMENTS,
        bulk::STATEMENTS,
        dead_letters::STATEMENTS,
        generation_list::STATEMENTS,
        generations::STATEMENTS,
        history::STATEMENTS,
        hooks::STATEMENTS,
        incidents::STATEMENTS,
        overview::STATEMENTS,
        pending::STATEMENTS,
        spending::STATEMENTS,
        usage::STATEMENTS,
    ]
    .concat()
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    let stage = Stage::new().await;
    let client = stage.owner().await;
    let mut names = std::collections::BTreeSet::new();
    for (name, sql) in statements() {
        assert!(names.insert(name), "{name} is there twice");
        client.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {}", ledger::error_chain(&error)));
    }
    assert!(names.len() > 40, "some statements are not listed");
}

#[tokio::test]
async fn a_reader_waits_for_its_own_write_and_sees_it() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let alice = user("alice");
    for wanted in 1..=50 {
        stage.grant(&alice, 1).await;
        let position = stage.newest().await;
        assert!(wait_for(&stage.pool, position, Duration::from_secs(30)).await.unwrap());
        let client = stage.pool.get().await.unwrap();
        let shown = balances::get(&**client, alice.account()).await.unwrap().unwrap();
        assert_eq!(shown.version, wanted);
    }
}

#[tokio::test]
async fn a_reader_gives_up_in_time_when_nobody_projects() {
    let stage = Stage::new().await;
    stage.grant(&user("alice"), 1).await;
    assert!(wait_for(&stage.pool, Position::START, Duration::ZERO).await.unwrap(), "nothing to wait for");
    let begun = Instant::now();
    let position = stage.newest().await;
    assert!(!wait_for(&stage.pool, position, Duration::from_millis(100)).await.unwrap());
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn readers_cannot_change_read_models() {
    let stage = Stage::new().await;
    let client = stage.database.connect(Role::Reader).await.unwrap();
    for table in ["account_balances", "dead_letters", "projection_checkpoints"] {
        assert!(client.batch_execute(&format!("delete from {table}")).await.is_err(), "{table}");
    }
}
