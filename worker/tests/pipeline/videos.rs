//! Videos: submitted, polled, and what can happen in between.

use crate::rig::{Rig, eventually};
use ledger::Credits;
use ledger::job::{RetryPolicy, Status};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_is_submitted_polled_and_stored() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let id = rig.queue_one("sim-video").await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.submitted", "job.succeeded"]);
    assert_eq!(job.outputs[0].content_type, "image/apng");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_goes_on_when_the_worker_is_replaced() {
    let rig = Rig::start().await;
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    let polled = async || !rig.scripted.script.polls.lock().unwrap().is_empty();
    eventually("it is polled", polled).await;
    worker.stop().await;
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    let next = rig.worker("two");
    rig.until(id, Status::Succeeded).await;
    next.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_fails_at_the_provider_uses_up_the_attempts() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.policy = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let id = rig.queue_one("sim-video-down").await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    let expected = [
        "job.queued",
        "job.started",
        "job.submitted",
        "job.attempt_failed",
        "job.started",
        "job.submitted",
        "job.dead_lettered",
    ];
    assert_eq!(rig.events(id).await, expected);
    assert_eq!(job.failure.unwrap().code, "provider_unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_past_its_deadline_fails_and_the_provider_is_told_to_stop() {
    let rig = Rig::start().await;
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    *rig.scripted.script.deadline.lock().unwrap() = Duration::from_secs(1);
    let mut options = rig.options("one");
    options.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    let job = rig.until(id, Status::Dead).await;
    assert_eq!(job.failure.unwrap().code, "provider_timeout");
    eventually("the provider is told", async || rig.scripted.cancels() == 1).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_clip_refunds_it_and_tells_the_provider() {
    let rig = Rig::start().await;
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    let polled = async || !rig.scripted.script.polls.lock().unwrap().is_empty();
    eventually("it is polled", polled).await;
    rig.cancel(id).await;
    eventually("the provider is told", async || rig.scripted.cancels() == 1).await;
    worker.stop().await;
    assert_eq!(rig.spent().await, Credits::ZERO);
    assert_eq!(rig.job(id).await.status, Status::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_whose_answer_was_lost_is_asked_after_and_not_sent_again() {
    let rig = Rig::start().await;
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let expected =
        ["job.queued", "job.started", "job.attempt_failed", "job.started", "job.submitted", "job.succeeded"];
    assert_eq!(rig.events(id).await, expected);
    assert_eq!(rig.scripted.submits(), 1, "the provider is paid once");
}

/// From the first poll's beginning until the last one's end, when each of many pending clips is polled once.
async fn time_to_check_all(clips: usize, poll_concurrency: usize) -> Duration {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    script.ready.store(false, Ordering::SeqCst);
    let submitting = rig.worker("one");
    let jobs = rig.queue("scripted-video", clips).await;
    for job in &jobs {
        rig.until_submitted(*job).await;
    }
    submitting.stop().await;

    script.polls.lock().unwrap().clear();
    script.ready.store(true, Ordering::SeqCst);
    *script.poll_delay.lock().unwrap() = Duration::from_millis(200);
    let mut options = rig.options("two");
    options.poll_concurrency = poll_concurrency;
    let polling = rig.run(options);
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    polling.stop().await;
    let polls = script.polls.lock().unwrap().clone();
    assert_eq!(polls.len(), clips, "each was asked after once");
    let begun = polls.iter().map(|(begun, _)| *begun).min().unwrap();
    let ended = polls.iter().map(|(_, ended)| *ended).max().unwrap();
    ended - begun
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_five_clips_are_checked_at_once() {
    let one_by_one = time_to_check_all(25, 1).await;
    let at_once = time_to_check_all(25, 32).await;
    println!("25 clips at 200 ms a check: one by one {one_by_one:?}, at once {at_once:?}");
    assert!(one_by_one >= Duration::from_secs(5));
    assert!(at_once * 10 <= one_by_one, "one by one {one_by_one:?}, at once {at_once:?}");
}
