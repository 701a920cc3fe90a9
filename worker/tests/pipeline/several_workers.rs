//! Two workers that get in each other's way: effects happen once.

use crate::rig::{Rig, eventually};
use futures::TryStreamExt;
use ledger::job::Status;
use object_store::ObjectStore;
use std::time::Duration;
use worker::queue::Letter;

#[tokio::test(flavor = "multi_thread")]
async fn every_message_delivered_three_times_to_two_workers_has_one_effect() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_millis(50));
    let jobs = rig.queue("scripted-image", 20).await;
    let copies: Vec<Letter> = jobs.iter().flat_map(|job| [rig.letter(*job), rig.letter(*job)]).collect();
    assert!(rig.queues().await.send(&copies).await.is_empty(), "all copies are sent");
    let (one, two) = (rig.worker("one"), rig.worker("two"));
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    one.stop().await;
    two.stop().await;
    for job in &jobs {
        assert_eq!(rig.events(*job).await, ["job.queued", "job.started", "job.succeeded"]);
    }
    assert_eq!(rig.scripted.submits(), 20, "each picture is asked for once");
    let price = rig.job(jobs[0]).await.cost;
    assert_eq!(rig.spent().await, price.checked_mul(20).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_lease_is_taken_over_and_the_late_worker_is_fenced_out() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("slow");
    options.timings.lease = Duration::from_secs(1);
    options.timings.attempt = Duration::from_millis(600);
    options.timings.store = Duration::from_millis(200);
    // The reconciler, which this worker runs too, wakes the other one when the lease lapses.
    options.timings.reconcile_every = Duration::from_millis(200);
    let slow = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Running).await;
    eventually("the slow worker asked its provider", async || rig.scripted.submits() == 1).await;
    let quick = rig.worker("quick");
    eventually("the job is claimed again", async || rig.scripted.submits() >= 2).await;
    rig.scripted.open();
    let job = rig.until(id, Status::Succeeded).await;
    slow.stop().await;
    quick.stop().await;

    let events = rig.events(id).await;
    assert_eq!(events.iter().filter(|name| **name == "job.succeeded").count(), 1, "{events:?}");
    assert!(events.iter().filter(|name| **name == "job.started").count() >= 2, "{events:?}");
    let stored: Vec<_> = rig.outputs.list(None).try_collect().await.unwrap();
    let stored: Vec<String> = stored.into_iter().map(|object| object.location.to_string()).collect();
    assert_eq!(stored, [job.outputs[0].key.clone()], "only the winner's picture is kept");
    assert_eq!(rig.spent().await, job.cost);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heartbeat_keeps_a_long_image_hidden() {
    use worker::queue::Source;
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.timings.visibility = Duration::from_secs(2);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Running).await;
    // Another consumer, for three times the visibility timeout: it must never see the message.
    let queues = rig.queues().await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(6);
    while tokio::time::Instant::now() < deadline {
        let wait = Duration::from_secs(1);
        let seen = queues.receive(Source::Jobs, 10, wait, Duration::from_secs(1)).await.unwrap();
        assert!(seen.is_empty(), "the message came back: {seen:?}");
    }
    rig.scripted.open();
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}
