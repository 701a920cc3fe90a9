//! Replayed = live: whatever the batches, after rebuilds, and told exactly when it is not so.

use crate::lot_story::LotStory;
use crate::stage::{PATIENCE, Stage, user};
use crate::story::Story;
use projections::{Difference, Error, ReadModel, compare_with_replay, rebuild};
use std::sync::atomic::{AtomicBool, Ordering};

async fn differences(stage: &Stage) -> Vec<Difference> {
    compare_with_replay(&stage.database, |_, _| {}).await.unwrap()
}

#[tokio::test]
async fn the_size_of_batches_does_not_show_in_the_rows() {
    for batch in [1, 2, 3, 7, 5_000] {
        let stage = Stage::new().await;
        Story::tell(&stage).await;
        LotStory::tell(&stage).await;
        stage.catch_up(batch).await;
        assert_eq!(differences(&stage).await, [], "in batches of {batch}");
        assert_eq!(stage.number("select count(*) from generations").await, 10 + 6);
    }
}

#[tokio::test]
async fn every_read_model_is_rebuilt_while_it_is_written_and_read() {
    let stage = Stage::new().await;
    Story::tell(&stage).await;
    LotStory::tell(&stage).await;
    let _projector = stage.project("live", 5_000);
    stage.applied().await;
    let before = shape(&stage).await;
    let (done, alice) = (AtomicBool::new(false), user("carol"));
    stage.grant(&alice, 1_000_000).await;
    let writing = async {
        let mut jobs = 0;
        while !done.load(Ordering::Relaxed) {
            let job = stage.queue(&alice, "sim-image").await;
            stage.succeed(&alice, job).await;
            jobs += 1;
        }
        jobs
    };
    let rebuilding = async {
        for model in ReadModel::ALL {
            let mut told = Vec::new();
            rebuild(&stage.database, model, |at, goal| told.push((at, goal))).await.unwrap();
            assert!(told.iter().all(|(at, goal)| at <= goal), "{told:?}");
        }
        done.store(true, Ordering::Relaxed);
    };
    let (jobs, ()) = tokio::join!(writing, rebuilding);
    assert!(jobs > 0, "nothing was written meanwhile");
    stage.applied().await;
    assert_eq!(differences(&stage).await, []);
    assert_eq!(shape(&stage).await, before, "names, comments and grants stay");
}

/// Constraints, indexes, comments, owners and grants of all tables.
async fn shape(stage: &Stage) -> Vec<String> {
    let query = "
        select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            from pg_constraint where connamespace = 'public'::regnamespace
        union all select indexdef || coalesce(obj_description(indexname::regclass), '')
            from pg_indexes where schemaname = 'public'
        union all select relname || ' ' || relowner::regrole || ' ' || coalesce(obj_description(oid), '') ||
                (select string_agg(acl::text, ',' order by acl::text) from unnest(relacl) as acl)
            from pg_class where relnamespace = 'public'::regnamespace and relacl is not null
        union all select 'column ' || table_name || column_name || data_type || coalesce(collation_name, '') || is_nullable
            from information_schema.columns where table_schema = 'public'
        union all select 'schema ' || nspname from pg_namespace where nspname like 'rebuild%'
        order by 1";
    let rows = stage.owner().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_damaged_row_is_found_and_named_and_mended_by_a_rebuild() {
    let stage = Stage::new().await;
    let story = Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    let owner = stage.owner().await;
    for (model, damage, told) in [
        (
            ReadModel::Balances,
            "update account_balances set balance = balance + 1",
            "balance is 77 and should be 76",
        ),
        (ReadModel::History, "delete from credit_history where type = 'credits.adjusted'", "is missing"),
        (
            ReadModel::Generations,
            "update generations set status = 'running' where status = 'queued'",
            "status is",
        ),
        (
            ReadModel::Pending,
            "insert into pending_tasks select gen_random_uuid(), account_id, status, kind, model, run, attempts, \
             worker, fencing, provider_task_id, queued_at, due_at, lease_until, version, last_position \
             from pending_tasks limit 1",
            "is not in the log",
        ),
        (ReadModel::DeadLetters, "update dead_letters set message = 'other'", "message is \"other\""),
        (ReadModel::Usage, "update usage_daily set credits_spent = 0", "credits_spent is 0 and should be"),
        (
            ReadModel::Overview,
            "update overview_totals set value = 99 where measure = 'jobs_dead'",
            "value is 99",
        ),
    ] {
        owner.batch_execute(damage).await.unwrap();
        let found = differences(&stage).await;
        assert!(!found.is_empty() && found.iter().all(|found| found.model == model), "{model}: {found:?}");
        assert!(found.iter().any(|found| found.detail.contains(told)), "{told}: {found:?}");
        rebuild(&stage.database, model, |_, _| {}).await.unwrap();
        assert_eq!(differences(&stage).await, [], "{model} rebuilt");
    }
    let _ = story;
}

#[tokio::test]
async fn a_table_that_was_emptied_comes_back() {
    let stage = Stage::new().await;
    Story::tell(&stage).await;
    let _projector = stage.project("live", 5_000);
    stage.applied().await;
    stage.owner().await.batch_execute("truncate generations, usage_daily").await.unwrap();
    let found = differences(&stage).await;
    assert!(found.iter().any(|found| found.model == ReadModel::Usage), "{found:?}");
    for model in [ReadModel::Generations, ReadModel::Usage] {
        rebuild(&stage.database, model, |_, _| {}).await.unwrap();
    }
    assert_eq!(differences(&stage).await, []);
}

#[tokio::test]
async fn a_read_model_behind_the_others_catches_up_by_itself() {
    let stage = Stage::new().await;
    Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    let set_back = "truncate usage_daily;
        update projection_checkpoints set position = 0 where projection = 'usage_daily'";
    stage.owner().await.batch_execute(set_back).await.unwrap();
    stage.catch_up(5_000).await;
    assert_eq!(differences(&stage).await, []);
}

#[tokio::test]
async fn events_applied_twice_change_nothing_in_rows_that_know_their_version() {
    let stage = Stage::new().await;
    Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    let set_back = "update projection_checkpoints set position = 0
        where projection not in ('usage_daily', 'overview_totals')";
    stage.owner().await.batch_execute(set_back).await.unwrap();
    stage.catch_up(3).await;
    assert_eq!(differences(&stage).await, []);
}

#[tokio::test]
async fn two_rebuilds_of_one_read_model_do_not_meet() {
    let stage = Stage::new().await;
    Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    let owner = stage.owner().await;
    let lock = "select pg_advisory_lock(hashtext('cooly rebuild'), hashtext('generations'))";
    owner.batch_execute(lock).await.unwrap();
    let refused = rebuild(&stage.database, ReadModel::Generations, |_, _| {}).await;
    assert!(matches!(refused, Err(Error::RebuildRunning { model: ReadModel::Generations })), "{refused:?}");
    drop(owner);
    let freed = async {
        while rebuild(&stage.database, ReadModel::Generations, |_, _| {}).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("the lock ends with its connection");
}

#[test]
fn names_are_the_names_of_tables() {
    for model in ReadModel::ALL {
        assert_eq!(model.name().parse::<ReadModel>().unwrap(), model);
    }
    let unknown = "generation".parse::<ReadModel>().unwrap_err().to_string();
    assert!(unknown.contains("no read model named `generation`; there are account_balances"), "{unknown}");
}
