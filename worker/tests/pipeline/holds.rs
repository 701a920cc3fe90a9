//! Clips that are priced by the second: what is held, what is captured, and what comes back.

use crate::rig::{Rig, eventually};
use ledger::account::{AccountEvent, ReleaseReason};
use ledger::job::{JobCommand, JobState, RetryPolicy, Status};
use ledger::{Credits, Event, JobId};
use std::sync::atomic::Ordering;
use worker::provider::ProviderFailure;

/// The scripted model costs 3 credits a second and makes clips of up to 10 seconds.
const MODEL: &str = "scripted-video-metered";

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

/// Makes the provider's clips this long.
fn clips_last(rig: &Rig, milliseconds: Option<u64>) {
    *rig.scripted.script.clip_milliseconds.lock().unwrap() = milliseconds;
}

fn clips_fail(rig: &Rig, failure: Option<ProviderFailure>) {
    *rig.scripted.script.failure.lock().unwrap() = failure;
}

fn refused() -> Option<ProviderFailure> {
    Some(ProviderFailure::permanent("content_refused", "not this one"))
}

fn down() -> Option<ProviderFailure> {
    Some(ProviderFailure::transient("provider_unavailable", "the provider is down"))
}

/// A dead clip of 4 seconds: the provider failed its only attempt.
async fn dead_clip(rig: &Rig) -> JobId {
    clips_fail(rig, down());
    let mut options = rig.options("one");
    options.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let id = rig.queue_clip(MODEL, 4).await;
    rig.until(id, Status::Dead).await;
    worker.stop().await;
    id
}

/// Runs what is queued to its success.
async fn runs(rig: &Rig, id: JobId) -> JobState {
    let worker = rig.worker("two");
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    job
}

/// Why the last hold was released.
async fn released(rig: &Rig) -> ReleaseReason {
    let events = rig.credit_events(rig.account).await;
    match &events.last().unwrap().event {
        Event::Account(AccountEvent::Released { reason, .. }) => *reason,
        other => panic!("{other:?} is no release"),
    }
}

async fn nothing_is_held_or_spent(rig: &Rig) {
    assert_eq!((rig.state(rig.account).await.held, rig.spent().await), (Credits::ZERO, Credits::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_is_held_for_what_was_asked_and_paid_for_what_was_made() {
    let rig = Rig::start().await;
    let id = rig.queue_clip("sim-video-short", 7).await;
    assert_eq!(rig.state(rig.account).await.held, credits("21"), "7 seconds of 3 credits");
    assert_eq!(rig.spent().await, credits("21"), "what is held cannot be spent twice");
    assert!(rig.job(id).await.on_hold);

    let job = runs(&rig, id).await;
    assert_eq!(job.outputs[0].duration_milliseconds, Some(4_000), "it makes half, rounded up");
    assert_eq!((job.charged, job.on_hold), (credits("12"), false));
    assert_eq!(rig.credit_names().await, ["credits.held", "credits.captured"]);
    assert_eq!((rig.state(rig.account).await.held, rig.spent().await), (Credits::ZERO, credits("12")));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_length_the_most_that_the_model_makes_is_held() {
    let rig = Rig::start().await;
    let id = rig.queue_one("sim-video-metered").await;
    assert_eq!(rig.state(rig.account).await.held, credits("30"));
    let job = runs(&rig, id).await;
    assert_eq!(job.outputs[0].duration_milliseconds, Some(3_000));
    assert_eq!(rig.spent().await, credits("9"));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_second_count_and_more_than_was_held_is_never_taken() {
    let rig = Rig::start().await;
    for (made, paid) in [(1_500, "4.5"), (1, "0.003"), (4_000, "12"), (4_001, "12"), (u64::MAX, "12")] {
        let before = rig.spent().await;
        clips_last(&rig, Some(made));
        let id = rig.queue_clip(MODEL, 4).await;
        let job = runs(&rig, id).await;
        assert_eq!(job.charged, credits(paid), "{made} ms");
        assert_eq!(rig.spent().await.checked_sub(before), Some(credits(paid)), "{made} ms");
    }
    assert_eq!(rig.state(rig.account).await.held, Credits::ZERO);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_releases_what_was_held() {
    let rig = Rig::start().await;
    clips_fail(&rig, refused());
    let worker = rig.worker("one");
    let id = rig.queue_clip(MODEL, 4).await;
    rig.until(id, Status::Failed).await;
    worker.stop().await;
    assert_eq!(rig.credit_names().await, ["credits.held", "credits.released"]);
    assert_eq!(released(&rig).await, ReleaseReason::Failed);
    nothing_is_held_or_spent(&rig).await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_releases_what_was_held_and_a_late_clip_costs_nothing() {
    let rig = Rig::start().await;
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let worker = rig.worker("one");
    let id = rig.queue_clip(MODEL, 4).await;
    let polled = async || !rig.scripted.script.polls.lock().unwrap().is_empty();
    eventually("it is polled", polled).await;
    rig.cancel(id).await;
    eventually("the provider is told", async || rig.scripted.cancels() == 1).await;
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    worker.stop().await;
    assert_eq!(rig.credit_names().await, ["credits.held", "credits.released"]);
    assert_eq!(released(&rig).await, ReleaseReason::Cancelled);
    nothing_is_held_or_spent(&rig).await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_clip_keeps_its_hold_so_that_a_retry_is_free() {
    let rig = Rig::start().await;
    let id = dead_clip(&rig).await;
    assert_eq!(rig.credit_names().await, ["credits.held"]);
    assert_eq!(rig.state(rig.account).await.held, credits("12"));

    clips_fail(&rig, None);
    rig.ask(id, JobCommand::Retry { run: None, reason: None }).await;
    let job = runs(&rig, id).await;
    assert_eq!((job.run, job.charged), (2, credits("6")), "2 seconds were made");
    assert_eq!(rig.credit_names().await, ["credits.held", "credits.captured"], "held once");
    assert_eq!(rig.spent().await, credits("6"));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discarding_a_dead_clip_releases_what_was_held() {
    let rig = Rig::start().await;
    let id = dead_clip(&rig).await;
    rig.ask(id, JobCommand::Discard { run: None, reason: None }).await;
    assert_eq!(rig.credit_names().await, ["credits.held", "credits.released"]);
    assert_eq!(released(&rig).await, ReleaseReason::Discarded);
    nothing_is_held_or_spent(&rig).await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn running_a_failed_clip_again_holds_again() {
    let rig = Rig::start().await;
    clips_fail(&rig, refused());
    let worker = rig.worker("one");
    let id = rig.queue_clip(MODEL, 4).await;
    rig.until(id, Status::Failed).await;
    worker.stop().await;

    clips_fail(&rig, None);
    rig.ask(id, JobCommand::Rerun).await;
    assert_eq!(rig.state(rig.account).await.held, credits("12"));
    let job = runs(&rig, id).await;
    assert_eq!(job.run, 2);
    let expected = ["credits.held", "credits.released", "credits.held", "credits.captured"];
    assert_eq!(rig.credit_names().await, expected);
    assert_eq!(rig.spent().await, credits("6"));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_of_unknown_length_is_not_given_away() {
    let rig = Rig::start().await;
    clips_last(&rig, None);
    let mut options = rig.options("one");
    options.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let worker = rig.run(options);
    let metered = rig.queue_clip(MODEL, 4).await;
    let fixed = rig.queue_clip("scripted-video", 4).await;
    let job = rig.until(metered, Status::Dead).await;
    assert_eq!(job.failure.unwrap().code, "length_missing");
    rig.until(fixed, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.state(rig.account).await.held, credits("12"), "an admin retries or discards it");
    rig.verify().await;
}
