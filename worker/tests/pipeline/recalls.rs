//! Work that nobody waits for any more: its provider is told to stop until it confirms, whoever has stopped, died or
//! changed their mind meanwhile.

use crate::rig::{Rig, eventually};
use ledger::JobId;
use ledger::job::{JobCommand, JobEvent, Status};
use std::sync::atomic::Ordering;
use std::time::Duration;
use webhooks::{Reference, Signal, signals};
use worker::WorkerOptions;
use worker::provider::ProviderFailure;
use worker::queue::Source;

fn unreachable() -> ProviderFailure {
    ProviderFailure::transient("provider_unreachable", "nobody answers")
}

/// A clip that its provider works on and will not finish.
async fn clip_under_way(rig: &Rig) -> JobId {
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let id = rig.queue_one("scripted-video").await;
    rig.until_submitted(id).await;
    id
}

async fn task_of(rig: &Rig, id: JobId) -> String {
    let submitted = rig.job_events(id).await.into_iter().rev().find_map(|event| match event {
        JobEvent::Submitted { provider_task_id, .. } => Some(provider_task_id),
        _ => None,
    });
    submitted.expect("a provider took it")
}

async fn open(rig: &Rig) -> i64 {
    let client = rig.reader().await;
    client.query_one("select count(*) from recalls", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_was_cancelled_while_no_worker_ran_is_stopped_by_the_next_one() {
    let rig = Rig::start().await;
    let before = rig.worker("before");
    let id = clip_under_way(&rig).await;
    let task = task_of(&rig, id).await;
    before.stop().await;
    rig.cancel(id).await;

    let after = rig.worker("after");
    eventually("the provider is told", async || rig.scripted.stopped() == [task.clone()]).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    after.stop().await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_whose_user_cancels_it_late_is_stopped_and_keeps_its_share_and_the_next_run_is_made() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let id = rig.queue_under("scripted-video", "50%").await;
    rig.until_submitted(id).await;
    let first = task_of(&rig, id).await;
    let price = rig.job(id).await.charged;
    rig.ask(id, JobCommand::CancelByUser { max_kept: None }).await;
    eventually("the provider is told", async || rig.scripted.stopped() == [first.clone()]).await;
    let kept = rig.job(id).await.charged_in_all();
    assert_eq!(kept.checked_add(kept), Some(price));

    rig.ask(id, JobCommand::Rerun).await;
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.job(id).await.charged_in_all(), kept.checked_add(price).unwrap());
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_was_cancelled_and_asked_for_again_is_stopped_in_its_first_run_alone() {
    let rig = Rig::start().await;
    let before = rig.worker("before");
    let id = clip_under_way(&rig).await;
    let first = task_of(&rig, id).await;
    before.stop().await;
    rig.cancel(id).await;
    rig.ask(id, JobCommand::Rerun).await;

    let after = rig.worker("after");
    eventually("the second run is submitted", async || task_of(&rig, id).await != first).await;
    eventually("the provider is told", async || rig.scripted.stopped() == [first.clone()]).await;
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    rig.until(id, Status::Succeeded).await;
    after.stop().await;
    assert_eq!(rig.scripted.stopped(), [first]);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_told_again_until_it_confirms() {
    let rig = Rig::start().await;
    *rig.scripted.script.cancel_error.lock().unwrap() = Some(unreachable());
    let before = rig.worker("before");
    let id = clip_under_way(&rig).await;
    let task = task_of(&rig, id).await;
    rig.cancel(id).await;
    eventually("it is told in vain, twice", async || rig.scripted.cancels() >= 2).await;
    before.kill().await;
    assert_eq!(open(&rig).await, 1, "it is not forgotten with its worker");

    *rig.scripted.script.cancel_error.lock().unwrap() = None;
    let after = rig.worker("after");
    eventually("the next worker tells it", async || rig.scripted.stopped() == [task.clone()]).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    after.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_after_the_cancellation_is_stopped_even_if_the_provider_is_away_at_first() {
    let rig = Rig::start().await;
    rig.scripted.close();
    *rig.scripted.script.cancel_error.lock().unwrap() = Some(unreachable());
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    eventually("the provider was asked", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    rig.scripted.open();
    eventually("it is told in vain", async || rig.scripted.cancels() >= 1).await;
    *rig.scripted.script.cancel_error.lock().unwrap() = None;
    // By its name, which was told too late, and by our name for the attempt: once more does no harm.
    eventually("it is told", async || !rig.scripted.stopped().is_empty()).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_is_late_is_stopped() {
    let rig = Rig::start().await;
    *rig.scripted.script.deadline.lock().unwrap() = Duration::from_secs(1);
    let worker = rig.worker("one");
    let id = clip_under_way(&rig).await;
    let first = task_of(&rig, id).await;
    eventually("the provider is told", async || rig.scripted.stopped().first() == Some(&first)).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_ended_itself_needs_no_word() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    let worker = rig.worker("one");
    let made = rig.queue_one("scripted-video").await;
    rig.until(made, Status::Succeeded).await;
    *script.failure.lock().unwrap() = Some(ProviderFailure::permanent("content_refused", "not this one"));
    let refused = rig.queue_one("scripted-video").await;
    rig.until(refused, Status::Failed).await;
    *script.failure.lock().unwrap() = None;
    let cancelled = clip_under_way(&rig).await;
    let task = task_of(&rig, cancelled).await;
    rig.cancel(cancelled).await;
    eventually("the cancelled one is stopped", async || !rig.scripted.stopped().is_empty()).await;
    worker.stop().await;
    assert_eq!(rig.scripted.stopped(), [task], "the log was followed past all three");
}

/// A worker whose attempts last longer than a test waits.
fn patient(rig: &Rig, name: &str) -> WorkerOptions {
    let mut options = rig.options(name);
    options.concurrency = 1;
    options.timings.attempt = Duration::from_secs(600);
    options.timings.lease = Duration::from_secs(1_800);
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_cancelled_while_it_is_made_is_let_go_and_its_slot_is_free() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let worker = rig.run(patient(&rig, "one"));
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    eventually("nobody waits for it any more", async || rig.scripted.waiting() == 0).await;
    let next = rig.queue_one("sim-image").await;
    rig.until(next, Status::Succeeded).await;
    let queues = rig.queues().await;
    let is_empty = async || {
        let depth = queues.depth(Source::Jobs).await.unwrap();
        depth.visible + depth.in_flight == 0
    };
    eventually("its message is deleted", is_empty).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.cancelled"]);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_without_an_answer_before_the_cancellation_is_stopped() {
    let rig = Rig::start().await;
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    let worker = rig.run(patient(&rig, "one"));
    let id = rig.queue_one("scripted-video").await;
    eventually("the provider has it", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    eventually("the provider is told", async || !rig.scripted.stopped().is_empty()).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_the_cancellation_is_heard_where_it_cannot_be_asked_for() {
    let rig = Rig::start().await;
    rig.scripted.script.cannot_tell.store(true, Ordering::SeqCst);
    rig.scripted.close();
    let mut options = patient(&rig, "one");
    options.timings.late_answer = Duration::from_secs(600);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-video").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    // The only slot is free again, so the attempt was cut off.
    let next = rig.queue_one("sim-image").await;
    rig.until(next, Status::Succeeded).await;
    rig.scripted.open();
    eventually("the provider is told", async || rig.scripted.stopped() == [format!("task-{id}-1-2")]).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_had_sent_is_stopped_when_its_job_is_cancelled() {
    let rig = Rig::start().await;
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    let before = rig.run(patient(&rig, "before"));
    let id = rig.queue_one("scripted-video").await;
    eventually("the provider has it", async || rig.scripted.waiting() == 1).await;
    before.kill().await;
    rig.cancel(id).await;
    let after = rig.worker("after");
    eventually("the provider is told", async || !rig.scripted.stopped().is_empty()).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    after.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_report_can_name_is_stopped_once_it_is_reported() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    for is_so in [&script.loses_answers, &script.cannot_tell, &script.reports] {
        is_so.store(true, Ordering::SeqCst);
    }
    let worker = rig.run(patient(&rig, "one"));
    let id = rig.queue_one("scripted-video").await;
    eventually("the provider has it", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    eventually("it is asked twice", async || script.finds.load(Ordering::SeqCst) >= 2).await;
    let signal = Signal {
        provider: "scripted".into(),
        event_id: "first".into(),
        account_id: rig.account,
        reference: Reference { job_id: id, run: 1, fencing: 2 },
        task_id: "reported".into(),
    };
    signals::note(&rig.owner().await, &signal).await.unwrap();
    eventually("the provider is told", async || rig.scripted.stopped() == ["reported"]).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_nobody_knows_is_asked_for_two_days_and_no_longer() {
    let rig = Rig::start().await;
    let add = "insert into recalls (account_id, job_id, provider_task_id, provider, model, recorded_at)
        values ($1, $1, 'old', 'nobody', 'scripted-video', now() - interval '49 hours'),
            ($1, $1, 'young', 'nobody', 'scripted-video', now() - interval '47 hours')";
    rig.owner().await.execute(add, &[&rig.account.0]).await.unwrap();
    let worker = rig.worker("one");
    let reader = rig.reader().await;
    eventually("only the young one is asked about again", async || {
        let rows = reader.query("select provider_task_id, tries > 0 from recalls", &[]).await.unwrap();
        rows.iter().map(|row| (row.get::<_, &str>(0), row.get(1))).eq([("young", true)])
    })
    .await;
    worker.stop().await;
}

/// It may be on its way when it is asked after for the first time.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_provider_does_not_know_yet_is_asked_after_once_more() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let worker = rig.run(patient(&rig, "one"));
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    rig.cancel(id).await;
    let asked = async || rig.scripted.script.finds.load(Ordering::SeqCst) == 2;
    eventually("it is asked after twice", asked).await;
    eventually("nothing is left to be told", async || open(&rig).await == 0).await;
    worker.stop().await;
    assert_eq!(rig.scripted.cancels(), 0);
}
