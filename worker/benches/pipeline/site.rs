//! Everything that one measurement needs: a database, a queue, a projector, accounts, and a worker.

use crate::maker::{IMAGE, Maker, VIDEO};
use crate::stage::Stage;
use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use embedded::sqs::{Sqs, SqsOptions};
use ledger::catalogue::{Catalogue, Model, Route};
use ledger::job::{Kind, RetryPolicy};
use ledger::{Database, JobId, Ledger, LedgerOptions, MarkWatcher, Position, Role, UserId};
use measure::orders;
use object_store::memory::InMemory;
use projections::hooks::{self, NewEndpoint, Topic};
use projections::{DEFAULT_BATCH, ProjectorOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use webhooks::StandardSecret;
use worker::provider::{Providers, simulated};
use worker::queue::{Queue, QueueSettings, StaticCredentials};
use worker::{Hooks, Offer, Timings, WorkerOptions};

const PROVIDER: &str = "bench";

/// Nothing here may take longer: past that it is not slow but stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a site is to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Accounts that buy.
    pub(crate) accounts: usize,
    /// Jobs that run at once.
    pub(crate) slots: usize,
    /// Clips of the provider that are asked after at once.
    pub(crate) checks: usize,
    /// How long messages may wait for each other.
    pub(crate) linger: Duration,
}

/// See the module.
pub(crate) struct Site {
    /// Where purchases go.
    pub(crate) ledger: Ledger,
    /// The queue's server, which counts requests.
    pub(crate) sqs: Sqs,
    /// How the queue is reached.
    pub(crate) queue: QueueSettings,
    /// The provider of all models.
    pub(crate) maker: Maker,
    /// The login that may do everything.
    pub(crate) owner: Client,
    operators: Option<Pool>,
    wanted: Wanted,
    users: Vec<UserId>,
    name: String,
    database: Database,
    mark: MarkWatcher,
    ended: CancellationToken,
    running: Vec<JoinHandle<Result<()>>>,
}

impl Site {
    /// Without a worker yet.
    pub(crate) async fn open(stage: &Stage, wanted: Wanted, maker: Maker) -> Result<Site> {
        let (name, database) = stage.fresh_database().await?;
        let ledger = Ledger::open(&database, LedgerOptions::default()).await?;
        let users = (0..wanted.accounts).map(orders::user).collect::<Result<Vec<UserId>>>()?;
        orders::for_all(&ledger, &users, orders::grant).await?;
        let ended = CancellationToken::new();
        let mark = MarkWatcher::spawn(&database, ledger.appended(), ended.clone());
        let sqs = Sqs::start(SqsOptions::default()).await?;
        let key = sqs.access_key();
        let queue = QueueSettings::private(sqs.endpoint(), StaticCredentials::new(&key.id, &key.secret));
        let owner = database.connect(Role::Owner).await?;
        let mut site = Site {
            ledger,
            sqs,
            queue,
            maker,
            owner,
            operators: None,
            wanted,
            users,
            name,
            database,
            mark,
            ended,
            running: Vec::new(),
        };
        site.start_projector();
        Ok(site)
    }

    fn start_projector(&mut self) {
        let options = ProjectorOptions {
            database: self.database.clone(),
            mark: self.mark.subscribe(),
            owner: "bench".into(),
            batch: DEFAULT_BATCH,
        };
        let ended = self.ended.clone();
        self.running.push(tokio::spawn(async move { Ok(projections::run(options, ended).await?) }));
    }

    /// Starts a worker with the usual times.
    pub(crate) fn start_worker(&mut self) -> Result<()> {
        let options = WorkerOptions {
            ledger: self.ledger.clone(),
            database: self.database.clone(),
            mark: self.mark.subscribe(),
            queue: self.queue.clone(),
            offer: offer(&self.maker)?.fixed(),
            outputs: Arc::new(InMemory::new()),
            keep_outputs: None,
            name: "bench".into(),
            concurrency: self.wanted.slots,
            poll_concurrency: self.wanted.checks,
            policy: RetryPolicy::default(),
            hooks: Hooks { may_be_private: true, low_balance: None },
            sealing: None,
            timings: Timings { queue_linger: self.wanted.linger, ..Timings::default() },
        };
        let ended = self.ended.clone();
        self.running.push(tokio::spawn(async move { Ok(Box::pin(worker::run(options, ended)).await?) }));
        Ok(())
    }

    /// Makes an endpoint of a customer that is told of all grants.
    pub(crate) async fn endpoint(&mut self, url: String) -> Result<()> {
        let new = NewEndpoint {
            id: Uuid::now_v7(),
            url,
            topics: vec![Topic::CreditsGranted],
            user: None,
            description: None,
            after: Position::START,
            secret: StandardSecret::generate()?,
            actor: "admin:bench".into(),
            request_id: "bench".into(),
            at: Utc::now(),
            idempotency: None,
        };
        if self.operators.is_none() {
            self.operators = Some(self.database.pool(Role::Operator, 1)?);
        }
        let operators = self.operators.as_ref().context("it was just opened")?;
        let mut client = operators.get().await?;
        let transaction = client.transaction().await?;
        hooks::add(&transaction, &new).await?;
        Ok(transaction.commit().await?)
    }

    /// Buys one image or clip, for each account in turn.
    pub(crate) async fn buy(&self, turn: usize, model: &str) -> Result<JobId> {
        let kind = if model == VIDEO { Kind::Video } else { Kind::Image };
        let job_id = JobId::generate();
        let user = &self.users[turn % self.users.len()];
        self.ledger.execute(orders::purchase(user, job_id, kind, model)).await?;
        Ok(job_id)
    }

    /// What time it is for the database.
    pub(crate) async fn now(&self) -> Result<DateTime<Utc>> {
        Ok(self.owner.query_one("select clock_timestamp()", &[]).await?.try_get(0)?)
    }

    /// How many events of this type were written, or from `since` on.
    pub(crate) async fn count(&self, event: &str, since: Option<DateTime<Utc>>) -> Result<f64> {
        let count =
            "select count(*) from events where type = $1 and ($2::timestamptz is null or recorded_at >= $2)";
        let count: i64 = self.owner.query_one(count, &[&event, &since]).await?.try_get(0)?;
        Ok(count as f64)
    }

    /// Waits until so many jobs have succeeded and their messages are gone.
    pub(crate) async fn until_done(&self, jobs: usize) -> Result<()> {
        let queue = self.queues().await?;
        until("all jobs are done", async || {
            let depth = queue.depth(worker::queue::Source::Jobs).await?;
            Ok(self.count("job.succeeded", None).await? as usize >= jobs
                && depth.visible + depth.in_flight == 0)
        })
        .await
    }

    /// The queues, made as the worker makes them.
    pub(crate) async fn queues(&self) -> Result<Queue> {
        Ok(Queue::ensure(&self.queue, 10, Duration::from_secs(30)).await?)
    }

    /// Ends everything and gives the disk back.
    pub(crate) async fn close(self, stage: &Stage) -> Result<()> {
        self.ended.cancel();
        for running in self.running {
            running.await.context("a part of the pipeline panicked")??;
        }
        self.ledger.close().await;
        self.sqs.stop().await;
        drop((self.owner, self.operators));
        stage.drop_database(&self.name).await
    }
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await? {
        ensure!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn offer(maker: &Maker) -> Result<Offer> {
    let simulated = Catalogue::new(simulated::models())?;
    let like = |id: &str, other: &str| {
        let model = simulated.get(other).context("there is such a simulated model")?;
        anyhow::Ok(Model { id: id.into(), routes: vec![Route::new(PROVIDER, id)], ..model.clone() })
    };
    let models = [like(IMAGE, "sim-image")?, like(VIDEO, "sim-video")?];
    let catalogue = Arc::new(Catalogue::new(models)?);
    let providers = Providers::new().with(PROVIDER, maker.clone());
    Ok(Offer { catalogue, providers, ..Offer::default() })
}
