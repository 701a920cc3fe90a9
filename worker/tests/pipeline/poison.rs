//! Messages that cannot be used, and what becomes of what the queue gave up on.

use crate::rig::{Rig, eventually};
use ledger::JobId;
use ledger::job::Status;
use std::time::Duration;
use worker::queue::{JobMessage, Queue, Source};

/// Sends a body as it is, to a queue by its name.
pub(crate) async fn send_raw(rig: &Rig, queue: &str, body: &str) {
    let client = rig.sqs_client();
    let url = client.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
    client.send_message().queue_url(url).message_body(body).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_cannot_be_used_end_in_the_dlq_and_stop_nobody() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    let unknown = rig.letter(JobId::generate()).message.encode();
    for body in ["this is not json", r#"{"v":99,"job":"from the future"}"#, r#"{"v":1}"#, &unknown] {
        send_raw(&rig, &rig.settings.name, body).await;
    }
    let worker = rig.worker("one");
    let good = rig.queue_one("scripted-image").await;
    rig.until(good, Status::Succeeded).await;
    let all_four = async || {
        let depth = queues.depth(Source::DeadLetters).await.unwrap();
        depth.visible + depth.in_flight == 4
    };
    eventually("all four are in the DLQ", all_four).await;
    let depth = queues.depth(Source::Jobs).await.unwrap();
    assert_eq!((depth.visible, depth.in_flight), (0, 0), "none is left in the queue of jobs");
    // They stay there to be looked at, and work goes on.
    let after = rig.queue_one("scripted-image").await;
    rig.until(after, Status::Succeeded).await;
    assert!(all_four().await, "they are still in the DLQ");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_queue_gave_up_on_becomes_a_dead_letter_with_its_reason() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let queues = rig.queues().await;
    let mut options = rig.options("one");
    options.concurrency = 1;
    let worker = rig.run(options);
    let running = rig.queue_one("scripted-image").await;
    eventually("the only slot is taken", async || rig.scripted.submits() == 1).await;
    let given_up = rig.queue_one("scripted-image").await;
    let message = rig.letter(given_up).message.encode();
    send_raw(&rig, &rig.settings.dlq_name, &message).await;
    let job = rig.until(given_up, Status::Dead).await;
    assert_eq!(job.failure.unwrap().code, "queue_redrive_exhausted");
    let empty = async || {
        let depth = queues.depth(Source::DeadLetters).await.unwrap();
        depth.visible + depth.in_flight == 0
    };
    eventually("the DLQ is empty again", empty).await;
    rig.scripted.open();
    rig.until(running, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.spent().await, job.cost.checked_mul(2).unwrap(), "a dead letter stays paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_of_the_queue_does_not_touch_a_job_that_is_being_run() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let queues = rig.queues().await;
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Running).await;
    let message = rig.letter(id).message.encode();
    send_raw(&rig, &rig.settings.dlq_name, &message).await;
    let empty = async || {
        let depth = queues.depth(Source::DeadLetters).await.unwrap();
        depth.visible + depth.in_flight == 0
    };
    eventually("the drainer has judged it", empty).await;
    rig.scripted.open();
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
}

async fn is_empty(queues: &Queue, source: Source) -> bool {
    let depth = queues.depth(source).await.unwrap();
    depth.visible + depth.in_flight + depth.delayed == 0
}

/// As a later release may write it.
fn of_a_later_release(message: &JobMessage) -> String {
    message.encode().replace(r#""v":1"#, r#""v":2,"hint":{"attempt":3}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_later_release_is_read() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Succeeded).await;
    // Its job needs nothing more: whoever understands the message deletes it.
    send_raw(&rig, &rig.settings.name, &of_a_later_release(&rig.letter(id).message)).await;
    let queues = rig.queues().await;
    eventually("it is deleted", async || is_empty(&queues, Source::Jobs).await).await;
    worker.stop().await;
    assert!(is_empty(&queues, Source::DeadLetters).await);
    let refused = rig.settings.calls.of("ChangeMessageVisibilityBatch");
    assert_eq!(refused, 0, "it was not put back to be looked at again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_older_workers_refused_kills_no_job() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.concurrency = 1;
    let worker = rig.run(options);
    let running = rig.queue_one("scripted-image").await;
    eventually("the only slot is taken", async || rig.scripted.submits() == 1).await;
    let waiting = rig.queue_one("scripted-image").await;
    let queues = rig.queues().await;
    send_raw(&rig, &rig.settings.dlq_name, &of_a_later_release(&rig.letter(waiting).message)).await;
    eventually("the drainer has judged it", async || is_empty(&queues, Source::DeadLetters).await).await;
    assert_eq!(rig.job(waiting).await.status, Status::Queued);
    rig.scripted.open();
    for job in [running, waiting] {
        rig.until(job, Status::Succeeded).await;
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_an_earlier_attempt_does_not_kill_a_job_that_waits_for_its_back_off() {
    let rig = Rig::start().await;
    let hour = Duration::from_secs(3600);
    let mut options = rig.options("one");
    options.policy.max_attempts = 10;
    (options.timings.backoff_base, options.timings.backoff_cap) = (hour, hour);
    let worker = rig.run(options);
    let id = rig.queue_one("sim-image-down").await;
    eventually("it waits for its back-off", async || {
        let due = rig.job(id).await.retry_at;
        due.is_some_and(|due| due - chrono::Utc::now() > chrono::TimeDelta::minutes(2))
    })
    .await;
    let queues = rig.queues().await;
    send_raw(&rig, &rig.settings.dlq_name, &rig.letter(id).message.encode()).await;
    eventually("the drainer has judged it", async || is_empty(&queues, Source::DeadLetters).await).await;
    worker.stop().await;
    assert_eq!(rig.job(id).await.status, Status::Queued);
}
