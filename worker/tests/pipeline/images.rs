//! Images, by the way in which they end.

use crate::rig::{Rig, eventually};
use ledger::job::{FailureClass, JobCommand, JobEvent, RetryPolicy, Status};
use ledger::{Credits, JobId};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::time::Duration;
use worker::provider::simulated::Simulated;
use worker::queue::Source;

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_made_stored_and_paid_for() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let id = rig.queue_one("sim-image").await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;

    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.succeeded"]);
    assert_eq!(rig.spent().await, job.cost);
    let [output] = &job.outputs[..] else { panic!("one output: {:?}", job.outputs) };
    assert_eq!((output.width, output.height, output.content_type.as_str()), (64, 64, "image/png"));
    let stored = rig.outputs.get(&Path::from(output.key.as_str())).await.unwrap().bytes().await.unwrap();
    assert_eq!(stored.len() as u64, output.bytes);
    assert!(stored.starts_with(b"\x89PNG"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_prompt_is_refunded_at_once() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let id = rig.queue_one("sim-image-strict").await;
    let job = rig.until(id, Status::Failed).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.failed"], "no second attempt");
    assert_eq!(rig.spent().await, Credits::ZERO);
    assert_eq!(job.failure.unwrap().code, "content_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_uses_up_the_attempts_and_the_job_stays_paid() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.policy = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let id = rig.queue_one("sim-image-down").await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    let expected = [
        "job.queued",
        "job.started",
        "job.attempt_failed",
        "job.started",
        "job.attempt_failed",
        "job.started",
        "job.dead_lettered",
    ];
    assert_eq!(rig.events(id).await, expected);
    assert_eq!(job.attempts, 3);
    assert_eq!(rig.spent().await, job.cost, "a retry from the dead letters is free");
    assert_eq!(job.failure.unwrap().class, FailureClass::Transient);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flaky_provider_is_tried_again_until_it_works() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let fails_once =
        |id: &JobId| Simulated::flaky_attempt_fails(*id, 1) && !Simulated::flaky_attempt_fails(*id, 2);
    let id = std::iter::repeat_with(JobId::generate).find(fails_once).unwrap();
    rig.queue_ids("sim-image-flaky", &[id]).await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(job.attempts, 2);
    assert_eq!(job.failure, None, "a success clears the failure");
    let expected = ["job.queued", "job.started", "job.attempt_failed", "job.started", "job.succeeded"];
    assert_eq!(rig.events(id).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn being_throttled_costs_no_attempt_and_the_wait_is_kept() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let id = rig.queue_one("sim-image-busy").await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(job.attempts, 1, "the two throttled tries do not count");
    let client_events = rig.job_events(id).await;
    let throttled = client_events.iter().filter(|event| {
        matches!(event, JobEvent::AttemptFailed { counted: false, failure, .. }
            if failure.class == FailureClass::Throttled)
    });
    assert_eq!(throttled.count(), 2);
    assert!(
        job.finished_at.unwrap() - job.created_at >= chrono::TimeDelta::seconds(2),
        "1 s was asked for twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_never_answers_is_given_up_in_time() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_secs(3600));
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(200);
    options.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    assert_eq!(job.failure.unwrap().code, "provider_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_leaves_no_outputs_behind() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Running).await;
    rig.cancel(id).await;
    rig.scripted.open();
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.cancelled"]);
    assert_eq!(rig.spent().await, Credits::ZERO);
    let left: Vec<_> = {
        use futures::TryStreamExt;
        object_store::ObjectStore::list(&*rig.outputs, None).try_collect().await.unwrap()
    };
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_message_about_a_running_job_is_deleted() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider was asked", async || rig.scripted.submits() == 1).await;
    let queues = rig.queues().await;
    assert!(queues.send(&[rig.letter(id)]).await.is_empty());
    let one_is_left = async || {
        let depth = queues.depth(Source::Jobs).await.unwrap();
        (depth.visible, depth.in_flight) == (0, 1) && rig.settings.calls.of("DeleteMessageBatch") == 1
    };
    eventually("only the one that is held is left", one_is_left).await;
    rig.scripted.open();
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_bought_while_the_last_one_is_put_away_is_not_lost() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    // Nobody else sends it again, and the first run's message does not come back in its stead.
    options.timings.reconcile_after = Duration::from_secs(3_600);
    options.timings.visibility = Duration::from_secs(3_600);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider was asked", async || rig.scripted.submits() == 1).await;
    rig.cancel(id).await;
    rig.ask(id, JobCommand::Rerun).await;
    let queues = rig.queues().await;
    let received = async || {
        let depth = queues.depth(Source::Jobs).await.unwrap();
        rig.settings.calls.of("SendMessageBatch") >= 2 && depth.visible == 0
    };
    eventually("the message of the second run is received", received).await;
    rig.scripted.open();
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!((job.run, rig.scripted.submits()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_kept_for_long_enough_is_deleted_and_its_job_stays_as_it_was() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let id = rig.queue_one("sim-image").await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let there = async || rig.outputs.head(&Path::from(job.outputs[0].key.as_str())).await.is_ok();
    assert!(there().await, "a worker that was told nothing keeps everything");

    let mut options = rig.options("two");
    options.keep_outputs = Some(Duration::ZERO);
    options.timings.retention_every = Duration::from_millis(100);
    let worker = rig.run(options);
    eventually("the picture is deleted", async || !there().await).await;
    worker.stop().await;
    assert_eq!(rig.job(id).await, job);
    rig.verify().await;
}
