//! A lane: executes the commands of its accounts, batch by batch, on one connection.
//!
//! Phases. It takes all commands that wait, decides them in order on the heads it remembers (`batch`), reads the
//! heads that it does not (`round`), and writes all their events with one INSERT. While that runs, it decides the
//! commands that come in on the heads as they will be; if the INSERT fails, so does what was decided on it, and
//! both are decided again. No timer: a lone caller waits for one INSERT, a thousand callers share one.
//!
//! Order of precedence for each command: its deadline; the answer of an earlier request under the same key; the
//! decision. A refusal is never answered from memory: heads that refuse are read again, then the key is looked
//! up, and only then the refusal stands. A refusal decided on rows of the same batch stands only once those are
//! written.
//!
//! What a crash leaves behind: either the whole batch or nothing of it. Callers that got no answer repeat
//! their request under the same idempotency key.

mod batch;
mod connection;
mod memory;
mod round;
mod sharing;

use crate::clock::Clock;
use crate::command::{Action, Command, NewJob, Outcome};
use crate::database::Database;
use crate::error::{BatchError, Error};
use crate::head::JobKey;
use crate::ids::{AccountId, Position};
use crate::options::LedgerOptions;
use crate::refusal::Refusal;
use crate::stored_key::{KeyPlaces, stored_key};
use chrono::TimeDelta;
use connection::Connection;
use memory::Memory;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// What executing commands together led to: the outcome of each, or which one failed and why.
pub(crate) type Answer = Result<Vec<Outcome>, BatchError>;

/// Commands that wait for their outcome, together.
pub(crate) struct Pending {
    commands: Vec<Command>,
    /// Whether their idempotency key, if they have one, stands for them all in the whole log.
    together: bool,
    /// Whether only to say what they would do.
    dry_run: bool,
    deadline: Instant,
    reply: oneshot::Sender<Answer>,
    /// How often another process won the race for it.
    lost_races: u32,
    /// Whether its heads must be read anew before it is decided, because what the lane remembers refused it.
    fresh: bool,
}

impl Pending {
    pub(crate) fn new(
        commands: Vec<Command>,
        together: bool,
        dry_run: bool,
        deadline: Instant,
        reply: oneshot::Sender<Answer>,
    ) -> Pending {
        // What only looks has no write that would notice an outdated head.
        Pending { commands, together, dry_run, deadline, reply, lost_races: 0, fresh: dry_run }
    }

    fn answer(self, answer: Answer) {
        // A caller that has gone does not need its answer; the idempotency key keeps it.
        let _ = self.reply.send(answer);
    }

    fn refuse(self, place: usize, refusal: Refusal) {
        metrics::counter!("ledger_refusals_total", "code" => refusal.code()).increment(1);
        self.answer(Err(BatchError { place, error: refusal.into() }));
    }

    fn fail(self, error: Error) {
        self.answer(Err(BatchError { place: 0, error: error.into() }));
    }

    /// The accounts whose heads must be known.
    fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.commands.iter().map(|command| command.account)
    }

    /// The jobs whose heads must be known. One that is being queued is new; should it not be, the primary key
    /// says so and it is read then.
    fn jobs(&self) -> impl Iterator<Item = JobKey> {
        self.commands.iter().flat_map(|Command { account, action, .. }| {
            let (one, queued): (_, &[NewJob]) = match action {
                Action::Job { job_id, .. } => (Some(*job_id), &[]),
                Action::Queue { jobs } if self.fresh => (None, jobs),
                Action::Account(_) | Action::Queue { .. } => (None, &[]),
            };
            one.into_iter().chain(queued.iter().map(|new| new.job_id)).map(|job_id| (*account, job_id))
        })
    }

    /// The stored key of the first command and where it is unique: in its account, or in the whole log. The others
    /// have theirs exactly if it has.
    fn first_key(&self) -> Option<(Option<AccountId>, String)> {
        let first = self.commands.first()?;
        let place = KeyPlaces::new(self.together).of(first).into_iter().next()?;
        stored_key(first, place).map(|(key, _)| ((!self.together).then_some(first.account), key))
    }
}

/// See the module.
pub(crate) struct Lane {
    connection: Connection,
    memory: Memory,
    rules: Rules,
    appended: Arc<watch::Sender<Position>>,
}

/// How a lane works.
#[derive(Clone)]
struct Rules {
    /// Which lane of how many, as a number that the same lane of another process has too.
    lane: i32,
    /// Most commands of one INSERT.
    batch: usize,
    refund_grace: TimeDelta,
    clock: Clock,
}

impl Lane {
    pub(crate) async fn open(
        database: Database,
        number: usize,
        options: &LedgerOptions,
        clock: Clock,
        appended: Arc<watch::Sender<Position>>,
    ) -> Result<Lane, Error> {
        let rules = Rules {
            lane: i32::try_from(options.lanes * 1_000 + number).unwrap_or(i32::MAX),
            batch: options.batch.max(1),
            refund_grace: TimeDelta::from_std(options.refund_grace).unwrap_or(TimeDelta::MAX),
            clock,
        };
        let connection = Connection::open(database).await?;
        let memory = Memory::new(options.cached_accounts, options.cached_jobs);
        Ok(Lane { connection, memory, rules, appended })
    }

    /// Works until the ledger closes, then finishes what waits.
    pub(crate) async fn run(mut self, inbox: mpsc::Receiver<Pending>, closing: watch::Receiver<bool>) {
        let mut inbox = Inbox { receiver: inbox, closing };
        let mut again = VecDeque::new();
        loop {
            let pendings = match again.pop_front() {
                Some(pendings) => pendings,
                None => inbox.wait(self.rules.batch).await,
            };
            if pendings.is_empty() {
                return;
            }
            self.carry_through(pendings, &mut inbox, &mut again).await;
            again.retain(|pendings: &Vec<Pending>| !pendings.is_empty());
        }
    }
}

/// Where a lane's commands come in.
struct Inbox {
    receiver: mpsc::Receiver<Pending>,
    closing: watch::Receiver<bool>,
}

impl Inbox {
    /// Waits for commands; none only once the ledger has closed and nothing waits any more.
    async fn wait(&mut self, most: usize) -> Vec<Pending> {
        let mut taken = Vec::new();
        let Inbox { receiver, closing } = self;
        if *closing.borrow() {
            receiver.close();
        }
        tokio::select! {
            biased;
            _ = receiver.recv_many(&mut taken, most) => {}
            () = async { drop(closing.wait_for(|closing| *closing).await) } => {
                receiver.close();
                receiver.recv_many(&mut taken, most).await;
            }
        }
        taken
    }

    /// Waits for a few more, which is all that may be decided before the INSERT that runs is looked at again.
    /// Never comes back once the ledger closes, so that the lane comes to its end.
    async fn more(&mut self, most: usize) -> Vec<Pending> {
        const AT_A_TIME: usize = 32;
        let mut taken = Vec::new();
        if most > 0 && !*self.closing.borrow() {
            self.receiver.recv_many(&mut taken, most.min(AT_A_TIME)).await;
        }
        if taken.is_empty() {
            return std::future::pending().await;
        }
        taken
    }
}
