//! Baseline (b): a job table, and a queue that is asked for one message at a time. What the usual worker loop does.

use super::{BUYERS, Crew, Floor, INSERT, SCHEMA, WORKERS, rate};
use crate::sample::Sample;
use crate::stage::Stage;
use anyhow::{Result, ensure};
use embedded::sqs::{Sqs, SqsOptions};
use ledger::{AccountId, Database, JobId, Role};
use measure::orders::PROMPT;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use worker::queue::{JobMessage, Letter, Queue, QueueSettings, Received, Source, StaticCredentials};

const START: &str = "update jobs set status = 'running' where id = $1 and status = 'queued'";
const FINISH: &str = "update jobs set status = 'succeeded' where id = $1";

const VISIBILITY: Duration = Duration::from_secs(30);

/// Jobs a second from the insert to the deletion of the message.
pub(crate) async fn measure(stage: &Stage, line: &str, times: (Duration, Duration)) -> Result<Sample> {
    let (name, database) = stage.fresh_database().await?;
    database.connect(Role::Owner).await?.batch_execute(SCHEMA).await?;
    let (sqs, queue) = queue().await?;
    let (floor, mut crew) = (Floor::new(), Crew::default());
    for buyer in 0..BUYERS {
        crew.join(buy(database.clone(), queue.clone(), i32::try_from(buyer)?, Arc::clone(&floor)));
    }
    for _ in 0..WORKERS {
        crew.join(work(database.clone(), queue.clone(), Arc::clone(&floor)));
    }
    let sample = rate(stage, line, &floor, times).await?;
    crew.leave().await?;
    sqs.stop().await;
    stage.drop_database(&name).await?;
    Ok(sample)
}

/// What SQS is asked for so many jobs.
pub(crate) async fn calls(jobs: usize) -> Result<BTreeMap<String, u64>> {
    let (sqs, queue) = queue().await?;
    for _ in 0..jobs {
        send(&queue, Uuid::now_v7()).await?;
    }
    let mut left = jobs;
    while left > 0 {
        for received in receive(&queue).await? {
            delete(&queue, received).await?;
            left -= 1;
        }
    }
    let calls = sqs.calls();
    sqs.stop().await;
    Ok(calls)
}

async fn queue() -> Result<(Sqs, Queue)> {
    let sqs = Sqs::start(SqsOptions::default()).await?;
    let key = sqs.access_key();
    let settings = QueueSettings::private(sqs.endpoint(), StaticCredentials::new(&key.id, &key.secret));
    let queue = Queue::ensure(&settings, 10, VISIBILITY).await?;
    Ok((sqs, queue))
}

async fn buy(database: Database, queue: Queue, account: i32, floor: Arc<Floor>) -> Result<()> {
    let client = database.connect(Role::Owner).await?;
    let insert = client.prepare(INSERT).await?;
    loop {
        floor.enter().await?;
        let job = Uuid::now_v7();
        client.execute(&insert, &[&job, &account, &PROMPT]).await?;
        send(&queue, job).await?;
    }
}

async fn work(database: Database, queue: Queue, floor: Arc<Floor>) -> Result<()> {
    let client = database.connect(Role::Owner).await?;
    let (start, finish) = (client.prepare(START).await?, client.prepare(FINISH).await?);
    loop {
        for received in receive(&queue).await? {
            let job = JobMessage::decode(&received.body)?.job_id.0;
            client.execute(&start, &[&job]).await?;
            client.execute(&finish, &[&job]).await?;
            delete(&queue, received).await?;
            floor.leave();
        }
    }
}

async fn send(queue: &Queue, job: Uuid) -> Result<()> {
    let message = JobMessage { account_id: AccountId(job), job_id: JobId(job), run: 1 };
    let unsent = queue.send(&[Letter { message, model: None, delay: Duration::ZERO }]).await;
    ensure!(unsent.is_empty(), "the queue did not take a message");
    Ok(())
}

async fn receive(queue: &Queue) -> Result<Vec<Received>> {
    Ok(queue.receive(Source::Jobs, 1, Duration::from_secs(1), VISIBILITY).await?)
}

async fn delete(queue: &Queue, received: Received) -> Result<()> {
    queue.delete(Source::Jobs, &[received.receipt]).await.complete()?;
    Ok(())
}
