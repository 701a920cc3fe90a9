//! The relay when SQS refuses single messages, and when nothing moves.

use crate::rig::{Rig, eventually};
use crate::wire::{Passage, Wire};
use ledger::job::{JobCommand, Status};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_refused_for_good_is_set_aside_and_stops_no_other() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    let jobs = rig.queue("scripted-image", 12).await;
    let (refused, others) = jobs.split_first().unwrap();
    let named = refused.to_string();
    wire.refuse_messages(move |body| body.contains(&named));
    let worker = rig.run(options);
    for job in others {
        rig.until(*job, Status::Succeeded).await;
    }
    // One after the other, so that each is an event of a later page.
    for _ in 0..8 {
        let job = rig.queue_one("scripted-image").await;
        rig.until(job, Status::Succeeded).await;
    }
    let job = rig.until(*refused, Status::Dead).await;
    let failure = job.failure.unwrap();
    assert_eq!(failure.code, "queue_message_refused");
    assert!(failure.message.contains("InvalidMessageContents"), "{}", failure.message);
    rig.until_relayed().await;
    // What was wrong is mended, and a person retries.
    wire.refuse_messages(|_| false);
    rig.ask(*refused, JobCommand::Retry { run: None, reason: None }).await;
    rig.until(*refused, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 20);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_refuses_every_message_kills_no_job() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    wire.refuse_messages(|_| true);
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    let worker = rig.run(options);
    let jobs = rig.queue("scripted-image", 3).await;
    let tries = async || wire.reached().iter().filter(|request| !request.messages().is_empty()).count() >= 9;
    eventually("each was tried many times", tries).await;
    for job in &jobs {
        assert_eq!(rig.job(*job).await.status, Status::Queued);
    }
    wire.refuse_messages(|_| false);
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
}

fn gauge(metrics: &PrometheusHandle, name: &str) -> f64 {
    let text = metrics.render();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

/// On one thread, so that the recorder sees this test's worker and no other's.
#[tokio::test]
async fn how_far_behind_the_relay_is_grows_while_nothing_moves() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = rig.options("one");
    options.queue.endpoint = Some(wire.endpoint());
    let worker = rig.run(options);
    let first = rig.queue_one("scripted-image").await;
    rig.until(first, Status::Succeeded).await;
    let positions = || gauge(&metrics, "cooly_relay_lag_positions");
    let seconds = || gauge(&metrics, "cooly_relay_lag_seconds");
    eventually("nothing is behind", async || positions() == 0.0 && seconds() == 0.0).await;
    // Not even an answer comes.
    wire.judge(|request| if request.action == "SendMessageBatch" { Passage::Held } else { Passage::Free });
    let job = rig.queue_one("scripted-image").await;
    eventually("the job is behind", async || positions() > 0.0 && seconds() > 0.0).await;
    let before = seconds();
    eventually("it gets older", async || seconds() > before + 1.0).await;
    wire.open();
    rig.until(job, Status::Succeeded).await;
    eventually("nothing is behind", async || positions() == 0.0 && seconds() == 0.0).await;
    worker.stop().await;
}
