//! From the log to the queue.

use crate::rig::{Rig, eventually};
use ledger::job::Status;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_five_jobs_are_three_requests_on_the_wire() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let jobs = rig.queue("scripted-image", 25).await;
    for job in &jobs {
        rig.until(*job, Status::Succeeded).await;
    }
    worker.stop().await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), 3);
    assert_eq!(rig.settings.calls.of("SendMessage"), 0);
    if let Some(sqs) = &rig.sqs {
        assert_eq!(sqs.calls().get("SendMessageBatch"), Some(&3), "the server counts the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_relay_goes_on_where_the_last_one_stopped() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    for job in rig.queue("scripted-image", 3).await {
        rig.until(job, Status::Succeeded).await;
    }
    worker.stop().await;
    let waiting = rig.queue_one("scripted-image").await;
    let worker = rig.worker("two");
    rig.until(waiting, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.settings.calls.of("SendMessageBatch"), 2, "what was sent before is not sent again");
    assert_eq!(rig.scripted.submits(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_jobs_that_are_done_are_deleted() {
    use worker::queue::{Depth, Source};
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    for job in rig.queue("scripted-image", 12).await {
        rig.until(job, Status::Succeeded).await;
    }
    let queues = rig.queues().await;
    let empty = Depth { visible: 0, in_flight: 0, delayed: 0 };
    eventually("the queue is empty", async || queues.depth(Source::Jobs).await.unwrap() == empty).await;
    worker.stop().await;
}

/// Appends an event of a job as only a newer release would.
pub(crate) async fn append_unknown(rig: &Rig, stream: uuid::Uuid) {
    let insert = r#"
        insert into events (account_id, stream_id, version, event_id, type, schema_version, job_id, payload, actor,
            request_id, occurred_at, prev_hash, hash)
        select $1, $2, 1 + count(*), gen_random_uuid(), 'job.paused', 1, $2, '{"type":"job.paused"}', 'system:test', 'r',
            now(), '', ''
        from events where account_id = $1 and stream_id = $2"#;
    rig.owner().await.execute(insert, &[&rig.account.0, &stream]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_newer_release_hold_up_no_job_behind_them() {
    let rig = Rig::start().await;
    append_unknown(&rig, uuid::Uuid::now_v7()).await;
    let before = rig.queue_one("scripted-image").await;
    append_unknown(&rig, uuid::Uuid::now_v7()).await;
    let behind = rig.queue_one("scripted-image").await;
    let worker = rig.worker("one");
    rig.until(before, Status::Succeeded).await;
    rig.until(behind, Status::Succeeded).await;
    let unknown = "select max(position) from events where type = 'job.paused'";
    let sent = "select position from relay_checkpoints where relay = 'relay'";
    let reader = rig.reader().await;
    let unknown: i64 = reader.query_one(unknown, &[]).await.unwrap().get(0);
    eventually("the relay is past them", async || {
        let sent: i64 = reader.query_one(sent, &[]).await.unwrap().get(0);
        sent > unknown
    })
    .await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 2);
}
