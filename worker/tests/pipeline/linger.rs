//! How many requests to SQS a steady stream of jobs needs where messages may wait for each other.

use crate::rig::{Rig, eventually};
use futures::future::join_all;
use ledger::job::Status;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use worker::queue::{Calls, Source};

const JOBS: u64 = 300;
/// One each hundredth of a second.
const BETWEEN: Duration = Duration::from_millis(10);
const LINGER: Duration = Duration::from_millis(100);

fn requests(calls: &Calls) -> u64 {
    ["SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch"].iter().map(|action| calls.of(action)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_hundred_jobs_a_second_share_their_requests() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.concurrency = 64;
    options.timings.queue_linger = LINGER;
    options.timings.receive_wait = Duration::from_secs(20);
    let worker = rig.run(options);
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Succeeded).await;
    let before = requests(&rig.settings.calls);

    // Each in its own time, whatever the others take: where the machine is slow, more of them come together.
    let begun = Instant::now();
    let jobs = (0..JOBS).map(|turn| {
        let (rig, at) = (&rig, begun + BETWEEN * u32::try_from(turn).unwrap());
        async move {
            sleep_until(at).await;
            rig.queue_one("scripted-image").await
        }
    });
    for job in join_all(jobs).await {
        rig.until(job, Status::Succeeded).await;
    }
    let queues = rig.queues().await;
    eventually("all messages are deleted", async || {
        let depth = queues.depth(Source::Jobs).await.unwrap();
        depth.visible + depth.in_flight == 0
    })
    .await;
    let asked = requests(&rig.settings.calls) - before;
    worker.stop().await;
    eprintln!("{asked} requests for {JOBS} jobs");
    assert!(asked * 1_000 / JOBS <= 450, "{asked} requests for {JOBS} jobs");
    assert_eq!(u64::from(rig.scripted.submits()), JOBS + 1);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_others_is_not_lost_with_its_relay() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.timings.queue_linger = Duration::from_secs(3_600);
    let worker = rig.run(options);
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Succeeded).await;
    let second = rig.queue_one("scripted-image").await;
    // As far as anything can tell it waits for nine others.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), 1);
    worker.stop().await;
    let worker = rig.worker("two");
    rig.until(second, Status::Succeeded).await;
    worker.stop().await;
}
