//! The database or the queue goes away, or does what was asked and loses the answer.

use crate::rig::{Rig, eventually};
use embedded::testing::ChaosProxy;
use ledger::job::Status;
use ledger::{Database, Ledger, LedgerOptions};
use std::time::Duration;
use worker::WorkerOptions;
use worker::queue::Source;

/// Options for a worker that reaches its database through a proxy.
async fn behind_proxy(rig: &Rig) -> (WorkerOptions, ChaosProxy) {
    let proxy = ChaosProxy::in_front_of(rig.database_url()).await;
    let database = Database::new(&proxy.url_for(rig.database_url())).unwrap();
    let mut options = rig.options("one");
    options.ledger = Ledger::open(&database, LedgerOptions::default()).await.unwrap();
    options.database = database;
    (options, proxy)
}

/// Options for a worker that reaches its queue through a proxy.
async fn behind_queue_proxy(rig: &Rig) -> (WorkerOptions, ChaosProxy) {
    let endpoint = rig.settings.endpoint.as_deref().unwrap();
    let proxy = ChaosProxy::start(endpoint.trim_start_matches("http://")).await;
    let mut options = rig.options("one");
    options.queue.endpoint = Some(format!("http://{}", proxy.address()));
    (options, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_outage_uses_up_no_deliveries() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_millis(300));
    let (mut options, proxy) = behind_proxy(&rig).await;
    options.timings.visibility = Duration::from_secs(2);
    let worker = rig.run(options);
    let before = rig.queue("scripted-image", 5).await;
    eventually("the provider was asked", async || rig.scripted.submits() >= 5).await;
    proxy.cut();
    let during = rig.queue("scripted-image", 5).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    proxy.restore();
    for job in before.iter().chain(&during) {
        let job = rig.until(*job, Status::Succeeded).await;
        assert_eq!(job.attempts, 1, "what was made is recorded when the database is back");
    }
    worker.stop().await;
    let lost = rig.queues().await.depth(Source::DeadLetters).await.unwrap();
    assert_eq!((lost.visible, lost.in_flight), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_queued_while_the_queue_is_away_are_sent_when_it_is_back() {
    let rig = Rig::start().await;
    let (options, proxy) = behind_queue_proxy(&rig).await;
    let worker = rig.run(options);
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Succeeded).await;
    proxy.cut();
    let tried = rig.settings.calls.of("SendMessageBatch");
    let jobs = rig.queue("scripted-image", 5).await;
    let insists = async || rig.settings.calls.of("SendMessageBatch") > tried + 3;
    eventually("the relay keeps trying", insists).await;
    proxy.restore();
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_queue_that_break_in_mid_request_change_nothing() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_millis(5));
    let (mut options, proxy) = behind_queue_proxy(&rig).await;
    // A receive that breaks after the server answered hides its messages for this long.
    options.timings.visibility = Duration::from_secs(2);
    let worker = rig.run(options);
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Succeeded).await;
    let mut jobs = vec![first];
    for milliseconds in 0..12 {
        let queued = rig.queue("scripted-image", 3).await;
        tokio::time::sleep(Duration::from_millis(milliseconds * 2)).await;
        proxy.cut();
        proxy.restore();
        jobs.extend(queued);
    }
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
        assert_eq!(rig.events(*job).await, ["job.queued", "job.started", "job.succeeded"]);
    }
    worker.stop().await;
    assert_eq!(rig.scripted.submits() as usize, jobs.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_the_database_that_get_lost_change_nothing() {
    let rig = Rig::start().await;
    let (options, proxy) = behind_proxy(&rig).await;
    let worker = rig.run(options);
    for _ in 0..8 {
        proxy.cut_after_forwarding_request();
        let id = rig.queue_one("scripted-image").await;
        rig.until(id, Status::Succeeded).await;
        assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.succeeded"]);
    }
    assert!(proxy.replies_lost() >= 4, "{} answers were lost", proxy.replies_lost());
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 8);
}
