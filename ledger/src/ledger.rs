//! The front of the crate: hands each command to the lane of its account and waits for its outcome.

use crate::command::{Command, Outcome};
use crate::database::Database;
use crate::error::{Error, ExecuteError};
use crate::ids::Position;
use crate::lane::{self, Pending};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How a [`Ledger`] works. The defaults suit two cores.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// How many lanes: accounts are spread over them, each has one connection.
    pub lanes: usize,
    /// Most commands of one INSERT.
    pub batch: usize,
    /// Most commands that wait for one lane; past that they are refused at once as overload.
    pub waiting: usize,
    /// How long a command may wait for its outcome.
    pub deadline: Duration,
    /// Accounts whose heads each lane remembers.
    pub cached_accounts: usize,
    /// Unfinished jobs whose heads each lane remembers.
    pub cached_jobs: usize,
}

impl Default for LedgerOptions {
    fn default() -> LedgerOptions {
        LedgerOptions {
            lanes: 2,
            batch: 512,
            waiting: 8_192,
            deadline: Duration::from_secs(10),
            cached_accounts: 50_000,
            cached_jobs: 10_000,
        }
    }
}

/// The ledger of one process. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    lanes: Vec<mpsc::Sender<Pending>>,
    appended: watch::Receiver<Position>,
    deadline: Duration,
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
        let mut tasks = Vec::new();
        for _ in 0..options.lanes.max(1) {
            let (give, take) = mpsc::channel(options.waiting.max(1));
            let lane = lane::Lane::open(database.clone(), &options, publish.clone()).await?;
            tasks.push(tokio::spawn(lane.run(take, closed.clone())));
            lanes.push(give);
        }
        let inner = Inner { lanes, appended, deadline: options.deadline, closing, tasks: Mutex::new(tasks) };
        Ok(Ledger { inner: Arc::new(inner) })
    }

    /// Executes a command: all of its events are written, or none.
    ///
    /// Once the command is taken by its lane it runs to its end, even if the caller stops waiting. After
    /// [`Error::OutcomeUnknown`] the same idempotency key tells what happened.
    pub async fn execute(&self, command: Command) -> Result<Outcome, ExecuteError> {
        let (reply, outcome) = oneshot::channel();
        let deadline = Instant::now() + self.inner.deadline;
        let lane = command.account.0.as_u64_pair().1 as usize % self.inner.lanes.len();
        let pending = Pending::new(command, deadline, reply);
        self.inner.lanes[lane].try_send(pending).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        match tokio::time::timeout_at(deadline + GRACE, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::Closed.into()),
            Err(_) => Err(Error::OutcomeUnknown.into()),
        }
    }

    /// The newest position that this process appended: a hint that there is something to read.
    pub fn appended(&self) -> watch::Receiver<Position> {
        self.inner.appended.clone()
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
