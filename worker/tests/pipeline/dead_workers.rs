//! Workers that die or fall silent: what they had goes on elsewhere at once, and is paid for once.

use crate::poison::send_raw;
use crate::rig::{Rig, Running, catalogue_with, eventually};
use ledger::JobId;
use ledger::catalogue::OnUnknown;
use ledger::job::{JobCommand, JobEvent, RetryPolicy, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use worker::WorkerOptions;
use worker::provider::ProviderFailure;
use worker::queue::Source;

/// Far beyond the time that a test waits: whoever waits for the end of a lease fails.
const LONG_LEASE: Duration = Duration::from_secs(3_600);

/// A worker that is taken for gone after a second, and whose claims last for an hour.
fn options(rig: &Rig, name: &str) -> WorkerOptions {
    let mut options = rig.options(name);
    options.timings.lease = LONG_LEASE;
    options.timings.here_every = Duration::from_millis(50);
    options.timings.silence = Duration::from_secs(1);
    options
}

fn worker(rig: &Rig, name: &str) -> Running {
    rig.run(options(rig, name))
}

async fn holds(rig: &Rig, condition: &str) -> bool {
    let query = format!("select exists (select from workers where {condition})");
    rig.reader().await.query_one(&query, &[]).await.unwrap().get(0)
}

/// Waits until the worker of this name says that it is here.
async fn until_here(rig: &Rig, name: &str) {
    let here = format!("identity like '{name}-%' and gone_at is null");
    eventually("the worker is on the roll", async || holds(rig, &here).await).await;
}

/// Ends it without any farewell, and waits until nothing of it is left.
async fn kill(rig: &Rig, worker: Running) {
    worker.kill().await;
    eventually("its calls are cut off", async || rig.scripted.waiting() == 0).await;
}

/// From now on workers of this name are not heard, until [`heard`].
async fn silence(rig: &Rig, name: &str) {
    let deaf = format!(
        "create function not_heard() returns trigger language plpgsql as $$begin raise 'not heard'; end$$;
        create trigger not_heard before insert or update on workers for each row
            when (new.identity like '{name}-%' and new.gone_at is null) execute function not_heard()"
    );
    rig.owner().await.batch_execute(&deaf).await.unwrap();
}

async fn heard(rig: &Rig) {
    rig.owner().await.batch_execute("drop trigger not_heard on workers").await.unwrap();
}

/// The codes of the attempts that failed, in order.
fn failures(events: &[JobEvent]) -> Vec<String> {
    let failed = events.iter().filter_map(|event| match event {
        JobEvent::AttemptFailed { failure, .. } => Some(failure.code.clone()),
        _ => None,
    });
    failed.collect()
}

/// Who claimed a job, in order, without what makes their names unique.
fn claimants(events: &[JobEvent]) -> Vec<String> {
    let started = events.iter().filter_map(|event| match event {
        JobEvent::Started { worker, .. } => Some(worker.rsplit_once('-').unwrap().0.to_owned()),
        _ => None,
    });
    started.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_died_runs_again_long_before_its_lease_ends() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let first = worker(&rig, "first");
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    let second = worker(&rig, "second");
    until_here(&rig, "second").await;
    kill(&rig, first).await;
    rig.scripted.open();
    let job = rig.until(id, Status::Succeeded).await;
    second.stop().await;
    let events = rig.job_events(id).await;
    let names: Vec<_> = events.iter().map(JobEvent::name).collect();
    assert_eq!(names, ["job.queued", "job.started", "job.attempt_failed", "job.started", "job.succeeded"]);
    let JobEvent::AttemptFailed { failure, counted, .. } = &events[2] else { unreachable!("by its name") };
    assert_eq!((failure.code.as_str(), *counted, job.attempts), ("worker_lost", true, 2));
    assert_eq!(rig.spent().await, job.cost);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_had_sent_is_found_and_not_bought_again() {
    let rig = Rig::start().await;
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
    let first = worker(&rig, "first");
    let id = rig.queue_one("scripted-video").await;
    eventually("the provider has it", async || rig.scripted.waiting() == 1).await;
    kill(&rig, first).await;
    let second = worker(&rig, "second");
    rig.until(id, Status::Succeeded).await;
    second.stop().await;
    assert_eq!(rig.scripted.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_tell_what_a_dead_worker_had_sent_a_person_decides() {
    let rig = Rig::start().await;
    rig.scripted.script.cannot_tell.store(true, Ordering::SeqCst);
    rig.scripted.close();
    let first = worker(&rig, "first");
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    kill(&rig, first).await;
    let second = worker(&rig, "second");
    let job = rig.until(id, Status::Dead).await;
    second.stop().await;
    assert_eq!((job.failure.unwrap().code.as_str(), rig.scripted.submits()), ("submit_unknown", 1));
}

/// Waits until the worker of this name looks after the others.
async fn until_judge(rig: &Rig, name: &str) {
    let owner = "select owner from leases where name = 'reconciler'";
    let reader = rig.reader().await;
    eventually("it leads the reconciler", async || {
        let rows = reader.query(owner, &[]).await.unwrap();
        rows.first().is_some_and(|row| row.get::<_, String>(0).starts_with(&format!("{name}-")))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_from_a_silent_worker_when_its_job_has_other_work_is_stopped() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    script.cannot_tell.store(true, Ordering::SeqCst);
    script.ready.store(false, Ordering::SeqCst);
    let again = |name: &str| {
        let mut options = options(&rig, name);
        // It shall not be told by anybody else, and its only slot stays taken.
        options.timings.look_every = LONG_LEASE;
        options.concurrency = 1;
        let mut offer = worker::Offer::clone(&options.offer.borrow());
        offer.catalogue = catalogue_with("scripted-video", |model| model.on_unknown = OnUnknown::Again);
        options.offer = offer.fixed();
        rig.run(options)
    };
    rig.scripted.close();
    let judge = again("judge");
    until_judge(&rig, "judge").await;
    let picture = rig.queue_one("scripted-image").await;
    eventually("the slot of the judge is taken", async || rig.scripted.waiting() == 1).await;
    let silent = again("silent");
    let id = rig.queue_one("scripted-video").await;
    eventually("the other one asks the provider", async || rig.scripted.waiting() == 2).await;
    let third = again("third");
    until_here(&rig, "third").await;
    // Whoever waits at the gate goes on doing so.
    script.gated.store(false, Ordering::SeqCst);
    silence(&rig, "silent").await;
    rig.until_submitted(id).await;
    rig.scripted.open();
    eventually("the first one is stopped", async || rig.scripted.stopped() == [format!("task-{id}-1-2")])
        .await;
    script.ready.store(true, Ordering::SeqCst);
    for job in [id, picture] {
        rig.until(job, Status::Succeeded).await;
    }
    heard(&rig).await;
    for worker in [judge, silent, third] {
        worker.stop().await;
    }
}

/// Its lease of the reconciler does not lapse: it renews that as it does everything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_not_heard_lets_another_one_look_after_the_others() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let unheard = rig.run(WorkerOptions { concurrency: 1, ..options(&rig, "unheard") });
    until_judge(&rig, "unheard").await;
    let _busy = rig.queue_one("scripted-image").await;
    eventually("its slot is taken", async || rig.scripted.waiting() == 1).await;
    let dies = worker(&rig, "dies");
    let id = rig.queue_one("scripted-image").await;
    eventually("the other one asks the provider", async || rig.scripted.waiting() == 2).await;
    let heir = worker(&rig, "heir");
    until_here(&rig, "heir").await;
    silence(&rig, "unheard").await;
    dies.kill().await;
    rig.scripted.open();
    until_judge(&rig, "heir").await;
    rig.until(id, Status::Succeeded).await;
    heard(&rig).await;
    unheard.stop().await;
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_has_stays_there_when_its_worker_dies() {
    let rig = Rig::start().await;
    rig.scripted.script.ready.store(false, Ordering::SeqCst);
    let first = worker(&rig, "first");
    let clip = rig.queue_one("scripted-video").await;
    rig.until_submitted(clip).await;
    rig.scripted.close();
    let image = rig.queue_one("scripted-image").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    kill(&rig, first).await;
    rig.scripted.open();
    let second = worker(&rig, "second");
    rig.until(image, Status::Succeeded).await;
    assert_eq!(rig.events(clip).await, ["job.queued", "job.started", "job.submitted"]);
    rig.scripted.script.ready.store(true, Ordering::SeqCst);
    rig.until(clip, Status::Succeeded).await;
    second.stop().await;
    assert_eq!(claimants(&rig.job_events(clip).await), ["first"]);
}

/// As if it had been stopped between its claim and its call to the provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_silent_for_too_long_sends_nothing_when_it_wakes() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    let busy = rig.run(WorkerOptions { concurrency: 1, ..options(&rig, "busy") });
    rig.scripted.close();
    let other = rig.queue_one("scripted-image").await;
    eventually("the one slot of the first worker is taken", async || rig.scripted.waiting() == 1).await;
    // The first attempt fails, so the second asks after it before it sends anything, and that takes long.
    *script.refusal.lock().unwrap() = Some(ProviderFailure::transient("provider_error", "it broke"));
    *script.find_delay.lock().unwrap() = Duration::from_secs(4);
    let mut sleepy = options(&rig, "sleepy");
    // It shall not be told by anybody else.
    sleepy.timings.look_every = LONG_LEASE;
    let sleepy = rig.run(sleepy);
    let id = rig.queue_one("scripted-image").await;
    eventually("it asks after the first attempt", async || script.finds.load(Ordering::SeqCst) == 1).await;
    silence(&rig, "sleepy").await;
    *script.refusal.lock().unwrap() = None;
    *script.find_delay.lock().unwrap() = Duration::ZERO;
    let lost = async || failures(&rig.job_events(id).await).contains(&"worker_lost".to_owned());
    eventually("its job is taken from it", lost).await;
    heard(&rig).await;
    rig.scripted.open();
    for job in [other, id] {
        rig.until(job, Status::Succeeded).await;
    }
    sleepy.stop().await;
    busy.stop().await;
    assert_eq!(
        rig.scripted.submits(),
        3,
        "the other job, the attempt that failed, and the one that succeeded"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_attempt_of_a_dead_worker_ends_among_the_dead_letters() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let first = worker(&rig, "first");
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider is asked", async || rig.scripted.waiting() == 1).await;
    kill(&rig, first).await;
    let mut options = options(&rig, "second");
    options.policy = RetryPolicy { max_attempts: 1, ..options.policy };
    let second = rig.run(options);
    let job = rig.until(id, Status::Dead).await;
    second.stop().await;
    assert_eq!(job.failure.unwrap().code, "worker_lost");
}

/// As the workers of the release before.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_not_on_the_roll_keeps_its_claim_until_its_lease_ends() {
    let rig = Rig::start().await;
    let id = rig.queue_one("scripted-image").await;
    rig.ask(id, start("old-1", 4, &rig)).await;
    let mut options = options(&rig, "new");
    options.timings.reconcile_every = Duration::from_millis(200);
    let new = rig.run(options);
    rig.until(id, Status::Succeeded).await;
    new.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.started", "job.succeeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_says_goodbye() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    until_here(&rig, "one").await;
    worker.stop().await;
    assert!(holds(&rig, "identity like 'one-%' and gone_at is not null").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_long_gone_are_struck_off_the_roll() {
    let rig = Rig::start().await;
    let add = "insert into workers (identity, seen_at, gone_at) values
        ('long-1', now() - interval '2 hours', now() - interval '2 hours'), ('lately-1', now(), now())";
    rig.owner().await.batch_execute(add).await.unwrap();
    let worker = worker(&rig, "one");
    eventually("it is struck off", async || !holds(&rig, "identity = 'long-1'").await).await;
    assert!(holds(&rig, "identity = 'lately-1'").await);
    worker.stop().await;
}

/// Claims a job as another worker does that is here and slow.
async fn claim_as_another(rig: &Rig, id: JobId, lease_seconds: u32) {
    let add = "insert into workers (identity, seen_at) values ('slow-1', now() + interval '1 hour')";
    rig.owner().await.batch_execute(add).await.unwrap();
    rig.ask(id, start("slow-1", lease_seconds, rig)).await;
}

fn start(worker: &str, lease_seconds: u32, rig: &Rig) -> JobCommand {
    JobCommand::Start {
        worker: worker.into(),
        lease_seconds,
        policy: RetryPolicy::default(),
        catalogue: Arc::clone(&rig.offer().catalogue),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_s_dead_letter_waits_while_the_job_s_worker_is_here() {
    let rig = Rig::start().await;
    let worker = rig.run(WorkerOptions { concurrency: 1, ..options(&rig, "one") });
    let done = rig.queue_one("scripted-image").await;
    rig.until(done, Status::Succeeded).await;
    rig.scripted.close();
    let busy = rig.queue_one("scripted-image").await;
    eventually("the only slot is taken", async || rig.scripted.waiting() == 1).await;
    let id = rig.queue_one("scripted-image").await;
    claim_as_another(&rig, id, 1).await;
    let lapsed = async || rig.job(id).await.attempt.unwrap().lease_until < chrono::Utc::now();
    eventually("its lease has lapsed", lapsed).await;
    let queues = rig.queues().await;
    let left = async || {
        let depth = queues.depth(Source::DeadLetters).await.unwrap();
        (depth.visible, depth.in_flight)
    };
    send_raw(&rig, &rig.settings.dlq_name, &rig.letter(id).message.encode()).await;
    eventually("the drainer has it", async || left().await == (0, 1)).await;
    // It is judged before the drainer receives what comes after it.
    send_raw(&rig, &rig.settings.dlq_name, &rig.letter(done).message.encode()).await;
    eventually("the drainer has judged the next one", async || left().await == (0, 1)).await;
    assert_eq!(rig.job(id).await.status, Status::Running);
    rig.scripted.open();
    for job in [busy, id] {
        rig.until(job, Status::Succeeded).await;
    }
    worker.stop().await;
}

/// A worker that only lost its way to the database for a while must not be taken for gone by one that had lost it too.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_judged_by_a_worker_that_has_only_begun_to_listen() {
    let rig = Rig::start().await;
    let add = "insert into workers (identity, seen_at) values ('other-1', now() - interval '1 hour')";
    rig.owner().await.batch_execute(add).await.unwrap();
    let mut options = options(&rig, "one");
    options.timings.silence = LONG_LEASE / 2;
    let worker = rig.run(options);
    let seen = "identity like 'one-%' and seen_at > since + interval '1 second'";
    eventually("it has looked many times", async || holds(&rig, seen).await).await;
    assert!(holds(&rig, "identity = 'other-1' and gone_at is null").await);
    worker.stop().await;
}
