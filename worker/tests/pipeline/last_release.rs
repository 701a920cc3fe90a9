//! The last release and this one on one database and queue, as they are during an upgrade: this one reads and finishes what
//! that one left, and writes nothing that that one cannot read.
//!
//! Both as real processes at once: `loadtest/run upgrade`.

use crate::last_shapes;
use crate::poison::send_raw;
use crate::recorded;
use crate::rig::{OTHER_PROVIDER, Rig, SCRIPTED, catalogue_routing, eventually};
use crate::scripted::Scripted;
use crate::wire::Wire;
use ledger::JobId;
use ledger::job::{Billed, JobCommand, JobEvent, Status};
use std::collections::BTreeSet;
use worker::provider::ProviderFailure;
use worker::queue::Source;
use worker::{Offer, WorkerOptions};

/// Each stage at which the last release left a job, what becomes of it, and its events then.
const STAGES: [(&str, Status, &[&str]); 14] = [
    ("succeeded", Status::Succeeded, &["job.queued", "job.started", "job.succeeded"]),
    ("succeeded clip", Status::Succeeded, &["job.queued", "job.started", "job.submitted", "job.succeeded"]),
    (
        "succeeded metered",
        Status::Succeeded,
        &["job.queued", "job.started", "job.submitted", "job.succeeded"],
    ),
    ("failed", Status::Failed, &["job.queued", "job.started", "job.failed"]),
    ("dead", Status::Dead, &["job.queued", "job.started", "job.dead_lettered"]),
    (
        "dead again",
        Status::Dead,
        &[
            "job.queued",
            "job.started",
            "job.dead_lettered",
            "job.retried",
            "job.started",
            "job.dead_lettered",
        ],
    ),
    ("discarded", Status::Discarded, &["job.queued", "job.started", "job.dead_lettered", "job.discarded"]),
    ("cancelled", Status::Cancelled, &["job.queued", "job.started", "job.submitted", "job.cancelled"]),
    ("submitted", Status::Succeeded, &["job.queued", "job.started", "job.submitted", "job.succeeded"]),
    (
        "submitted metered",
        Status::Succeeded,
        &["job.queued", "job.started", "job.submitted", "job.succeeded"],
    ),
    ("started", Status::Succeeded, &["job.queued", "job.started", "job.started", "job.succeeded"]),
    ("queued", Status::Succeeded, &["job.queued", "job.started", "job.succeeded"]),
    ("not sent", Status::Succeeded, &["job.queued", "job.started", "job.succeeded"]),
    ("backing off", Status::Dead, BACKED_OFF),
];

/// It always fails; the budget of the test is three attempts, and the last release used up one.
const BACKED_OFF: &[&str] = &[
    "job.queued",
    "job.started",
    "job.attempt_failed",
    "job.started",
    "job.attempt_failed",
    "job.started",
    "job.dead_lettered",
];

/// The jobs with this prompt.
async fn jobs(rig: &Rig, prompt: &str) -> Vec<JobId> {
    let named = r"
        select stream_id from events
        where type = 'job.queued' and payload -> 'request' ->> 'prompt' = $1 order by position";
    let rows = rig.reader().await.query(named, &[&prompt]).await.unwrap();
    rows.iter().map(|row| JobId(row.get(0))).collect()
}

async fn is_empty(rig: &Rig, source: Source) -> bool {
    let depth = rig.queues().await.depth(source).await.unwrap();
    depth.visible + depth.in_flight + depth.delayed == 0
}

async fn count(rig: &Rig, query: &str) -> i64 {
    rig.reader().await.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_finishes_what_a_worker_of_the_last_release_left_at_each_stage() {
    let rig = Rig::on("last release", recorded::prepare).await;
    rig.verify().await;
    rig.queues().await;
    // Late copies of messages about jobs that have ended are among them.
    for body in recorded::messages() {
        send_raw(&rig, &rig.settings.name, &body).await;
    }
    let mut options = rig.options("new");
    // As in production, where a job that was left yesterday is not too old.
    options.policy.give_up_after_seconds = 7 * 24 * 3_600;
    let worker = rig.run(options);
    for (stage, status, events) in STAGES {
        let jobs = jobs(&rig, stage).await;
        assert!(!jobs.is_empty(), "nothing was left as `{stage}`");
        for id in jobs {
            rig.until(id, status).await;
            assert_eq!(rig.events(id).await, events, "{stage}");
        }
    }
    let dead = jobs(&rig, "dead").await[0];
    rig.ask(dead, JobCommand::Retry { run: Some(1), reason: None }).await;
    eventually("it runs once more", async || rig.events(dead).await.contains(&"job.retried")).await;
    rig.until(dead, Status::Dead).await;
    for source in [Source::Jobs, Source::DeadLetters] {
        eventually("no message is left", async || is_empty(&rig, source).await).await;
    }
    let recalled = "select count(*) from relay_checkpoints where relay = 'recaller' and position > 0";
    eventually("the log was searched for what is to be stopped", async || count(&rig, recalled).await == 1)
        .await;
    eventually("it is stopped", async || count(&rig, "select count(*) from recalls").await == 0).await;
    rig.until_relayed().await;
    worker.stop().await;
    rig.verify().await;
    let differences = projections::compare_with_replay(rig.database(), |_, _| {}).await.unwrap();
    assert!(differences.is_empty(), "{differences:?}");
}

/// A worker that writes all that this release has to say: several providers, one of which fails, and what they made.
fn telling(rig: &Rig, wire: &Wire) -> WorkerOptions {
    let mut options = rig.options("new");
    options.queue.endpoint = Some(wire.endpoint());
    let other = Scripted::default();
    let refusal = ProviderFailure::transient("provider_unavailable", "it is down").billed(Billed::No);
    *other.script.refusal.lock().unwrap() = Some(refusal);
    let offer = rig.offer_with_other(&other);
    let catalogue = catalogue_routing("scripted-image", &[OTHER_PROVIDER, SCRIPTED]);
    options.offer = Offer { catalogue, ..offer }.fixed();
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_release_reads_all_that_this_one_writes() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let worker = rig.run(telling(&rig, &wire));
    for (model, status) in [
        ("sim-image", Status::Succeeded),
        ("sim-image-strict", Status::Failed),
        ("scripted-image", Status::Succeeded),
        ("sim-video-metered", Status::Succeeded),
        ("other-video", Status::Dead),
    ] {
        let id = rig.queue_one(model).await;
        rig.until(id, status).await;
    }
    let dead = rig.queue("sim-image-down", 2).await;
    for (id, command) in dead
        .iter()
        .zip([JobCommand::Retry { run: None, reason: None }, JobCommand::Discard { run: None, reason: None }])
    {
        rig.until(*id, Status::Dead).await;
        rig.ask(*id, command).await;
    }
    eventually("it runs again", async || rig.events(dead[0]).await.len() > 9).await;
    let cancelled = rig.queue_one("sim-video").await;
    rig.until_submitted(cancelled).await;
    rig.cancel(cancelled).await;
    let refund = JobCommand::Refund { amount: None, reason: "goodwill".into() };
    rig.ask(jobs(&rig, "a quiet lake at dawn").await[0], refund).await;
    worker.stop().await;

    let log = "select payload::text from events where type like 'job.%' order by position";
    let payloads: Vec<String> =
        rig.reader().await.query(log, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    for payload in &payloads {
        last_shapes::event(payload).unwrap_or_else(|error| panic!("{error}: {payload}"));
    }
    let later = "select count(*) from events where schema_version > 2";
    assert_eq!(count(&rig, later).await, 0, "the last release reads versions 1 and 2 alone");
    let messages: Vec<String> = wire.reached().iter().flat_map(crate::wire::Request::messages).collect();
    for body in &messages {
        last_shapes::message(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    }
    // What is new was among it.
    for field in ["providers", "provider", "sha256", "thumbnail"] {
        assert!(payloads.iter().any(|payload| payload.contains(&format!("\"{field}\":"))), "no {field}");
    }
    assert!(messages.iter().any(|body| body.contains("\"model\":")), "no message names a model");
    let names: BTreeSet<&str> = rig.events(dead[0]).await.into_iter().collect();
    assert!(names.contains("job.retried") && names.contains("job.attempt_failed"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_last_release_name_their_provider_and_are_read_as_they_are() {
    let rig = Rig::on("last release", recorded::prepare).await;
    let submitted = jobs(&rig, "submitted").await[0];
    let events = rig.job_events(submitted).await;
    assert!(
        matches!(&events[1], JobEvent::Started { providers, .. } if providers == &["simulated"]),
        "{events:?}"
    );
    assert!(
        matches!(&events[2], JobEvent::Submitted { provider: Some(name), .. } if name == "simulated"),
        "{events:?}"
    );
    assert_eq!(rig.job(submitted).await.status, Status::Running);
}
