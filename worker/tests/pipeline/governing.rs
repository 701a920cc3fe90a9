//! How hard providers are asked: those that fail are left alone, and nothing that was not sent uses up an attempt.

use crate::rig::{Rig, SCRIPTED, catalogue_with, eventually};
use crate::scripted::Scripted;
use ledger::JobId;
use ledger::job::{Billed, JobEvent, Status};
use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use worker::provider::ProviderFailure;
use worker::{BreakerSettings, Limits, Offer, Rate, WorkerOptions};

const FOR_EVER: Duration = Duration::from_secs(3_600);

fn limited(rig: &Rig, offer: Offer, limits: Limits) -> WorkerOptions {
    let limits = [(SCRIPTED.to_owned(), limits)].into();
    WorkerOptions { offer: Offer { limits, ..offer }.fixed(), ..rig.options("one") }
}

fn breaker(failures: u32, pause: Duration) -> Limits {
    let breaker = Some(BreakerSettings { failures, pause, longest_pause: pause });
    Limits { breaker, ..Limits::default() }
}

fn refuse(provider: &Scripted, failure: ProviderFailure) {
    *provider.script.refusal.lock().unwrap() = Some(failure);
}

/// How often the job failed like this, and whether any of that used up an attempt.
async fn failed(rig: &Rig, id: JobId, wanted: &str) -> (usize, bool) {
    let events = rig.job_events(id).await;
    let counted = events.iter().filter_map(|event| match event {
        JobEvent::AttemptFailed { failure, counted, .. } if failure.code == wanted => Some(*counted),
        _ => None,
    });
    let counted: Vec<bool> = counted.collect();
    (counted.len(), counted.contains(&true))
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_provider_that_is_down_wait_without_using_up_attempts_and_are_made_when_it_is_back() {
    let rig = Rig::start().await;
    let down = ProviderFailure::transient("provider_unavailable", "it is down").billed(Billed::No);
    refuse(&rig.scripted, down);
    // One after the other, so that most are not even sent when it is left alone.
    let options = limited(&rig, rig.offer(), breaker(2, Duration::from_secs(1)));
    let worker = rig.run(WorkerOptions { concurrency: 1, ..options });
    let ids = rig.queue("scripted-image", 6).await;
    eventually("it is left alone", async || rig.scripted.refused() >= 2).await;
    rig.scripted.recover();
    let mut never_failed = 0;
    for id in ids {
        eventually("it ends", async || rig.job(id).await.status.is_finished()).await;
        let job = rig.job(id).await;
        assert!(!failed(&rig, id, "provider_paused").await.1, "a pause used up an attempt");
        if failed(&rig, id, "provider_unavailable").await.0 == 0 {
            assert_eq!((job.status, job.attempts), (Status::Succeeded, 1));
            never_failed += 1;
        }
    }
    worker.stop().await;
    assert!(never_failed >= 1, "some job was spared");
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_uses_up_no_attempt_and_other_providers_go_on() {
    let rig = Rig::start().await;
    let other = Scripted::default();
    refuse(&rig.scripted, ProviderFailure::throttled("provider_auth", "the key is wrong", None));
    let worker = rig.run(limited(&rig, rig.offer_with_other(&other), breaker(5, FOR_EVER)));
    let locked_out = rig.queue("scripted-image", 3).await;
    eventually("one was refused", async || rig.scripted.submits() >= 1).await;
    for id in rig.queue("other-video", 3).await {
        rig.until(id, Status::Succeeded).await;
    }
    let submits = rig.scripted.submits();
    eventually("each was refused or not even sent", async || {
        let mut waiting = 0;
        for id in &locked_out {
            let (refused, paused) =
                (failed(&rig, *id, "provider_auth").await.0, failed(&rig, *id, "provider_paused").await.0);
            waiting += usize::from(refused + paused > 0);
        }
        waiting == locked_out.len()
    })
    .await;
    for id in &locked_out {
        assert_eq!(rig.job(*id).await.attempts, 0);
    }
    assert_eq!(rig.scripted.submits(), submits, "nobody knocks again before the pause is over");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_goes_to_its_next_route_while_its_first_provider_is_left_alone() {
    let rig = Rig::start().await;
    let other = Scripted::default();
    let down = ProviderFailure::transient("provider_unavailable", "it is down").billed(Billed::No);
    refuse(&rig.scripted, down);
    let worker = rig.run(limited(&rig, rig.offer_with_other(&other), breaker(1, FOR_EVER)));
    for _ in 0..5 {
        let id = rig.queue_one("either-image").await;
        let job = rig.until(id, Status::Succeeded).await;
        assert_eq!(job.attempts, 1);
    }
    worker.stop().await;
    assert_eq!((rig.scripted.submits(), other.submits()), (1, 5), "the first was asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_calls_are_under_way_than_a_provider_may_have() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let limits = Limits { concurrency: NonZeroU32::new(2), ..Limits::default() };
    let worker = rig.run(limited(&rig, rig.offer(), limits));
    let ids = rig.queue("scripted-image", 6).await;
    eventually("two are under way", async || rig.scripted.waiting() == 2).await;
    eventually("the others were put back", async || {
        let mut paused = 0;
        for id in &ids {
            paused += usize::from(failed(&rig, *id, "provider_paused").await.0 > 0);
        }
        paused == 4
    })
    .await;
    assert_eq!(rig.scripted.submits(), 2);
    rig.scripted.open();
    for id in ids {
        rig.until(id, Status::Succeeded).await;
    }
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 6, "each was bought once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_asked_no_more_often_than_it_may_be() {
    let rig = Rig::start().await;
    let rate = Rate { count: NonZeroU32::new(2).unwrap(), per: FOR_EVER };
    let worker = rig.run(limited(&rig, rig.offer(), Limits { rate: Some(rate), ..Limits::default() }));
    let ids = rig.queue("scripted-image", 5).await;
    eventually("two are made and three wait", async || {
        let (mut made, mut paused) = (0, 0);
        for id in &ids {
            made += usize::from(rig.job(*id).await.status == Status::Succeeded);
            paused += usize::from(failed(&rig, *id, "provider_paused").await.0 > 0);
        }
        (made, paused) == (2, 3)
    })
    .await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_made_in_time_is_refunded() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let catalogue = catalogue_with("scripted-image", |model| model.queue_timeout_seconds = Some(2));
    let mut options = rig.options("one");
    options.offer = Offer { catalogue, ..rig.offer() }.fixed();
    options.concurrency = 1;
    options.timings.reconcile_every = Duration::from_millis(200);
    let worker = rig.run(options);
    let begun = rig.queue_one("scripted-image").await;
    eventually("the first is begun", async || rig.scripted.waiting() == 1).await;
    let spent = rig.spent().await;
    let late = rig.queue("scripted-image", 3).await;
    for id in &late {
        let job = rig.until(*id, Status::Failed).await;
        assert_eq!(job.failure.unwrap().code, "queue_timeout");
    }
    assert_eq!(rig.job(begun).await.status, Status::Running, "what is worked on is left alone");
    assert_eq!(rig.spent().await, spent, "they cost nothing");
    rig.scripted.open();
    rig.until(begun, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.script.submits.load(Ordering::SeqCst), 1);
    rig.verify().await;
}
