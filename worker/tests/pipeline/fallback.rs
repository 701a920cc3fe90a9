//! Several routes to one model: who is asked, who is not, and who is asked again after something was lost.

use crate::rig::{OTHER_PROVIDER, Rig, SCRIPTED, catalogue_routing, catalogue_with, eventually};
use crate::scripted::Scripted;
use ledger::JobId;
use ledger::catalogue::{Catalogue, OnUnknown};
use ledger::job::{Billed, FailureClass, JobEvent, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use worker::provider::ProviderFailure;
use worker::{Offer, WorkerOptions};

fn down() -> ProviderFailure {
    ProviderFailure::transient("provider_unavailable", "it is down").billed(Billed::No)
}

fn busy() -> ProviderFailure {
    ProviderFailure::throttled("provider_busy", "slow down", None).billed(Billed::No)
}

fn refuse(provider: &Scripted, failure: ProviderFailure) {
    *provider.script.refusal.lock().unwrap() = Some(failure);
}

/// Options with both providers, and answers that count as lost soon.
fn both(rig: &Rig, other: &Scripted, name: &str) -> WorkerOptions {
    let mut options = rig.options(name);
    options.offer = rig.offer_with_other(other).fixed();
    options.timings.attempt = Duration::from_millis(500);
    options
}

/// The same with another catalogue.
fn with_catalogue(rig: &Rig, other: &Scripted, name: &str, catalogue: Arc<Catalogue>) -> WorkerOptions {
    let offer = Offer { catalogue, ..rig.offer_with_other(other) };
    WorkerOptions { offer: offer.fixed(), ..both(rig, other, name) }
}

/// What the log says of who was and who may be asked, event by event.
async fn told(rig: &Rig, id: JobId) -> Vec<String> {
    let told = rig.job_events(id).await;
    let told = told.iter().map(|event| match event {
        JobEvent::Started { providers, .. } => format!("may ask {}", providers.join(", ")),
        JobEvent::Submitted { provider, .. } => format!("submitted to {}", name(provider)),
        JobEvent::AttemptFailed { provider, failure, .. } => {
            format!("{} at {}", failure.code, name(provider))
        }
        JobEvent::Succeeded { provider, .. } => format!("made by {}", name(provider)),
        other => other.name().to_owned(),
    });
    told.collect()
}

fn name(provider: &Option<String>) -> &str {
    provider.as_deref().unwrap_or("nobody")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_before_any_work_is_passed_over_in_the_same_attempt() {
    let wrong_key = ProviderFailure::permanent("provider_auth", "the key is not valid");
    for refusal in [down(), busy(), wrong_key] {
        let (rig, other) = (Rig::start().await, Scripted::default());
        refuse(&rig.scripted, refusal);
        let worker = rig.run(both(&rig, &other, "one"));
        for model in ["either-image", "either-video"] {
            let id = rig.queue_one(model).await;
            let job = rig.until(id, Status::Succeeded).await;
            let told = told(&rig, id).await;
            assert_eq!(told[1], "may ask scripted, other");
            assert_eq!((told.last().unwrap().as_str(), job.attempts), ("made by other", 1), "{told:?}");
        }
        worker.stop().await;
        assert_eq!((rig.scripted.submits(), other.submits()), (2, 2));
        assert_eq!(rig.scripted.asked(), 0, "whoever has the clip is asked after it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_this_worker_lacks_is_passed_over() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    let catalogue = catalogue_routing("either-image", &["elsewhere", SCRIPTED]);
    let worker = rig.run(with_catalogue(&rig, &other, "one", catalogue));
    let id = rig.queue_one("either-image").await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let expected = ["job.queued", "may ask elsewhere, scripted", "made by scripted"];
    assert_eq!(told(&rig, id).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_asked_after_an_answer_was_lost() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    let worker = rig.run(both(&rig, &other, "one"));
    let id = rig.queue_one("either-video").await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let expected = [
        "job.queued",
        "may ask scripted, other",
        "provider_timeout at scripted",
        "may ask scripted, other",
        "submitted to scripted",
        "made by scripted",
    ];
    assert_eq!(told(&rig, id).await, expected);
    assert_eq!((rig.scripted.submits(), other.submits()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_asked_for_what_was_refused_for_good() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    refuse(&rig.scripted, ProviderFailure::permanent("content_refused", "not this one").billed(Billed::No));
    let worker = rig.run(both(&rig, &other, "one"));
    let id = rig.queue_one("either-image").await;
    let job = rig.until(id, Status::Failed).await;
    worker.stop().await;
    assert_eq!(job.failure.unwrap().code, "content_refused");
    assert_eq!((rig.scripted.submits(), other.submits()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_refuse_the_most_patient_refusal_counts() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    refuse(&rig.scripted, busy());
    refuse(&other, down());
    let worker = rig.run(both(&rig, &other, "one"));
    let id = rig.queue_one("either-image").await;
    eventually("it is tried again", async || other.submits() >= 2).await;
    *other.script.refusal.lock().unwrap() = None;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let events = rig.job_events(id).await;
    let failed = events.iter().filter_map(|event| match event {
        JobEvent::AttemptFailed { failure, provider, counted, .. } => {
            Some((failure.class, name(provider), *counted))
        }
        _ => None,
    });
    for failed in failed {
        assert_eq!(failed, (FailureClass::Throttled, SCRIPTED, false));
    }
    assert_eq!(job.attempts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_whose_answer_the_second_provider_lost_is_found_there() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    refuse(&rig.scripted, down());
    other.script.loses_answers.store(true, Ordering::SeqCst);
    let worker = rig.run(both(&rig, &other, "one"));
    let id = rig.queue_one("either-video").await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let told = told(&rig, id).await;
    assert!(told.contains(&"provider_timeout at other".to_owned()), "{told:?}");
    assert_eq!(told.last().unwrap(), "made by other");
    assert_eq!((rig.scripted.submits(), other.submits()), (1, 1), "each was asked once");
    assert_eq!(rig.scripted.script.finds.load(Ordering::SeqCst), 0, "it surely refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_worker_that_died_is_looked_for_at_all_that_it_may_have_asked() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    refuse(&rig.scripted, down());
    other.close();
    let short = |name: &str, catalogue| {
        let mut options = with_catalogue(&rig, &other, name, catalogue);
        options.timings.lease = Duration::from_secs(2);
        options.timings.attempt = Duration::from_millis(1_500);
        options.timings.store = Duration::from_millis(200);
        options.timings.reconcile_every = Duration::from_millis(200);
        options
    };
    let dying = rig.run(short("dying", catalogue_routing("either-video", &[SCRIPTED, OTHER_PROVIDER])));
    let id = rig.queue_one("either-video").await;
    eventually("the second provider is asked", async || other.waiting() == 1).await;
    dying.kill().await;
    other.open();
    // By now the model is made elsewhere, and the first provider takes work again.
    *rig.scripted.script.refusal.lock().unwrap() = None;
    let next = rig.run(short("next", catalogue_routing("either-video", &[SCRIPTED])));
    rig.until(id, Status::Succeeded).await;
    next.stop().await;
    assert_eq!(told(&rig, id).await.last().unwrap(), "made by other");
    assert_eq!((rig.scripted.submits(), other.submits()), (1, 1), "nothing is bought again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_is_asked_after_where_it_was_submitted_whatever_the_catalogue_says() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let before = rig.run(both(&rig, &other, "before"));
    let (id, stopped) = (rig.queue_one("either-video").await, rig.queue_one("either-video").await);
    rig.until_submitted(id).await;
    rig.until_submitted(stopped).await;
    before.stop().await;
    let turned = catalogue_routing("either-video", &[OTHER_PROVIDER, SCRIPTED]);
    let after = rig.run(with_catalogue(&rig, &other, "after", turned));
    let asked = rig.scripted.asked();
    eventually("it is asked after", async || rig.scripted.asked() > asked + 2).await;
    rig.cancel(stopped).await;
    eventually("its provider is told", async || rig.scripted.cancels() == 1).await;
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    rig.until(id, Status::Succeeded).await;
    after.stop().await;
    assert_eq!((other.asked(), other.cancels(), other.submits()), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_in_a_row_of_an_older_projector_is_asked_after_where_the_log_says() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let before = rig.run(both(&rig, &other, "before"));
    let id = rig.queue_one("either-video").await;
    eventually("it is polled", async || rig.scripted.asked() >= 1).await;
    before.stop().await;
    let older = "update pending_tasks set provider = 'other', provider_fencing = 1";
    assert_eq!(rig.owner().await.execute(older, &[]).await.unwrap(), 1);
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    let turned = catalogue_routing("either-video", &[OTHER_PROVIDER, SCRIPTED]);
    let after = rig.run(with_catalogue(&rig, &other, "after", turned));
    rig.until(id, Status::Succeeded).await;
    after.stop().await;
    assert_eq!(other.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_says_how_long_its_clips_may_take() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    *rig.scripted.script.deadline.lock().unwrap() = Duration::from_secs(3_600);
    let catalogue = catalogue_with("scripted-video", |model| model.timeout_seconds = Some(1));
    let mut options = with_catalogue(&rig, &other, "one", catalogue);
    options.policy.max_attempts = 1;
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    assert_eq!(job.failure.unwrap().code, "provider_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_says_what_becomes_of_work_of_which_nobody_can_tell() {
    for (on_unknown, status, submits) in
        [(OnUnknown::Again, Status::Succeeded, 2), (OnUnknown::Fail, Status::Failed, 1)]
    {
        let (rig, other) = (Rig::start().await, Scripted::default());
        let script = &rig.scripted.script;
        script.loses_answers.store(true, Ordering::SeqCst);
        script.cannot_tell.store(true, Ordering::SeqCst);
        let catalogue = catalogue_with("scripted-video", |model| model.on_unknown = on_unknown);
        let mut options = with_catalogue(&rig, &other, "one", catalogue);
        // Time to let the provider answer again.
        options.timings.unknown_grace = Duration::from_secs(2);
        let worker = rig.run(options);
        let id = rig.queue_one("scripted-video").await;
        eventually("its answer is lost", async || rig.events(id).await.contains(&"job.attempt_failed")).await;
        script.loses_answers.store(false, Ordering::SeqCst);
        let job = rig.until(id, status).await;
        worker.stop().await;
        assert_eq!(rig.scripted.submits(), submits, "{}", on_unknown.as_str());
        assert_eq!(job.charged.is_zero(), status == Status::Failed, "what fails is refunded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_that_changes_changes_what_is_made_from_then_on() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    let offer = |providers: &[&str]| {
        let catalogue = catalogue_routing("either-image", providers);
        Arc::new(Offer { catalogue, ..rig.offer_with_other(&other) })
    };
    let (now, offers) = watch::channel(offer(&["elsewhere"]));
    let mut options = both(&rig, &other, "one");
    options.offer = offers;
    options.policy.max_attempts = 1_000;
    let worker = rig.run(options);
    let id = rig.queue_one("either-image").await;
    let unavailable = async || {
        let failure = rig.job(id).await.failure;
        failure.is_some_and(|failure| failure.code == "model_unavailable")
    };
    eventually("nobody makes it", unavailable).await;
    now.send_replace(offer(&[OTHER_PROVIDER]));
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!((rig.scripted.submits(), other.submits()), (0, 1));
}
