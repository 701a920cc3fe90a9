//! Simpler ways to have jobs done, on the same Postgres: a job table, and a job table beside a queue.
//!
//! They keep no history, take no money and know no fairness. Their connections are open and their statements prepared
//! before anything is measured, and each has as many callers as helps it.

pub(crate) mod job_table;
pub(crate) mod one_by_one;

use crate::costs::Costs;
use crate::sample::{JOBS, Sample};
use crate::stage::Stage;
use anyhow::Result;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Who buys, and who works.
const BUYERS: usize = 32;
const WORKERS: usize = 64;

/// Jobs that wait at most.
const WAITING: usize = 1_000;

const SCHEMA: &str = r"
create table jobs (
    id uuid primary key,
    account_id int not null,
    status text not null,
    model text not null,
    prompt text not null,
    cost numeric not null,
    created_at timestamptz not null default now()
);
create index jobs_queued on jobs (created_at) where status = 'queued'";

const INSERT: &str = "insert into jobs (id, account_id, status, model, prompt, cost) values ($1, $2, 'queued', 'bench-image', $3, 4)";

/// What buyers and workers share.
struct Floor {
    room: Semaphore,
    done: AtomicU64,
}

impl Floor {
    fn new() -> Arc<Floor> {
        Arc::new(Floor { room: Semaphore::new(WAITING), done: AtomicU64::new(0) })
    }

    /// Waits until one more may be bought.
    async fn enter(&self) -> Result<()> {
        self.room.acquire().await?.forget();
        Ok(())
    }

    /// One is done.
    fn leave(&self) {
        self.room.add_permits(1);
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// People who do the same again and again until they are sent away.
#[derive(Default)]
struct Crew {
    tasks: JoinSet<Result<()>>,
}

impl Crew {
    fn join(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) {
        self.tasks.spawn(work);
    }

    async fn leave(mut self) -> Result<()> {
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(failed) = ended {
                failed?;
            }
        }
        Ok(())
    }
}

/// How many jobs a second are done after a warm-up.
async fn rate(
    stage: &Stage,
    line: &str,
    floor: &Floor,
    (warm_up, length): (Duration, Duration),
) -> Result<Sample> {
    sleep(warm_up).await;
    let (begun, costs) = (Instant::now(), Costs::read(stage)?);
    let before = floor.done.load(Ordering::Relaxed);
    sleep(length).await;
    let jobs = (floor.done.load(Ordering::Relaxed) - before) as f64;
    let sample = Sample::new(line).with(JOBS, jobs / begun.elapsed().as_secs_f64());
    costs.since(stage, jobs, sample)
}
