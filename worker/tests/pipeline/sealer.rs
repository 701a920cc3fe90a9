//! The log is sealed while work goes on.

use crate::rig::{Rig, eventually};
use ledger::Role;
use ledger::job::Status;
use ledger::seal::{self, SealKey, SealOptions, SealReport, Trust};
use std::sync::Arc;
use std::time::Duration;
use worker::{Sealing, WorkerOptions};

fn sealing(rig: &Rig, name: &str, key: &Arc<SealKey>, options: &SealOptions) -> WorkerOptions {
    let sealing = Sealing { key: Arc::clone(key), options: options.clone() };
    WorkerOptions { sealing: Some(sealing), ..rig.options(name) }
}

async fn report(rig: &Rig, key: &SealKey) -> SealReport {
    let trust = Trust { keys: vec![key.public_key()], ..Trust::default() };
    let mut client = rig.database().connect(Role::Owner).await.unwrap();
    seal::verify_seals(&mut client, &trust, usize::MAX, |_, _| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_sealed_by_several_workers_that_come_and_go() {
    let rig = Rig::start().await;
    let key = Arc::new(SealKey::generate().unwrap().0);
    let options = SealOptions { block: 8, after: Duration::from_millis(200) };
    let first = rig.run(sealing(&rig, "one", &key, &options));
    let second = rig.run(sealing(&rig, "two", &key, &options));
    let early = rig.queue("sim-image", 6).await;
    for job in &early {
        rig.until(*job, Status::Succeeded).await;
    }
    first.kill().await;
    let late = rig.queue("sim-image", 6).await;
    for job in &late {
        rig.until(*job, Status::Succeeded).await;
    }
    eventually("all is sealed", async || report(&rig, &key).await.unsealed == 0).await;
    second.stop().await;
    let report = report(&rig, &key).await;
    assert_eq!(report.breaches, vec![]);
    assert!(report.events > 12 * 4 && report.seals >= 5, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_block_does_not_wait_for_its_age() {
    let rig = Rig::start().await;
    let key = Arc::new(SealKey::generate().unwrap().0);
    let options = SealOptions { block: 16, after: Duration::from_secs(3_600) };
    let worker = rig.run(sealing(&rig, "one", &key, &options));
    // Positions that were drawn and never used must not be taken for events.
    let client = rig.database().connect(Role::Owner).await.unwrap();
    let skipped = "select nextval('events_position_seq') from generate_series(1, 40)";
    client.batch_execute(skipped).await.unwrap();
    for job in rig.queue("sim-image", 10).await {
        rig.until(job, Status::Succeeded).await;
    }
    eventually("two blocks", async || report(&rig, &key).await.seals == 2).await;
    worker.stop().await;
    let report = report(&rig, &key).await;
    assert_eq!((report.events, report.breaches), (32, vec![]));
    assert!((1..16).contains(&report.unsealed), "{}", report.unsealed);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_is_sealed() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    rig.until(rig.queue_one("sim-image").await, Status::Succeeded).await;
    worker.stop().await;
    let client = rig.database().connect(Role::Reader).await.unwrap();
    assert_eq!(seal::newest(&client).await.unwrap(), None);
}
