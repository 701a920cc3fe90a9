//! A lane: executes the commands of its accounts, batch by batch, on one connection.
//!
//! It takes all commands that wait, decides them in order on the heads it remembers, and writes all their
//! events with one INSERT; while that runs, the next batch gathers. No timer: a lone caller waits for one
//! INSERT, a thousand callers share one.
//!
//! What a crash leaves behind: either the whole batch or nothing of it. Callers that got no answer repeat
//! their request under the same idempotency key.

mod connection;
mod round;

use crate::command::{Command, Outcome};
use crate::database::Database;
use crate::error::{Error, ExecuteError};
use crate::head::HeadCache;
use crate::ids::{AccountId, Position};
use crate::ledger::LedgerOptions;
use connection::Connection;
use quick_cache::unsync::Cache;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// A command that waits for its outcome.
pub(crate) struct Pending {
    command: Command,
    deadline: Instant,
    reply: oneshot::Sender<Result<Outcome, ExecuteError>>,
    /// How often another process won the race for it.
    lost_races: u32,
    /// Whether its heads must be read anew before it is decided, because what the lane remembers refused it.
    fresh: bool,
}

impl Pending {
    pub(crate) fn new(
        command: Command,
        deadline: Instant,
        reply: oneshot::Sender<Result<Outcome, ExecuteError>>,
    ) -> Pending {
        Pending { command, deadline, reply, lost_races: 0, fresh: false }
    }

    fn answer(self, outcome: Result<Outcome, ExecuteError>) {
        // A caller that has gone does not need its answer; the idempotency key keeps it.
        let _ = self.reply.send(outcome);
    }

    fn fail(self, error: Error) {
        self.answer(Err(ExecuteError::Failed(error)));
    }
}

/// How many idempotency keys a lane remembers as used, so that a repeat is looked up at once.
const REMEMBERED_KEYS: usize = 10_000;

/// See the module.
pub(crate) struct Lane {
    connection: Connection,
    heads: HeadCache,
    used_keys: Cache<(AccountId, String), ()>,
    batch: usize,
    appended: Arc<watch::Sender<Position>>,
}

impl Lane {
    pub(crate) async fn open(
        database: Database,
        options: &LedgerOptions,
        appended: Arc<watch::Sender<Position>>,
    ) -> Result<Lane, Error> {
        Ok(Lane {
            connection: Connection::open(database).await?,
            heads: HeadCache::new(options.cached_accounts, options.cached_jobs),
            used_keys: Cache::new(REMEMBERED_KEYS),
            batch: options.batch.max(1),
            appended,
        })
    }

    /// Works until the ledger closes, then finishes what waits.
    pub(crate) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Pending>,
        mut closing: watch::Receiver<bool>,
    ) {
        let mut batch = Vec::with_capacity(self.batch);
        loop {
            let taken = tokio::select! {
                biased;
                taken = inbox.recv_many(&mut batch, self.batch) => taken,
                () = async { drop(closing.wait_for(|closing| *closing).await) } => {
                    inbox.close();
                    inbox.recv_many(&mut batch, self.batch).await
                }
            };
            if taken == 0 {
                return;
            }
            metrics::histogram!("ledger_batch_commands").record(taken as f64);
            self.execute(std::mem::take(&mut batch)).await;
        }
    }

    /// Executes a batch to its end. A batch that cannot be written whole comes back in smaller ones.
    async fn execute(&mut self, batch: Vec<Pending>) {
        let mut queue = VecDeque::from([batch]);
        while let Some(batch) = queue.pop_front() {
            let again = self.round(batch).await;
            queue.extend(again.into_iter().filter(|batch| !batch.is_empty()));
        }
    }
}
