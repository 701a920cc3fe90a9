//! Jobs that nobody could make now wait without messages, events and attempts, and others go on.

use crate::rig::{Rig, SCRIPTED, catalogue_with, eventually};
use crate::spend::{capped, options as capped_options};
use crate::wire::{Request, Wire};
use ledger::JobId;
use ledger::job::{Billed, Status};
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use worker::provider::ProviderFailure;
use worker::queue::JobMessage;
use worker::{BreakerSettings, Limits, Offer, Rate, WorkerOptions};

const SECOND: Duration = Duration::from_secs(1);

/// The model of the pictures, as their route calls it.
const PICTURES: &str = "made-there";

fn down() -> ProviderFailure {
    ProviderFailure::transient("provider_unavailable", "it is down").billed(Billed::No)
}

/// A worker that leaves a model alone for a second after two failures. Pictures and clips are different models of one
/// provider.
fn cautious(rig: &Rig, name: &str) -> WorkerOptions {
    let breaker = BreakerSettings { failures: 2, pause: SECOND, longest_pause: SECOND };
    limited(rig, name, Limits { breaker: Some(breaker), ..Limits::default() })
}

fn limited(rig: &Rig, name: &str, limits: Limits) -> WorkerOptions {
    let catalogue = catalogue_with("scripted-video", |model| model.routes[0].model = "clips".into());
    let offer = Offer { catalogue, limits: [(SCRIPTED.to_owned(), limits)].into(), ..rig.offer() };
    let mut options = WorkerOptions { offer: offer.fixed(), ..rig.options(name) };
    // A job that tries uses up an attempt.
    options.policy.max_attempts = 20;
    options.timings.here_every = SECOND * 2;
    options.timings.silence = SECOND * 10;
    options
}

async fn queue_pictures(rig: &Rig, count: usize) -> Vec<JobId> {
    let mut jobs = Vec::new();
    for _ in 0..count / 20 {
        jobs.extend(rig.queue("scripted-image", 20).await);
    }
    jobs
}

/// How often each of these was claimed, in all.
async fn claims(rig: &Rig, jobs: &[JobId]) -> usize {
    let jobs: HashSet<&JobId> = jobs.iter().collect();
    rig.starts().await.iter().filter(|job| jobs.contains(job)).count()
}

/// How many messages were sent about these.
fn messages(wire: &Wire, jobs: &[JobId]) -> usize {
    let jobs: HashSet<&JobId> = jobs.iter().collect();
    let sent = wire.reached();
    let about = sent.iter().flat_map(Request::messages).map(|body| JobMessage::decode(&body).unwrap().job_id);
    about.filter(|job| jobs.contains(job)).count()
}

/// Waits until no more than so many are claimed in a while.
async fn until_held_back(rig: &Rig, jobs: &[JobId], but: usize) {
    eventually("they are held back", async || {
        let before = claims(rig, jobs).await;
        sleep(SECOND).await;
        let since = claims(rig, jobs).await - before;
        before > 0 && since <= but
    })
    .await;
}

async fn until_each_is_made_once(rig: &Rig, jobs: &[JobId]) {
    for job in jobs {
        rig.until(*job, Status::Succeeded).await;
        let events = rig.events(*job).await;
        assert_eq!(events.iter().filter(|name| **name == "job.succeeded").count(), 1, "{events:?}");
    }
    assert_eq!((rig.scripted.submits() - rig.scripted.refused()) as usize, jobs.len(), "each is paid once");
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_model_that_is_down_cost_nothing_while_another_of_its_provider_goes_on() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    rig.scripted.refuse(Some(PICTURES), down());
    let mut options = cautious(&rig, "one");
    options.queue.endpoint = Some(wire.endpoint());
    let worker = rig.run(options);
    let pictures = queue_pictures(&rig, 200).await;
    until_held_back(&rig, &pictures, 2).await;

    let before = (claims(&rig, &pictures).await, messages(&wire, &pictures), rig.scripted.refused());
    let mut clips = 0;
    while rig.scripted.refused() < before.2 + 3 || clips < 5 {
        let clip = rig.queue_one("scripted-video").await;
        rig.until(clip, Status::Succeeded).await;
        clips += 1;
    }
    let tried = (rig.scripted.refused() - before.2) as usize;
    // More may be on their way.
    let claimed = claims(&rig, &pictures).await - before.0;
    assert!(claimed <= tried + 3, "{claimed} claims while {tried} jobs tried");
    let sent = messages(&wire, &pictures) - before.1;
    assert!(sent <= tried + 3, "{sent} messages while {tried} jobs tried");
    for job in &pictures {
        assert_eq!(rig.job(*job).await.status, Status::Queued);
    }

    let cancelled = pictures[pictures.len() - 1];
    let spent = rig.spent().await;
    rig.cancel(cancelled).await;
    let job = rig.job(cancelled).await;
    assert_eq!(job.status, Status::Cancelled);
    assert_eq!(rig.spent().await, spent.checked_sub(job.cost).unwrap(), "its price is back at once");

    rig.scripted.recover();
    for job in &pictures[..pictures.len() - 1] {
        rig.until(*job, Status::Succeeded).await;
        let events = rig.events(*job).await;
        assert_eq!(events.iter().filter(|name| **name == "job.succeeded").count(), 1, "{events:?}");
    }
    worker.stop().await;
    let made = (rig.scripted.submits() - rig.scripted.refused()) as usize;
    assert_eq!(made, pictures.len() - 1 + clips, "each is paid once");
    assert_eq!(rig.events(cancelled).await.last(), Some(&"job.cancelled"));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_beyond_a_cap_cost_nothing_until_it_is_raised() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let offer = |cap| Arc::new(capped(rig.offer(), "scripted-image", cap));
    let (now, offered) = watch::channel(offer("2"));
    let mut options = capped_options(&rig, "one", offered);
    options.queue.endpoint = Some(wire.endpoint());
    let worker = rig.run(options);
    let jobs = queue_pictures(&rig, 60).await;
    until_held_back(&rig, &jobs, 0).await;
    let before = (claims(&rig, &jobs).await, messages(&wire, &jobs));
    // Several times as long as a job waits that is to look again.
    sleep(SECOND * 3).await;
    let other = rig.queue_one("sim-image").await;
    rig.until(other, Status::Succeeded).await;
    assert_eq!((claims(&rig, &jobs).await, messages(&wire, &jobs)), before, "nothing moves");
    assert_eq!(rig.scripted.submits(), 4);
    now.send_replace(offer("200"));
    until_each_is_made_once(&rig, &jobs).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_held_back_for_longer_than_it_may_wait_is_refunded() {
    let rig = Rig::start().await;
    let offer = capped(rig.offer(), "scripted-image", "0.4");
    let catalogue = catalogue_with("scripted-image", |model| {
        model.routes[0].cost_usd = Some("0.5".parse().unwrap());
        model.queue_timeout_seconds = Some(3);
    });
    let mut options = capped_options(&rig, "one", Offer { catalogue, ..offer }.fixed());
    options.timings.reconcile_every = SECOND / 5;
    let worker = rig.run(options);
    for job in rig.queue("scripted-image", 5).await {
        let failed = rig.until(job, Status::Failed).await;
        assert_eq!(failed.failure.unwrap().code, "queue_timeout");
    }
    worker.stop().await;
    assert!(rig.spent().await.is_zero());
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_dies_while_jobs_are_held_back_loses_none() {
    let rig = Rig::start().await;
    rig.scripted.refuse(Some(PICTURES), down());
    let first = rig.run(cautious(&rig, "first"));
    let jobs = queue_pictures(&rig, 60).await;
    until_held_back(&rig, &jobs, 2).await;
    let second = rig.run(cautious(&rig, "second"));
    first.kill().await;
    // It has to find out for itself, and then knows as much.
    until_held_back(&rig, &jobs, 2).await;
    rig.scripted.recover();
    until_each_is_made_once(&rig, &jobs).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_not_held_back_while_one_worker_can_make_them() {
    let rig = Rig::start().await;
    let out_of_order = SECOND * 3_600;
    let breaker = BreakerSettings { failures: 1, pause: out_of_order, longest_pause: out_of_order };
    rig.scripted.refuse(Some(PICTURES), down());
    let shut = rig.run(limited(&rig, "shut", Limits { breaker: Some(breaker), ..Limits::default() }));
    let tried = rig.queue_one("scripted-image").await;
    eventually("it is left alone", async || rig.scripted.refused() >= 1).await;
    rig.scripted.recover();
    until_held_back(&rig, &[tried], 0).await;
    assert_eq!(rig.job(tried).await.status, Status::Queued);
    let able = rig.run(limited(&rig, "able", Limits::default()));
    let asked = rig.scripted.submits();
    eventually("the other makes some", async || {
        rig.queue_one("scripted-image").await;
        rig.scripted.submits() > asked
    })
    .await;
    able.stop().await;
    shut.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_wait_for_the_next_call_of_a_slow_rate_and_then_go_one_by_one() {
    let rig = Rig::start().await;
    let rate = Rate { count: NonZeroU32::new(2).unwrap(), per: SECOND * 24 };
    let worker = rig.run(limited(&rig, "one", Limits { rate: Some(rate), ..Limits::default() }));
    let jobs = queue_pictures(&rig, 20).await;
    until_held_back(&rig, &jobs, 0).await;
    let before = claims(&rig, &jobs).await;
    let calls = rig.scripted.submits();
    eventually("the next call is made", async || rig.scripted.submits() >= calls + 2).await;
    let claimed = claims(&rig, &jobs).await - before;
    let made = (rig.scripted.submits() - calls) as usize;
    assert!(claimed <= made + 1, "{claimed} claims for {made} calls");
    worker.stop().await;
}
