//! How many requests a steady flow of jobs costs, and a backlog and an idle worker.

use crate::poison::send_raw;
use crate::rig::{Rig, eventually};
use crate::wire::{Passage, Wire};
use ledger::job::Status;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use worker::queue::{Depth, Letter, Source};

const EMPTY: Depth = Depth { visible: 0, in_flight: 0, delayed: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_end_soon_after_each_other_share_the_requests_that_delete_their_messages() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_millis(30));
    let mut options = rig.options("one");
    options.concurrency = 4;
    options.timings.linger = Duration::from_secs(1);
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 60).await;
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    let queues = rig.queues().await;
    eventually("all are deleted", async || queues.depth(Source::Jobs).await.unwrap() == EMPTY).await;
    worker.stop().await;
    let deletes = rig.settings.calls.of("DeleteMessageBatch");
    assert!(deletes <= 20, "{deletes} requests for 60 jobs");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_given_back_share_their_requests_too() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    for number in 0..20 {
        send_raw(&rig, &rig.settings.name, &format!("not a message {number}")).await;
    }
    let mut options = rig.options("one");
    options.concurrency = 20;
    let worker = rig.run(options);
    let all = async || {
        let depth = queues.depth(Source::DeadLetters).await.unwrap();
        depth.visible + depth.in_flight == 20
    };
    eventually("all are in the DLQ", all).await;
    worker.stop().await;
    let releases = rig.settings.calls.of("ChangeMessageVisibilityBatch");
    assert!(releases <= 100, "{releases} requests for 200 releases");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_received_by_several_receives_at_once() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let jobs = rig.queue("scripted-image", 100).await;
    let letters: Vec<Letter> = jobs.iter().map(|job| rig.letter(*job)).collect();
    assert!(rig.queues().await.send(&letters).await.is_empty(), "the backlog is there");
    // After the first, answers are held until two receives have been seen.
    let (queue, received) = (rig.settings.name.clone(), AtomicBool::new(false));
    wire.judge(move |request| {
        let is_later = request.receives_from(&queue) && received.swap(true, Ordering::SeqCst);
        if is_later { Passage::AnswerHeld } else { Passage::Free }
    });
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    options.concurrency = 100;
    let worker = rig.run(options);
    eventually("two receives are under way", async || receives(&rig, &wire) >= 2).await;
    wire.open();
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_waits_with_one_receive() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    options.concurrency = 100;
    options.timings.receive_wait = Duration::from_secs(20);
    let worker = rig.run(options);
    for job in rig.queue("scripted-image", 60).await {
        rig.until(job, Status::Succeeded).await;
    }
    let idle = async || receives(&rig, &wire) == 1;
    eventually("one receive waits", idle).await;
    let asked = rig.settings.calls.of("ReceiveMessage");
    let last = rig.queue_one("scripted-image").await;
    rig.until(last, Status::Succeeded).await;
    eventually("one receive waits again", idle).await;
    let asked = rig.settings.calls.of("ReceiveMessage") - asked;
    // The one that waits for the next message; the drainer may ask in between.
    assert!(asked <= 4, "{asked} receives for one more job");
    worker.stop().await;
}

/// How many receives from the queue of jobs wait for their answers.
fn receives(rig: &Rig, wire: &Wire) -> usize {
    wire.unanswered().iter().filter(|request| request.receives_from(&rig.settings.name)).count()
}
