//! From the log to the queue.

use crate::rig::{Rig, eventually};
use ledger::job::Status;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_five_jobs_are_three_requests_on_the_wire() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let jobs = rig.queue("scripted-image", 25).await;
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), 3);
    assert_eq!(rig.settings.calls.of("SendMessage"), 0);
    if let Some(sqs) = &rig.sqs {
        assert_eq!(sqs.calls().get("SendMessageBatch"), Some(&3), "the server counts the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_relay_goes_on_where_the_last_one_stopped() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    for job in rig.queue("scripted-image", 3).await {
        rig.until(job, Status::Succeeded).await;
    }
    worker.stop().await;
    let waiting = rig.queue_one("scripted-image").await;
    let worker = rig.worker("two");
    rig.until(waiting, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), 2, "what was sent before is not sent again");
    assert_eq!(rig.scripted.submits(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_jobs_that_are_done_are_deleted() {
    use worker::queue::{Depth, Source};
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    for job in rig.queue("scripted-image", 12).await {
        rig.until(job, Status::Succeeded).await;
    }
    let queues = rig.queues().await;
    let empty = Depth { visible: 0, in_flight: 0, delayed: 0 };
    eventually("the queue is empty", async || queues.depth(Source::Jobs).await.unwrap() == empty).await;
    worker.stop().await;
}
