//! What happens to running jobs when a worker is stopped or dies.

use crate::rig::{Rig, eventually};
use ledger::job::Status;
use std::time::Duration;
use tokio::time::Instant;

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
