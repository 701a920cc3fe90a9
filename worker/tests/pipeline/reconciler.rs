//! Losing the queue loses no job.

use crate::rig::{Rig, eventually};
use aws_sdk_sqs::types::QueueAttributeName;
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
    let behind = async || queues.depth(Source::Jobs).await.unwrap().visible == 2;
    eventually("the next two wait in the queue", behind).await;
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
async fn a_queue_that_is_purged_under_a_running_worker_loses_no_job() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.concurrency = 1;
    options.timings.reconcile_after = Duration::from_secs(1);
    options.timings.reconcile_every = Duration::from_millis(200);
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 8).await;
    eventually("one job runs", async || rig.scripted.submits() == 1).await;
    let queues = rig.queues().await;
    let behind = async || queues.depth(Source::Jobs).await.unwrap().visible == 2;
    eventually("the next two wait in the queue", behind).await;
    queues.purge().await.unwrap();
    rig.scripted.open();
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
        assert_eq!(rig.events(*job).await, ["job.queued", "job.started", "job.succeeded"]);
    }
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_merely_wait_in_the_queue_are_not_sent_again() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.concurrency = 1;
    options.timings.reconcile_after = Duration::from_millis(100);
    options.timings.reconcile_every = Duration::from_millis(50);
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 5).await;
    eventually("one job runs", async || rig.scripted.submits() == 1).await;
    rig.until_relayed().await;
    let sent = rig.settings.calls.of("SendMessageBatch");
    // The depth is asked for once a round while messages are overdue: let there be many, far past the usual wait.
    let asked = rig.settings.calls.of("GetQueueAttributes");
    eventually("many rounds", async || rig.settings.calls.of("GetQueueAttributes") >= asked + 60).await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), sent);
    rig.scripted.open();
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
}

/// Somebody deletes the queues under a running worker: they are made again, and nothing that waited is lost.
#[tokio::test(flavor = "multi_thread")]
async fn queues_that_are_deleted_are_made_again_and_no_job_is_lost() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.timings.reconcile_after = Duration::from_secs(1);
    options.timings.reconcile_every = Duration::from_millis(200);
    let worker = rig.run(options);
    let before = rig.queue_one("scripted-image").await;
    rig.until(before, Status::Succeeded).await;
    for name in [&rig.settings.name, &rig.settings.dlq_name] {
        rig.delete_queue(name).await;
    }
    let jobs = rig.queue("scripted-image", 20).await;
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    eventually("both are there again", async || rig.settings.presence.missing().is_empty()).await;
    let redrive = async || {
        let client = rig.sqs_client();
        let url = client.get_queue_url().queue_name(&rig.settings.name).send().await.ok()?.queue_url?;
        let asked = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        asked.send().await.ok()?.attributes?.remove(&QueueAttributeName::RedrivePolicy)
    };
    assert!(redrive().await.unwrap().contains(&rig.settings.dlq_name), "with its dead-letter queue");
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 21);
    rig.verify().await;
}

/// While a queue is away, that is seen.
#[tokio::test]
async fn a_queue_that_is_away_is_told() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    assert!(rig.settings.presence.missing().is_empty());
    rig.delete_queue(&rig.settings.name).await;
    assert!(queues.depth(Source::Jobs).await.is_err());
    assert_eq!(rig.settings.presence.missing(), std::slice::from_ref(&rig.settings.name));
}
