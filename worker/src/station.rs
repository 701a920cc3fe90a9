//! What every duty works with: the ledger, the database, the queue, the providers and the settings.

use crate::backoff::jitter;
use crate::classes;
use crate::error::Error;
use crate::governing::Governing;
use crate::offer::Offer;
use crate::options::{Sealing, Timings, WorkerOptions};
use crate::outputs::OutputStore;
use crate::queue::{self, Queue, Queues};
use crate::roll::Roll;
use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use ledger::error_chain;
use ledger::job::{JobCommand, JobState, RetryPolicy};
use ledger::{
    AccountId, Action, Actor, Command, Context, Credits, ExecuteError, JobId, Ledger, Outcome, Position,
    Role, read,
};
use projections::alive::Alive;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Room between the attempt budget and SQS's own limit: deliveries that cost no attempt (a worker that died
/// before it claimed, a claim that another one held) must not send a job to the DLQ.
const SPARE_DELIVERIES: u32 = 7;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Shared by all duties of a worker.
pub(crate) struct Station {
    pub ledger: Ledger,
    /// For the log and the pending tasks.
    pub reader: Pool,
    /// For leases and the relay's checkpoint.
    pub writer: Pool,
    /// For what is spent at providers. All who buy there wait for the row of its day, which must not hold up leases.
    pub spender: Pool,
    /// Shows whoever waits for this process's leases that it lives.
    pub alive: Alive,
    pub mark: watch::Receiver<Position>,
    pub queues: Queues,
    pub outputs: OutputStore,
    pub keep_outputs: Option<Duration>,
    pub sealer: Option<Sealer>,
    pub hooks: Teller,
    /// Names this process among all that ever ran: a claim under it was made here.
    pub identity: String,
    /// Shows all others that this process lives, and whether what it claimed is still its own.
    pub roll: Roll,
    pub concurrency: usize,
    pub poll_concurrency: usize,
    pub policy: RetryPolicy,
    pub timings: Timings,
    /// Decides how hard providers are asked.
    pub governing: Governing,
    offer: watch::Receiver<Arc<Offer>>,
}

impl Station {
    /// Opens the queues and the pools; `None` when `shutdown` came first.
    pub(crate) async fn open(
        options: WorkerOptions,
        shutdown: &CancellationToken,
    ) -> Result<Option<Station>, Error> {
        let opened = tokio::select! {
            opened = open_queues(&options) => opened?,
            () = shutdown.cancelled() => return Ok(None),
        };
        let sealer = match options.sealing {
            Some(sealing) => Some(Sealer { sealing, pool: options.database.pool(Role::Sealer, 1)? }),
            None => None,
        };
        let identity = format!("{}-{:08x}", options.name, rand::random::<u32>());
        Ok(Some(Station {
            roll: Roll::new(&options.database, &identity, options.timings.silence)?,
            ledger: options.ledger,
            reader: options.database.pool(Role::Reader, 8)?,
            writer: options.database.pool(Role::Projector, 4)?,
            spender: options.database.pool(Role::Projector, 2)?,
            alive: Alive::new(&options.database)?,
            mark: options.mark,
            queues: opened,
            outputs: OutputStore::new(options.outputs),
            keep_outputs: options.keep_outputs,
            sealer,
            hooks: Teller {
                pool: options.database.pool(Role::Projector, 4)?,
                may_be_private: options.hooks.may_be_private,
                low_balance: options.hooks.low_balance,
            },
            identity,
            concurrency: options.concurrency.max(1),
            poll_concurrency: options.poll_concurrency.max(1),
            policy: options.policy,
            timings: options.timings,
            governing: Governing::default(),
            offer: options.offer,
        }))
    }

    /// The models and providers as they are now.
    pub(crate) fn offer(&self) -> Arc<Offer> {
        Arc::clone(&self.offer.borrow())
    }

    /// Tells when they change.
    pub(crate) fn offers(&self) -> watch::Receiver<Arc<Offer>> {
        self.offer.clone()
    }

    /// The model as a metric label: only names from the catalogue, so that labels stay few.
    pub(crate) fn label(&self, model: &str) -> String {
        self.offer().catalogue.get(model).map_or("unknown", |model| model.id.as_str()).to_owned()
    }

    /// What time it is for the ledger; leases and back-off are compared with nothing else.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ledger.clock().now()
    }

    /// A job's state, from the log.
    pub(crate) async fn job(&self, account: AccountId, job: JobId) -> Result<Option<JobState>, Error> {
        let client = self.reader.get().await?;
        Ok(read::job(&**client, account, job).await?)
    }

    /// Gives a command to the ledger. While the log cannot be written it is given again, for `patience`: the
    /// commands of a claim are fenced, so a repeat of one that was written is refused.
    pub(crate) async fn record(&self, order: Order, patience: Duration) -> Result<Outcome, ExecuteError> {
        let give_up = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.ledger.execute(order.command()).await {
                Err(ExecuteError::Failed(error)) if may_pass(&error) && Instant::now() + pause < give_up => {
                    tracing::warn!(error = %error_chain(&error), job_id = %order.job_id, "the log is asked again");
                    tokio::time::sleep(pause / 2 + jitter(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                settled => return settled,
            }
        }
    }
}

/// A command about a job, with who gives it and why.
#[derive(Clone)]
pub(crate) struct Order {
    pub account_id: AccountId,
    pub job_id: JobId,
    pub command: JobCommand,
    pub actor: Actor,
    /// The duty, for the log.
    pub duty: &'static str,
    /// The message that led to it.
    pub message: Option<Uuid>,
}

impl Order {
    fn command(&self) -> Command {
        Command {
            account: self.account_id,
            context: Context {
                actor: self.actor.clone(),
                request_id: self.duty.to_owned(),
                causation_id: self.message,
            },
            idempotency: None,
            action: Action::Job { job_id: self.job_id, command: self.command.clone() },
        }
    }
}

/// What sealing needs.
pub(crate) struct Sealer {
    pub sealing: Sealing,
    /// Connections that may add seals.
    pub pool: Pool,
}

/// What telling customers needs.
pub(crate) struct Teller {
    /// Its transactions wait for each other, which must not hold up leases.
    pub pool: Pool,
    pub may_be_private: bool,
    pub low_balance: Option<Credits>,
}

/// Whether the same command may succeed a little later.
fn may_pass(error: &ledger::Error) -> bool {
    !matches!(error, ledger::Error::Closed | ledger::Error::Unreadable { .. } | ledger::Error::Url(_))
}

/// Nothing can be done without the default queue. Those of classes may come later.
async fn open_queues(options: &WorkerOptions) -> Result<Queues, queue::Error> {
    let queues = Queues::new(open_default(options).await?);
    let offer = Arc::clone(&options.offer.borrow());
    classes::open_missing(&queues, &offer).await;
    Ok(queues)
}

async fn open_default(options: &WorkerOptions) -> Result<Queue, queue::Error> {
    let (settings, timings) = (&options.queue, &options.timings);
    let deliveries = options.policy.max_attempts.saturating_add(SPARE_DELIVERIES);
    let give_up = Instant::now() + timings.start_patience;
    loop {
        match Queue::ensure(settings, deliveries, timings.visibility).await {
            Err(error) if Instant::now() < give_up => {
                tracing::warn!(%error, "the queue cannot be opened yet");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            opened => return opened,
        }
    }
}
