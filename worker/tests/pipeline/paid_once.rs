//! No provider is paid twice for one attempt, whatever gets lost on the way.

use crate::rig::{Rig, catalogue_with, eventually};
use ledger::catalogue::OnUnknown;
use ledger::job::{Billed, JobCommand, JobEvent, RetryPolicy, Status};
use object_store::local::LocalFileSystem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use worker::provider::ProviderFailure;
use worker::{Offer, WorkerOptions};

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_of_which_the_provider_cannot_tell_waits_for_a_person() {
    let rig = Rig::start().await;
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    rig.scripted.script.cannot_tell.store(true, Ordering::SeqCst);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    let failure = job.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.billed), ("submit_unknown", Some(Billed::Unknown)));
    assert_eq!(rig.scripted.submits(), 1, "it was not sent blindly again");
}

/// Whether the provider is paid for the attempt that failed with this code, as the log tells.
fn billed(events: &[JobEvent], wanted: &str) -> Option<Option<Billed>> {
    events.iter().find_map(|event| match event {
        JobEvent::AttemptFailed { failure, .. } if failure.code == wanted => Some(failure.billed),
        _ => None,
    })
}

/// Else it would be refunded as soon as it is overdue, and the provider paid all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_submit_stays_unknown_while_nobody_can_look_it_up() {
    let rig = Rig::start().await;
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    options.timings.unknown_grace = Duration::from_secs(3);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    let lost = async || !failures(&rig.job_events(id).await).is_empty();
    eventually("its answer is lost", lost).await;
    // The relay knows when it is due, and needs nothing more of the log.
    rig.until_relayed().await;
    let owner = rig.owner().await;
    owner.batch_execute("revoke select on events from cooly_reader").await.unwrap();
    let failed = "select count(*) from events where stream_id = $1 and type = 'job.attempt_failed'";
    let again = async || owner.query_one(failed, &[&id.0]).await.unwrap().get::<_, i64>(0) >= 2;
    eventually("it cannot be looked up", again).await;
    owner.batch_execute("grant select on events to cooly_reader").await.unwrap();
    let told = billed(&rig.job_events(id).await, "log_unavailable");
    assert_eq!(told, Some(Some(Billed::Unknown)), "{:?}", failures(&rig.job_events(id).await));
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_submit_stays_unknown_when_asking_after_it_is_cut_off() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    script.loses_answers.store(true, Ordering::SeqCst);
    *script.find_delay.lock().unwrap() = Duration::from_secs(3);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    options.policy = RetryPolicy { max_attempts: 100, ..options.policy };
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    // Of those that asked for the work, and of those that asked nobody for it and had time to look it up.
    let billed = async |has_asked: bool| {
        let events = rig.job_events(id).await;
        let failed = events.into_iter().filter_map(|event| match event {
            JobEvent::AttemptFailed { failure, provider, .. } if failure.code == "provider_timeout" => {
                (provider.is_some() == has_asked).then_some(failure.billed)
            }
            _ => None,
        });
        failed.collect::<Vec<_>>()
    };
    eventually("asking is cut off", async || !billed(false).await.is_empty()).await;
    assert_eq!(billed(true).await, [Some(Billed::Unknown)]);
    assert!(billed(false).await.iter().all(|billed| *billed == Some(Billed::Unknown)));
    *script.find_delay.lock().unwrap() = Duration::ZERO;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}

/// The provider could not tell, so a person decided, and it turns out that it had the work.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_finds_what_an_earlier_run_had_sent() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    for is_so in [&script.loses_answers, &script.cannot_tell] {
        is_so.store(true, Ordering::SeqCst);
    }
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    rig.until(id, Status::Dead).await;
    script.cannot_tell.store(false, Ordering::SeqCst);
    rig.ask(id, JobCommand::Retry { run: Some(1), reason: None }).await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1, "it was not bought again");
}

/// A person has decided, and may: else nothing but a refund would be left.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_goes_on_where_nobody_can_tell_of_the_earlier_run() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    for is_so in [&script.loses_answers, &script.cannot_tell] {
        is_so.store(true, Ordering::SeqCst);
    }
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    rig.until(id, Status::Dead).await;
    script.loses_answers.store(false, Ordering::SeqCst);
    let silent = ProviderFailure::transient("provider_error", "it broke");
    *script.find_error.lock().unwrap() = Some(silent);
    rig.ask(id, JobCommand::Retry { run: Some(1), reason: None }).await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_work_that_nobody_can_ask_after_uses_up_no_attempt() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    script.loses_answers.store(true, Ordering::SeqCst);
    let refusal = ProviderFailure::permanent("provider_auth", "the key is not valid");
    *script.find_error.lock().unwrap() = Some(refusal);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    options.policy = RetryPolicy { max_attempts: 2, ..options.policy };
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    let asked_or_ended =
        async || script.finds.load(Ordering::SeqCst) >= 4 || rig.job(id).await.status.is_finished();
    eventually("it is asked after again and again", asked_or_ended).await;
    *script.find_error.lock().unwrap() = None;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_nearly_over_is_handed_back_before_the_provider_is_paid() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    rig.scripted.close();
    *script.find_delay.lock().unwrap() = Duration::from_millis(1_500);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_secs(2);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    // The first attempt is cut off, so the second asks after it, and has little time left by then.
    let late = async || failures(&rig.job_events(id).await).contains(&"claim_late".to_owned());
    eventually("an attempt is late", late).await;
    assert_eq!(rig.scripted.submits(), 1, "it was not begun");
    *script.find_delay.lock().unwrap() = Duration::ZERO;
    rig.scripted.open();
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!((job.attempts, rig.scripted.submits()), (2, 2), "being late costs no attempt");
}

/// The codes of the attempts that failed, in order.
fn failures(events: &[JobEvent]) -> Vec<String> {
    let failed = events.iter().filter_map(|event| match event {
        JobEvent::AttemptFailed { failure, .. } => Some(failure.code.clone()),
        _ => None,
    });
    failed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_was_found_and_failed_is_not_found_again() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    script.loses_answers.store(true, Ordering::SeqCst);
    script.ready.store(false, Ordering::SeqCst);
    let mut options = rig.options("one");
    options.timings.attempt = Duration::from_millis(300);
    options.policy = RetryPolicy { max_attempts: 5, ..options.policy };
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    rig.until_submitted(id).await;
    script.loses_answers.store(false, Ordering::SeqCst);
    *script.failure.lock().unwrap() = Some(ProviderFailure::transient("provider_error", "it broke"));
    script.ready.store(true, Ordering::SeqCst);
    let again = async || rig.scripted.submits() == 2;
    eventually("the work is asked for anew", again).await;
    *script.failure.lock().unwrap() = None;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(tasks(&rig.job_events(id).await).len(), rig.scripted.submits() as usize, "each task once");
}

/// The tasks that were recorded; none of them twice.
fn tasks(events: &[JobEvent]) -> Vec<&str> {
    let mut tasks: Vec<&str> = Vec::new();
    for event in events {
        if let JobEvent::Submitted { provider_task_id, .. } = event {
            assert!(!tasks.contains(&provider_task_id.as_str()), "{provider_task_id} was recorded twice");
            tasks.push(provider_task_id);
        }
    }
    tasks
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_accepted_after_its_job_was_cancelled_is_stopped() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    eventually("the submit is on its way", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    rig.scripted.open();
    eventually("the provider is told", async || rig.scripted.cancels() >= 1).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.cancelled"]);
}

/// A worker whose outputs go to a folder that cannot be written to until it is mended.
struct BrokenStore {
    folder: PathBuf,
}

impl BrokenStore {
    fn give_to(options: &mut WorkerOptions) -> BrokenStore {
        let folder = std::env::temp_dir().join(format!("cooly-outputs-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(blocked(&folder), "a file where a folder should be").unwrap();
        options.outputs = Arc::new(LocalFileSystem::new_with_prefix(&folder).unwrap());
        BrokenStore { folder }
    }

    fn mend(&self) {
        std::fs::remove_file(blocked(&self.folder)).unwrap();
    }
}

impl Drop for BrokenStore {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn blocked(folder: &Path) -> PathBuf {
    folder.join("outputs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_stored_is_stored_later_and_not_bought_again() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    let store = BrokenStore::give_to(&mut options);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    eventually("it is made", async || rig.scripted.submits() == 1).await;
    // Long enough for several tries.
    tokio::time::sleep(Duration::from_secs(2)).await;
    store.mend();
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.succeeded"]);
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_stored_in_time_waits_for_a_person() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.timings.store = Duration::from_millis(500);
    options.timings.attempt = Duration::from_millis(500);
    options.timings.lease = Duration::from_secs(3);
    let _store = BrokenStore::give_to(&mut options);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    let failure = job.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.billed), ("output_store_unavailable", Some(Billed::Yes)));
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_cannot_be_stored_stays_due_and_uses_up_no_attempt() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    let store = BrokenStore::give_to(&mut options);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    let asked = async || !rig.scripted.script.polls.lock().unwrap().is_empty();
    eventually("it is made", asked).await;
    store.mend();
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.submitted", "job.succeeded"]);
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_its_provider_forgot_is_bought_again_only_where_the_model_says_so() {
    for (on_unknown, status, submits) in [
        (OnUnknown::Person, Status::Dead, 1),
        (OnUnknown::Fail, Status::Failed, 1),
        (OnUnknown::Again, Status::Dead, 3),
    ] {
        let rig = Rig::start().await;
        rig.scripted.script.gone.store(true, Ordering::SeqCst);
        let catalogue = catalogue_with("scripted-video", |model| model.on_unknown = on_unknown);
        let mut options = rig.options("one");
        options.offer = Offer { catalogue, ..rig.offer() }.fixed();
        let worker = rig.run(options);
        let id = rig.queue_one("scripted-video").await;
        let job = rig.until(id, status).await;
        worker.stop().await;
        let failure = job.failure.unwrap();
        assert_eq!((failure.code.as_str(), failure.billed), ("task_gone", Some(Billed::Unknown)));
        assert_eq!(rig.scripted.submits(), submits, "{}", on_unknown.as_str());
    }
}
