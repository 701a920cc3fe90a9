//! What happens to running jobs when a worker is stopped or dies.

use crate::rig::{Rig, eventually};
use crate::wire::{Passage, Request, Wire};
use ledger::job::Status;
use std::time::Duration;
use tokio::time::Instant;
use worker::queue::Source;

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_finished_before_the_worker_stops() {
    let rig = Rig::start().await;
    rig.scripted.set_image_delay(Duration::from_secs(1));
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Running).await;
    worker.stop().await;
    assert_eq!(rig.job(id).await.status, Status::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_takes_too_long_is_handed_back_and_goes_on_elsewhere() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.timings.drain = Duration::from_millis(200);
    // A server may still give a message to the receive that the stop cut off: it comes back after this.
    options.timings.visibility = Duration::from_secs(5);
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 3).await;
    for job in &jobs {
        rig.until(*job, Status::Running).await;
    }
    let asked = Instant::now();
    worker.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(5), "stopping took {:?}", asked.elapsed());
    for job in &jobs {
        let job = rig.job(*job).await;
        assert_eq!((job.status, job.attempts), (Status::Queued, 0), "a stop costs no attempt");
    }
    rig.scripted.open();
    let began = Instant::now();
    let next = rig.worker("two");
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    assert!(began.elapsed() < Duration::from_secs(20), "no lease had to lapse: {:?}", began.elapsed());
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_stops_at_once() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    options.timings.receive_wait = Duration::from_secs(20);
    let worker = rig.run(options);
    eventually("it waits for messages", async || rig.settings.calls.of("ReceiveMessage") >= 2).await;
    let asked = Instant::now();
    worker.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "stopping took {:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workers_job_is_taken_over_when_its_lease_lapses() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = rig.options("one");
    options.timings.lease = Duration::from_secs(2);
    options.timings.attempt = Duration::from_secs(1);
    options.timings.store = Duration::from_millis(500);
    options.timings.visibility = Duration::from_secs(2);
    let worker = rig.run(options);
    let id = rig.queue_one("scripted-image").await;
    eventually("the provider was asked", async || rig.scripted.submits() == 1).await;
    worker.kill().await;
    eventually("nobody waits for the picture any more", async || rig.scripted.waiting() == 0).await;
    rig.scripted.open();
    let next = rig.worker("two");
    let job = rig.until(id, Status::Succeeded).await;
    next.stop().await;
    assert_eq!(job.attempts, 2, "the lost attempt counts");
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.started", "job.succeeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_received_while_the_worker_stops_are_given_back_at_once() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    // Longer than the test waits for the message: if it were left hidden, it would not come in time.
    options.timings.visibility = Duration::from_secs(300);
    options.timings.receive_wait = Duration::from_secs(20);
    let worker = rig.run(options);
    let running = rig.queue_one("scripted-image").await;
    rig.until(running, Status::Running).await;
    let queue = rig.settings.name.clone();
    wire.judge(
        move |request| {
            if request.receives_from(&queue) { Passage::AnswerHeld } else { Passage::Free }
        },
    );
    // The receive that is under way takes the first of these, the next one, whose answer is held, the second.
    let is_receive = |request: &&Request| request.receives_from(&rig.settings.name);
    let reached = || wire.reached().iter().filter(is_receive).count();
    let before = reached();
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Running).await;
    eventually("another receive waits", async || reached() > before).await;
    let second = rig.queue_one("scripted-image").await;
    let queues = rig.queues().await;
    let taken = async || queues.depth(Source::Jobs).await.unwrap().in_flight == 3;
    eventually("the server has given it the message", taken).await;

    worker.begin_to_stop();
    wire.open();
    let given_back = async || queues.depth(Source::Jobs).await.unwrap().visible == 1;
    eventually("the message is there for others", given_back).await;
    rig.scripted.open();
    worker.stop().await;
    assert_eq!(rig.job(second).await.status, Status::Queued);
    for job in [running, first] {
        assert_eq!(rig.job(job).await.status, Status::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_does_not_answer_does_not_keep_a_worker_from_stopping() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    wire.judge(|request| match request.action.as_str() {
        "DeleteMessageBatch" => Passage::Held,
        _ => Passage::Free,
    });
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    options.timings.drain = Duration::from_secs(1);
    let worker = rig.run(options);
    for _ in 0..4 {
        for job in rig.queue("scripted-image", 10).await {
            rig.until(job, Status::Succeeded).await;
        }
    }
    let asked = Instant::now();
    worker.stop().await;
    // A single call is given up after 15 s, and there are four.
    assert!(asked.elapsed() < Duration::from_secs(14), "stopping took {:?}", asked.elapsed());
}
