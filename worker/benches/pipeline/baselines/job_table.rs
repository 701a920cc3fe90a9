//! Baseline (a): a job table that workers look into. One row a job, locked and skipped by others while it is claimed.

use super::{BUYERS, Crew, Floor, INSERT, SCHEMA, WORKERS, rate};
use crate::sample::Sample;
use crate::stage::Stage;
use anyhow::Result;
use ledger::{Database, Role};
use measure::orders::PROMPT;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

const CLAIM: &str =
    "select id from jobs where status = 'queued' order by created_at limit 1 for update skip locked";
const START: &str = "update jobs set status = 'running' where id = $1";
const FINISH: &str = "update jobs set status = 'succeeded' where id = $1";

/// A worker that found nothing looks again after this.
const IDLE: Duration = Duration::from_millis(1);

/// Jobs a second from the insert to the last update.
pub(crate) async fn measure(stage: &Stage, line: &str, times: (Duration, Duration)) -> Result<Sample> {
    let (name, database) = stage.fresh_database().await?;
    database.connect(Role::Owner).await?.batch_execute(SCHEMA).await?;
    let (floor, mut crew) = (Floor::new(), Crew::default());
    for buyer in 0..BUYERS {
        crew.join(buy(database.clone(), i32::try_from(buyer)?, Arc::clone(&floor)));
    }
    for _ in 0..WORKERS {
        crew.join(work(database.clone(), Arc::clone(&floor)));
    }
    let sample = rate(stage, line, &floor, times).await?;
    crew.leave().await?;
    stage.drop_database(&name).await?;
    Ok(sample)
}

async fn buy(database: Database, account: i32, floor: Arc<Floor>) -> Result<()> {
    let client = database.connect(Role::Owner).await?;
    let insert = client.prepare(INSERT).await?;
    loop {
        floor.enter().await?;
        client.execute(&insert, &[&Uuid::now_v7(), &account, &PROMPT]).await?;
    }
}

async fn work(database: Database, floor: Arc<Floor>) -> Result<()> {
    let client = database.connect(Role::Owner).await?;
    let (claim, start, finish) =
        (client.prepare(CLAIM).await?, client.prepare(START).await?, client.prepare(FINISH).await?);
    loop {
        client.batch_execute("begin").await?;
        let Some(row) = client.query_opt(&claim, &[]).await? else {
            client.batch_execute("rollback").await?;
            sleep(IDLE).await;
            continue;
        };
        let job: Uuid = row.try_get(0)?;
        client.execute(&start, &[&job]).await?;
        client.batch_execute("commit").await?;
        client.execute(&finish, &[&job]).await?;
        floor.leave();
    }
}
