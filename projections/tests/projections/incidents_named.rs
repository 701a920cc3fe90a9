//! Rows that an older program has written, or that it has changed: they are listed, and get their fingerprints.

use crate::stage::{PATIENCE, Stage, failure, policy, user};
use crate::story::Story;
use ledger::job::{FailureClass, JobCommand};
use projections::{compare_with_replay, dead_letters, incidents};
use std::time::Duration;
use tokio::time::Instant;

const UNNAMED: &str = "select count(*) from dead_letters where incident_of is distinct from version";

async fn all_named(stage: &Stage) {
    let until = Instant::now() + PATIENCE;
    while stage.number(UNNAMED).await > 0 {
        assert!(Instant::now() < until, "a row is left without a name");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_row_of_an_older_program_is_listed_and_named_as_a_replay_would() {
    let stage = Stage::new().await;
    let story = Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    let name = "select incident from dead_letters";
    let named: String = stage.owner().await.query_one(name, &[]).await.unwrap().get(0);
    for forget in [
        "update dead_letters set incident = null, incident_of = null, provider = null",
        "update dead_letters set incident = '1-of-another-version', incident_of = version - 1, provider = 'other'",
    ] {
        stage.owner().await.batch_execute(forget).await.unwrap();
        let client = stage.pool.get().await.unwrap();
        let (any, newest) = (dead_letters::Filter::default(), dead_letters::Order::Newest);
        let found = dead_letters::list(&**client, &any, newest, None, 10).await.unwrap();
        assert_eq!(found.jobs.iter().map(|job| job.job_id).collect::<Vec<_>>(), [story.dead]);
        assert!(incidents::calm(&**client).await.unwrap().is_being_named);
        let _projector = stage.project("one", 5_000);
        all_named(&stage).await;
        let again: String = stage.owner().await.query_one(name, &[]).await.unwrap().get(0);
        assert_eq!(again, named);
        assert!(!incidents::calm(&**client).await.unwrap().is_being_named);
        assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
    }
}

#[tokio::test]
async fn names_come_while_another_process_holds_the_lease() {
    let stage = Stage::new().await;
    Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    let older = "insert into leases (name, owner, fencing, until)
        values ('projector', 'older', 1000, now() + interval '1 hour')
        on conflict (name) do update set owner = 'older', fencing = 1000, until = now() + interval '1 hour'";
    stage.owner().await.batch_execute(older).await.unwrap();
    let forget = "update dead_letters set incident = null, incident_of = null";
    stage.owner().await.batch_execute(forget).await.unwrap();
    let _standing_by = stage.project("newer", 5_000);
    all_named(&stage).await;
}

#[tokio::test]
async fn the_provider_is_the_one_that_the_run_came_to_last() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let alice = user("alice");
    stage.grant(&alice, 100).await;
    let job = stage.queue(&alice, "sim-image").await;
    let attempt = async |provider: Option<&str>| {
        let fencing = stage.start(&alice, job).await;
        let failure = failure(FailureClass::Transient, "provider_down");
        let provider = provider.map(str::to_owned);
        let command = JobCommand::FailAttempt {
            fencing,
            failure,
            backoff_milliseconds: 0,
            policy: policy(),
            gives_up: false,
            provider,
        };
        stage.job(&alice, job, command).await;
    };
    attempt(Some("acme")).await;
    attempt(None).await;
    stage.applied().await;
    let provider = async || {
        let client = stage.pool.get().await.unwrap();
        dead_letters::get(&**client, job).await.unwrap().unwrap().provider
    };
    assert_eq!(provider().await.as_deref(), Some("acme"), "the last event of the run does not tell");
    stage.job(&alice, job, JobCommand::Retry { run: None, reason: None }).await;
    attempt(None).await;
    attempt(None).await;
    stage.applied().await;
    assert_eq!(provider().await, None, "another run");
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
}
