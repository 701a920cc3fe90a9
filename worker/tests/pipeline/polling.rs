//! Asking after clips: what is late, who does not answer, and who must not wait for whom.

use crate::rig::{Rig, eventually};
use crate::scripted::Scripted;
use chrono::TimeDelta;
use ledger::JobId;
use ledger::job::{Billed, RetryPolicy, Status};
use std::sync::atomic::Ordering;
use std::time::Duration;
use worker::WorkerOptions;
use worker::provider::ProviderFailure;

const FOR_EVER: Duration = Duration::from_secs(3_600);

fn unreachable() -> ProviderFailure {
    ProviderFailure::transient("provider_unreachable", "nobody answers")
}

/// Options of a worker under which a clip is bought once.
fn one_attempt(rig: &Rig, name: &str) -> WorkerOptions {
    let mut options = rig.options(name);
    options.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    options
}

async fn until_late(rig: &Rig, id: JobId) {
    let deadline = rig.job(id).await.attempt.expect("a provider works on it").lease_until;
    eventually("the deadline passes", async || rig.ledger.clock().now() > deadline).await;
}

/// A clip whose deadline passed while no worker ran.
async fn late_clip(rig: &Rig) -> JobId {
    let script = &rig.scripted.script;
    script.ready.store(false, Ordering::SeqCst);
    *script.deadline.lock().unwrap() = Duration::from_secs(1);
    // Were it asked after by the worker that submits it, that one might expire it.
    *script.poll_delay.lock().unwrap() = FOR_EVER;
    let worker = rig.run(one_attempt(rig, "before"));
    let id = rig.queue_one("scripted-video").await;
    rig.until_submitted(id).await;
    worker.stop().await;
    until_late(rig, id).await;
    *script.poll_delay.lock().unwrap() = Duration::ZERO;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_was_made_while_no_worker_ran_is_taken_after_its_deadline() {
    let rig = Rig::start().await;
    let id = late_clip(&rig).await;
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    let worker = rig.run(one_attempt(&rig, "after"));
    eventually("it ends", async || rig.job(id).await.status.is_finished()).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.submitted", "job.succeeded"]);
    assert_eq!(rig.scripted.cancels(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_failed_while_no_worker_ran_keeps_its_reason() {
    let rig = Rig::start().await;
    let id = late_clip(&rig).await;
    let script = &rig.scripted.script;
    script.ready.store(true, Ordering::SeqCst);
    *script.failure.lock().unwrap() = Some(ProviderFailure::permanent("content_refused", "not this one"));
    let worker = rig.run(one_attempt(&rig, "after"));
    eventually("it ends", async || rig.job(id).await.status.is_finished()).await;
    worker.stop().await;
    let job = rig.job(id).await;
    assert_eq!(job.status, Status::Failed);
    assert_eq!(job.failure.unwrap().code, "content_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_clip_is_kept_while_its_provider_does_not_answer() {
    let rig = Rig::start().await;
    let id = late_clip(&rig).await;
    let script = &rig.scripted.script;
    script.ready.store(true, Ordering::SeqCst);
    *script.poll_error.lock().unwrap() = Some(unreachable());
    let before = rig.scripted.asked();
    let worker = rig.run(one_attempt(&rig, "after"));
    let asked_or_ended =
        async || rig.scripted.asked() >= before + 3 || rig.job(id).await.status.is_finished();
    eventually("it is asked after again and again", asked_or_ended).await;
    assert_eq!(rig.job(id).await.status, Status::Running);
    *script.poll_error.lock().unwrap() = None;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1, "the provider is paid once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_clip_is_given_up_after_a_grace_in_which_nobody_answered() {
    let rig = Rig::start().await;
    let id = late_clip(&rig).await;
    *rig.scripted.script.poll_error.lock().unwrap() = Some(unreachable());
    let before = rig.scripted.asked();
    let restarted = rig.ledger.clock().now();
    let mut options = rig.options("after");
    options.timings.expiry_grace = Duration::from_secs(1);
    let worker = rig.run(options);
    let job = rig.until(id, Status::Dead).await;
    eventually("the provider is told", async || rig.scripted.cancels() == 1).await;
    worker.stop().await;
    let failure = job.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.billed), ("provider_timeout", Some(Billed::Unknown)));
    assert_eq!((job.attempts, rig.scripted.submits()), (1, 1), "it may have been made: a person decides");
    assert!(job.finished_at.unwrap() - restarted >= TimeDelta::seconds(1), "the outage was ours");
    assert!(rig.scripted.asked() >= before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_does_not_hold_up_the_clips_of_others() {
    let rig = Rig::start().await;
    let hanging = Scripted::default();
    *hanging.script.poll_delay.lock().unwrap() = FOR_EVER;
    let mut options = rig.options("one");
    options.offer = rig.offer_with_other(&hanging).fixed();
    options.poll_concurrency = 4;
    options.timings.attempt = FOR_EVER;
    let worker = rig.run(options);
    let stuck = rig.queue("other-video", 12).await;
    for id in &stuck {
        rig.until_submitted(*id).await;
    }
    eventually("every slot is taken", async || hanging.asked() >= 4).await;
    for id in rig.queue("scripted-video", 12).await {
        rig.until(id, Status::Succeeded).await;
    }
    for id in stuck {
        assert_eq!(rig.job(id).await.status, Status::Running);
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_hang_do_not_use_up_the_slots_of_their_own_provider() {
    let rig = Rig::start().await;
    *rig.scripted.script.poll_delay.lock().unwrap() = FOR_EVER;
    let mut options = rig.options("one");
    options.poll_concurrency = 1;
    options.timings.attempt = FOR_EVER;
    options.timings.poll = Duration::from_millis(100);
    let worker = rig.run(options);
    let ids = rig.queue("scripted-video", 4).await;
    eventually("more are asked after than hang", async || rig.scripted.asked() >= 3).await;
    *rig.scripted.script.poll_delay.lock().unwrap() = Duration::ZERO;
    let succeeded = async || {
        let mut succeeded = 0;
        for id in &ids {
            succeeded += usize::from(rig.job(*id).await.status == Status::Succeeded);
        }
        succeeded
    };
    eventually("all are made but the one that hangs on", async || succeeded().await == 3).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_takes_longer_to_fetch_than_a_question_may_is_fetched_all_the_same() {
    let rig = Rig::start().await;
    *rig.scripted.script.poll_delay.lock().unwrap() = Duration::from_millis(500);
    let mut options = rig.options("one");
    options.timings.poll = Duration::from_millis(50);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_is_asked_less_and_less() {
    let rig = Rig::start().await;
    *rig.scripted.script.poll_error.lock().unwrap() = Some(unreachable());
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    eventually("it is asked after", async || rig.scripted.asked() >= 6).await;
    *rig.scripted.script.poll_error.lock().unwrap() = None;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let polls = rig.scripted.script.polls.lock().unwrap().clone();
    // At 100 ms, pauses of at least 100, 200, 400, 800 and 1,600 ms: the half that is not drawn.
    assert!(polls[5].0 - polls[0].0 >= Duration::from_millis(3_100), "{polls:?}");
}
