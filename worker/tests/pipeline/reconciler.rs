//! Losing the queue loses no job.

use crate::rig::{Rig, eventually};
use ledger::job::Status;
use std::time::Duration;
use worker::queue::Source;

#[tokio::test(flavor = "multi_thread")]
async fn jobs_whose_messages_were_purged_are_sent_again() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.concurrency = 1;
    let blocked = rig.run(options);
    let jobs = rig.queue("scripted-image", 8).await;
    eventually("one job runs", async || rig.scripted.submits() == 1).await;
    let queues = rig.queues().await;
    let behind = async || queues.depth(Source::Jobs).await.unwrap().visible == 7;
    eventually("the others wait in the queue", behind).await;
    queues.purge().await.unwrap();
    assert_eq!(queues.depth(Source::Jobs).await.unwrap().visible, 0, "the queue is lost");
    rig.scripted.open();
    blocked.stop().await;

    let mut options = rig.options("two");
    options.timings.reconcile_after = Duration::from_secs(1);
    options.timings.reconcile_every = Duration::from_millis(200);
    let healing = rig.run(options);
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
        assert_eq!(rig.events(*job).await, ["job.queued", "job.started", "job.succeeded"]);
    }
    healing.stop().await;
    assert_eq!(rig.scripted.submits(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_merely_wait_in_the_queue_are_not_sent_again() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.concurrency = 1;
    options.timings.reconcile_after = Duration::from_secs(1);
    options.timings.reconcile_every = Duration::from_millis(100);
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 5).await;
    eventually("one job runs", async || rig.scripted.submits() == 1).await;
    let sent = rig.settings.calls.of("SendMessageBatch");
    // The reconciler asks for the depth once a round while there are overdue jobs: let it have several.
    let asked = rig.settings.calls.of("GetQueueAttributes");
    eventually("several rounds", async || rig.settings.calls.of("GetQueueAttributes") >= asked + 5).await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), sent);
    rig.scripted.open();
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
}
