//! The front of the crate: hands each command to the lane of its account and waits for its outcome.

use crate::clock::{self, Clock};
use crate::command::{Command, Outcome};
use crate::database::Database;
use crate::error::{BatchError, Error, ExecuteError};
use crate::ids::Position;
use crate::lane::{self, Answer, Pending};
use crate::options::LedgerOptions;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The ledger of one process. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    lanes: Vec<mpsc::Sender<Pending>>,
    appended: watch::Receiver<Position>,
    clock: Clock,
    deadline: Duration,
    refund_grace: Duration,
    closing: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Ledger {
    /// Connects the lanes. Fails if the database cannot be reached or has no log.
    pub async fn open(database: &Database, options: LedgerOptions) -> Result<Ledger, Error> {
        let (publish, appended) = watch::channel(Position::START);
        let (closing, closed) = watch::channel(false);
        let publish = Arc::new(publish);
        let mut lanes = Vec::new();
        let (clock, keep_right) = clock::watch(database, options.clock, closed.clone()).await?;
        let mut tasks = Vec::new();
        tasks.extend(keep_right.map(tokio::spawn));
        for number in 0..options.lanes.max(1) {
            let (give, take) = mpsc::channel(options.waiting.max(1));
            let lane =
                lane::Lane::open(database.clone(), number, &options, clock.clone(), publish.clone()).await?;
            tasks.push(tokio::spawn(lane.run(take, closed.clone())));
            lanes.push(give);
        }
        let LedgerOptions { deadline, refund_grace, .. } = options;
        let inner =
            Inner { lanes, appended, clock, deadline, refund_grace, closing, tasks: Mutex::new(tasks) };
        Ok(Ledger { inner: Arc::new(inner) })
    }

    /// Executes a command: all of its events are written, or none.
    ///
    /// Once the command is taken by its lane it runs to its end, even if the caller stops waiting. After
    /// [`Error::OutcomeUnknown`] the same idempotency key tells what happened.
    pub async fn execute(&self, command: Command) -> Result<Outcome, ExecuteError> {
        self.single(command, false).await
    }

    /// What [`Ledger::execute`] would answer now; nothing is written. Its outcome has no position.
    pub async fn preview(&self, command: Command) -> Result<Outcome, ExecuteError> {
        self.single(command, true).await
    }

    /// Executes 1 to [`crate::MAX_COMMANDS_PER_BATCH`] commands, of any accounts, in order and in one INSERT:
    /// all of them or none. If one has an idempotency key, all must have the same one, with the hash of the whole; it
    /// stands for these commands in the whole log, and not only in their accounts.
    pub async fn execute_all(&self, commands: Vec<Command>) -> Result<Vec<Outcome>, BatchError> {
        self.submit(commands, true, false).await
    }

    /// What [`Ledger::execute_all`] would answer now; nothing is written.
    pub async fn preview_all(&self, commands: Vec<Command>) -> Result<Vec<Outcome>, BatchError> {
        self.submit(commands, true, true).await
    }

    async fn single(&self, command: Command, dry_run: bool) -> Result<Outcome, ExecuteError> {
        let outcomes = self.submit(vec![command], false, dry_run).await.map_err(|failed| failed.error)?;
        outcomes.into_iter().next().ok_or(ExecuteError::Failed(Error::OutcomeUnknown))
    }

    async fn submit(&self, commands: Vec<Command>, together: bool, dry_run: bool) -> Answer {
        let failed = |error: Error| BatchError { place: 0, error: error.into() };
        let Some(first) = commands.first() else { return Ok(Vec::new()) };
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + self.inner.deadline;
        let lane = first.account.0.as_u64_pair().1 as usize % self.inner.lanes.len();
        let pending = Pending::new(commands, together, dry_run, deadline, reply);
        self.inner.lanes[lane].try_send(pending).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => failed(Error::Overloaded),
            mpsc::error::TrySendError::Closed(_) => failed(Error::Closed),
        })?;
        match tokio::time::timeout_at(deadline + GRACE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(failed(Error::Closed)),
            Err(_) => Err(failed(Error::OutcomeUnknown)),
        }
    }

    /// The newest position that this process appended: a hint that there is something to read.
    pub fn appended(&self) -> watch::Receiver<Position> {
        self.inner.appended.clone()
    }

    /// What time it is for this ledger, and for everything that waits for or compares with what it wrote.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// How long credits live that come back to a lot which has lapsed since; see [`LedgerOptions`].
    pub fn refund_grace(&self) -> Duration {
        self.inner.refund_grace
    }

    /// Finishes the commands that wait, then refuses new ones with [`Error::Closed`].
    pub async fn close(&self) {
        self.inner.closing.send_replace(true);
        for task in self.inner.tasks.lock().await.drain(..) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a lane ended badly");
            }
        }
    }
}

/// The lane answers at the deadline; this is for a lane that cannot.
const GRACE: Duration = Duration::from_secs(2);
