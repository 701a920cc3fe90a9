//! Nobody waits behind all that another user or a dead provider has queued.

use crate::rig::{Rig, SCRIPTED, eventually, eventually_within};
use crate::wire::Wire;
use ledger::JobId;
use ledger::job::Status;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use worker::Offer;
use worker::provider::Providers;
use worker::queue::JobMessage;

/// Three of four slots are for one provider.
const SLOTS: usize = 4;
const AT_ONCE: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn one_job_starts_within_three_job_times_behind_a_thousand_of_another_user() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.concurrency = SLOTS;
    let worker = rig.run(options);
    for _ in 0..20 {
        rig.queue("scripted-image", 50).await;
    }
    eventually("the slots are taken", async || rig.scripted.submits() as usize == AT_ONCE).await;
    let other = rig.queue_of("bob", "scripted-image", 1).await[0];
    rig.until_relayed().await;
    let before = rig.starts().await.len();
    // Jobs end one by one; each lets the next begin.
    let mut begun = before;
    while !rig.starts().await.contains(&other) {
        rig.scripted.script.gate.add_permits(1);
        begun += 1;
        eventually("the next job starts", async || rig.starts().await.len() >= begun).await;
        assert!(begun - before <= 3 * AT_ONCE, "it waits for more than three job times");
    }
    rig.scripted.open();
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_of_one_user_all_run_and_each_is_sent_once() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    let worker = rig.run(options);
    let mut jobs: Vec<JobId> = Vec::new();
    for _ in 0..20 {
        jobs.extend(rig.queue("scripted-image", 50).await);
    }
    eventually("all have begun", async || rig.scripted.submits() >= 1_000).await;
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 1_000);
    let mut sent: Vec<JobId> = wire
        .reached()
        .iter()
        .flat_map(crate::wire::Request::messages)
        .map(|body| JobMessage::decode(&body).unwrap().job_id)
        .collect();
    sent.sort();
    let distinct: HashSet<JobId> = sent.iter().copied().collect();
    assert_eq!(distinct.len(), 1_000);
    // What the read model told a moment too late is sent once more, and refused.
    assert!(sent.len() <= 1_050, "{} messages for 1,000 jobs", sent.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_stops_no_job_of_another() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let worker = rig.worker("one");
    for user in ["bob", "carol", "dave", "erin"] {
        rig.queue_of(user, "scripted-image", 50).await;
    }
    rig.queue("scripted-image", 50).await;
    eventually("it has taken all that it gets", async || rig.scripted.waiting() == 14).await;
    let jobs = rig.queue("sim-image", 20).await;
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    assert_eq!(rig.scripted.script.submits.load(Ordering::SeqCst), 14);
    rig.scripted.open();
    let begun = Instant::now();
    // A message that a stall of the machine cost comes back after 30 s, and what nobody claimed is sent again after 60.
    eventually_within(Duration::from_secs(180), "it goes on when it answers", async || {
        let done = rig.scripted.submits() >= 250;
        if !done && begun.elapsed() > Duration::from_secs(60) {
            eprintln!(
                "{} were submitted; not ended are {:?}",
                rig.scripted.submits(),
                rig.unfinished().await
            );
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        done
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_added_finds_slots_whatever_hangs() {
    let rig = Rig::start().await;
    let alone = Offer { providers: Providers::new().with(SCRIPTED, rig.scripted.clone()), ..rig.offer() };
    let (offer, offered) = watch::channel(Arc::new(alone));
    let mut options = rig.options("one");
    options.concurrency = SLOTS;
    options.offer = offered;
    let worker = rig.run(options);
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Succeeded).await;
    // As if the catalogue were read again.
    offer.send_replace(Arc::new(rig.offer()));
    rig.scripted.close();
    rig.queue("scripted-image", 20).await;
    eventually("the one that was there hangs", async || rig.scripted.waiting() as usize >= AT_ONCE).await;
    let added = rig.queue_one("sim-image").await;
    rig.until(added, Status::Succeeded).await;
    assert_eq!(rig.scripted.waiting() as usize, AT_ONCE);
    rig.scripted.open();
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_that_are_killed_in_mid_backlog_lose_no_job() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_millis(20));
    let options = |name: &str| {
        let mut options = rig.options(name);
        options.concurrency = 4;
        options.timings.lease = Duration::from_secs(10);
        options.timings.attempt = Duration::from_secs(4);
        options.timings.store = Duration::from_secs(4);
        options.timings.visibility = Duration::from_secs(4);
        options.timings.reconcile_after = Duration::from_secs(2);
        options.timings.reconcile_every = Duration::from_millis(500);
        options
    };
    let mut worker = rig.run(options("first"));
    let mut jobs: Vec<JobId> = Vec::new();
    for _ in 0..12 {
        jobs.extend(rig.queue("scripted-image", 50).await);
    }
    for round in 1..=3u32 {
        eventually("some have begun", async || rig.scripted.submits() >= round * 80).await;
        worker.kill().await;
        worker = rig.run(options("next"));
    }
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
        let events = rig.events(*job).await;
        assert_eq!(events.iter().filter(|name| **name == "job.succeeded").count(), 1, "{events:?}");
    }
    worker.stop().await;
    rig.verify().await;
}
