//! What is worked on stays hidden, whatever SQS does meanwhile; what is not is never hidden again.

use crate::rig::{Rig, eventually};
use crate::wire::{Passage, Request, Wire};
use ledger::job::Status;
use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use worker::WorkerOptions;
use worker::queue::Source;

/// Options for a worker whose queue is behind a wire, with this visibility timeout.
fn behind(rig: &Rig, wire: &Wire, visibility: u64) -> WorkerOptions {
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    options.timings.visibility = Duration::from_secs(visibility);
    // No attempt ends and no lease lapses while a test looks at the heartbeat.
    options.timings.attempt = Duration::from_secs(500);
    options.timings.lease = Duration::from_secs(600);
    options
}

/// How often each receipt was hidden by these.
fn times_hidden(reached: &[Request]) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for receipt in reached.iter().filter(|request| request.hides()).flat_map(Request::receipts) {
        *times.entry(receipt).or_default() += 1;
    }
    times
}

/// The first request of the heartbeat meets this, and all later ones about one of its messages.
fn first_meets(wire: &Wire, passage: Passage) {
    let first: Mutex<Option<String>> = Mutex::default();
    wire.judge(move |request| {
        if !request.hides() {
            return Passage::Free;
        }
        let receipts = request.receipts();
        let mut first = first.lock().unwrap();
        let first = first.get_or_insert_with(|| receipts[0].clone());
        if receipts.contains(first) { passage } else { Passage::Free }
    });
}

async fn the_others_stay_hidden_when_one_request_meets(passage: Passage) {
    let rig = Rig::start().await;
    rig.scripted.close();
    let wire = Wire::to_queues_of(&rig).await;
    // Long enough that a slow server does not show what it was asked to hide.
    let mut options = behind(&rig, &wire, 15);
    options.concurrency = 40;
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 30).await;
    for job in &jobs {
        rig.until(*job, Status::Running).await;
    }
    first_meets(&wire, passage);
    let before = wire.reached().len();
    let hidden = || times_hidden(&wire.reached()[before..]);
    let twice = async || hidden().values().filter(|times| **times >= 2).count() >= 20;
    eventually("two beats hide the messages of the other requests", twice).await;
    wire.open();
    eventually("the first one's are hidden when it is let through", async || hidden().len() == 30).await;
    rig.scripted.open();
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_hangs_holds_up_neither_the_others_nor_the_next_beat() {
    the_others_stay_hidden_when_one_request_meets(Passage::Held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_refused_leaves_the_others_alone() {
    the_others_stay_hidden_when_one_request_meets(Passage::Refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_heartbeat_never_hides_what_was_deleted_or_given_back() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let wire = Wire::to_queues_of(&rig).await;
    wire.judge(|request| if request.hides() { Passage::Held } else { Passage::Free });
    let worker = rig.run(behind(&rig, &wire, 6));
    let slow = rig.queue_one("scripted-image").await;
    rig.until(slow, Status::Running).await;
    let held = async || wire.unanswered().iter().any(Request::hides);
    eventually("a heartbeat is on its way", held).await;
    rig.scripted.open();
    rig.until(slow, Status::Succeeded).await;
    // By the time at which the message of a second job is deleted, that of the first would be.
    let quick = rig.queue_one("scripted-image").await;
    rig.until(quick, Status::Succeeded).await;
    let deleted = async || wire.reached().iter().any(|request| request.action == "DeleteMessageBatch");
    eventually("a message is deleted", deleted).await;
    wire.open();
    let queues = rig.queues().await;
    let empty = async || {
        let depth = queues.depth(Source::Jobs).await.unwrap();
        depth.visible + depth.in_flight == 0
    };
    eventually("both are deleted", empty).await;
    worker.stop().await;
    assert_eq!(hidden_after_the_end(&wire.reached()), Vec::<String>::new());
}

/// Receipts that were hidden after they had been deleted or shown.
fn hidden_after_the_end(reached: &[Request]) -> Vec<String> {
    let mut ended = HashSet::new();
    let mut late = Vec::new();
    for request in reached {
        match request.action.as_str() {
            _ if request.hides() => {
                late.extend(request.receipts().into_iter().filter(|receipt| ended.contains(receipt)));
            }
            "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => ended.extend(request.receipts()),
            _ => {}
        }
    }
    late
}

/// One thread, so that the recorder sees the metrics of this test and of no other.
#[tokio::test]
async fn a_heartbeat_that_panics_starts_over() {
    let recorder = PanicsOnce::default();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let rig = Rig::start().await;
    rig.scripted.close();
    let wire = Wire::to_queues_of(&rig).await;
    let worker = rig.run(behind(&rig, &wire, 3));
    let jobs = rig.queue("scripted-image", 2).await;
    for job in &jobs {
        rig.until(*job, Status::Running).await;
    }
    // A receipt that SQS does not know any more is counted, and there the heartbeat falls.
    rig.queues().await.purge().await.unwrap();
    eventually("the heartbeat panics", async || recorder.has_panicked.load(Ordering::SeqCst)).await;
    let third = rig.queue_one("scripted-image").await;
    rig.until(third, Status::Running).await;
    let beats = || wire.reached().iter().filter(|request| request.hides_for(3)).count();
    let before = beats();
    eventually("it beats again", async || beats() >= before + 3).await;
    rig.scripted.open();
    for job in jobs.iter().chain([&third]) {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
}

/// A recorder of metrics that panics when stale receipts are counted for the first time.
#[derive(Default)]
struct PanicsOnce {
    has_panicked: Arc<AtomicBool>,
}

struct Falls(Arc<AtomicBool>);

impl CounterFn for Falls {
    fn increment(&self, _value: u64) {
        assert!(self.0.swap(true, Ordering::SeqCst), "told to panic");
    }

    fn absolute(&self, _value: u64) {}
}

impl metrics::Recorder for PanicsOnce {
    fn describe_counter(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_gauge(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_histogram(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        match key.name() {
            "cooly_receipts_stale_total" => {
                Counter::from_arc(Arc::new(Falls(Arc::clone(&self.has_panicked))))
            }
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, _key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
