//! Turns commands into the rows of one INSERT, in memory: decides each command in order on the heads that the
//! ones before it left behind. Knows no database and no clock; the lane gives it heads and `now`.
//!
//! A command drafts all its rows or none: a refusal leaves heads and rows as they were.

use crate::account::{self, AccountCommand, AccountEvent, AccountState};
use crate::chain::{Hash, Hashed};
use crate::command::{Action, Command};
use crate::context::{Actor, Idempotency};
use crate::credits::Credits;
use crate::decision::Decision;
use crate::event::{Event, SCHEMA_VERSION};
use crate::head::{AccountHead, JobHead, JobKey};
use crate::ids::{AccountId, EventId, JobId};
use crate::job::{self, Charge, JobCommand, JobEvent, JobState};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

/// One row to insert.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Which command of the batch it belongs to.
    pub command: usize,
    pub account_id: Uuid,
    pub stream_id: Uuid,
    pub version: i64,
    pub event_id: Uuid,
    pub name: &'static str,
    pub amount: Option<Decimal>,
    pub balance_after: Option<Decimal>,
    pub job_id: Option<Uuid>,
    pub payload: String,
    pub state: Option<String>,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<[u8; 32]>,
    pub actor: String,
    pub request_id: String,
    pub causation_id: Option<Uuid>,
    pub occurred_at: DateTime<Utc>,
    pub prev_hash: Hash,
    pub hash: Hash,
}

impl Row {
    /// Rows go in by account, the account's own stream first, then job by job. Two processes that write the
    /// same keys then meet at the first common one instead of waiting for each other in a circle.
    pub(crate) fn order(&self) -> (Uuid, bool, Uuid, i64) {
        (self.account_id, self.stream_id != self.account_id, self.stream_id, self.version)
    }
}

/// What a command that was not refused leads to, once its rows are written.
#[derive(Debug, Clone)]
pub(crate) struct Drafted {
    pub account: Option<AccountState>,
    pub jobs: Vec<(JobId, JobState)>,
    /// Whether there is anything to write.
    pub writes: bool,
}

/// A batch being drafted.
pub(crate) struct Draft {
    now: DateTime<Utc>,
    accounts: HashMap<AccountId, AccountHead>,
    jobs: HashMap<JobKey, JobHead>,
    rows: Vec<Row>,
    scratch: String,
}

impl Draft {
    /// An empty draft. `now` is cut to microseconds, which is what the log keeps and hashes.
    pub(crate) fn new(now: DateTime<Utc>) -> Draft {
        let micros = now.timestamp_micros();
        Draft {
            now: DateTime::from_timestamp_micros(micros).unwrap_or(now),
            accounts: HashMap::new(),
            jobs: HashMap::new(),
            rows: Vec::new(),
            scratch: String::with_capacity(1024),
        }
    }

    /// Gives the head of an account, before a command of it is drafted.
    pub(crate) fn set_account(&mut self, id: AccountId, head: AccountHead) {
        self.accounts.insert(id, head);
    }

    /// Gives the head of a job, before a command of it is drafted.
    pub(crate) fn set_job(&mut self, key: JobKey, head: JobHead) {
        self.jobs.insert(key, head);
    }

    /// Whether the account's head was given.
    pub(crate) fn has_account(&self, id: AccountId) -> bool {
        self.accounts.contains_key(&id)
    }

    /// Whether the job's head was given.
    pub(crate) fn has_job(&self, key: JobKey) -> bool {
        self.jobs.contains_key(&key)
    }

    /// Decides a command and, unless it is refused, adds its rows.
    pub(crate) fn add(&mut self, index: usize, command: &Command) -> Result<Drafted, Refusal> {
        let account = self.accounts.get(&command.account).cloned().unwrap_or_default();
        let mut step = Step {
            index,
            command,
            now: self.now,
            account,
            account_touched: false,
            jobs: Vec::new(),
            rows: Vec::new(),
            scratch: std::mem::take(&mut self.scratch),
        };
        let decided = step.decide(&self.jobs);
        self.scratch = std::mem::take(&mut step.scratch);
        decided?;
        Ok(self.merge(step))
    }

    fn merge(&mut self, step: Step<'_>) -> Drafted {
        let account_id = step.command.account;
        let drafted = Drafted {
            account: step.account_touched.then(|| step.account.state.clone()),
            jobs: step.jobs.iter().filter_map(|(id, head)| Some((*id, head.state.clone()?))).collect(),
            writes: !step.rows.is_empty(),
        };
        if step.account_touched {
            self.accounts.insert(account_id, step.account);
        }
        self.jobs.extend(step.jobs.into_iter().map(|(id, head)| ((account_id, id), head)));
        self.rows.extend(step.rows);
        drafted
    }

    /// The rows in the order in which they must be inserted, and the heads as they will then be.
    pub(crate) fn finish(mut self) -> (Vec<Row>, HashMap<AccountId, AccountHead>, HashMap<JobKey, JobHead>) {
        self.rows.sort_by_key(Row::order);
        (self.rows, self.accounts, self.jobs)
    }
}

/// One command being drafted, on copies of the heads it touches.
struct Step<'a> {
    index: usize,
    command: &'a Command,
    now: DateTime<Utc>,
    account: AccountHead,
    account_touched: bool,
    jobs: Vec<(JobId, JobHead)>,
    rows: Vec<Row>,
    scratch: String,
}

impl Step<'_> {
    fn decide(&mut self, heads: &HashMap<JobKey, JobHead>) -> Result<(), Refusal> {
        if let Some(asked) = self.command.action.account_command() {
            return self.credit(&asked, stored_key(self.command, 0));
        }
        match &self.command.action {
            Action::Grant { .. } | Action::Adjust { .. } => Ok(()),
            Action::Queue { jobs } => {
                for (place, new) in jobs.iter().enumerate() {
                    let asked = JobCommand::Queue { request: new.request.clone(), cost: new.cost };
                    self.job(new.job_id, &asked, place, heads)?;
                }
                Ok(())
            }
            Action::Job { job_id, command } => self.job(*job_id, command, 0, heads),
        }
    }

    fn job(
        &mut self,
        job_id: JobId,
        asked: &JobCommand,
        place: usize,
        heads: &HashMap<JobKey, JobHead>,
    ) -> Result<(), Refusal> {
        let account_id = self.command.account;
        let mut head = match self.jobs.iter().find(|(id, _)| *id == job_id) {
            Some((_, head)) => head.clone(),
            None => heads.get(&(account_id, job_id)).cloned().unwrap_or_default(),
        };
        let (decision, charge) = job::decide(head.state.as_ref(), asked, self.now)?;
        if let Decision::Events(events) = decision {
            self.charge(job_id, head.version + 1, charge, place)?;
            for event in events {
                self.append_job_event(job_id, &mut head, event);
            }
        }
        self.jobs.push((job_id, head));
        Ok(())
    }

    fn charge(
        &mut self,
        job_id: JobId,
        job_version: i64,
        charge: Charge,
        place: usize,
    ) -> Result<(), Refusal> {
        match charge {
            Charge::None => Ok(()),
            Charge::Debit { amount, run } => {
                let debit = AccountCommand::Debit { amount, job_id, run, job_version };
                self.credit(&debit, stored_key(self.command, place))
            }
            Charge::Refund { amount, run, reason } => {
                let refund = AccountCommand::Refund { amount, job_id, run, reason };
                self.credit(&refund, Some((format!("refund:{job_id}:{run}"), None)))
            }
        }
    }

    fn credit(&mut self, asked: &AccountCommand, key: Option<StoredKey>) -> Result<(), Refusal> {
        if let Decision::Events(events) = account::decide(&self.account.state, asked)? {
            let mut key = key;
            for event in events {
                self.append_account_event(event, key.take());
            }
        }
        Ok(())
    }

    fn append_account_event(&mut self, event: AccountEvent, key: Option<StoredKey>) {
        self.account_touched = true;
        self.account.state.apply(&event);
        self.account.version += 1;
        let (idempotency_key, request_hash) = key.map_or((None, None), |(key, hash)| (Some(key), hash));
        let amount = event.change().get();
        let job_id = event.job_id();
        // A state is text, numbers and options: nothing in it can fail to be JSON.
        let state = serde_json::to_string(&self.account.state).expect("an account state is always JSON");
        let event = Event::Account(event);
        let row = self.row(&event, self.command.account.0, self.account.version, self.account.hash);
        let row = Row {
            amount: Some(amount),
            balance_after: Some(Credits::get(self.account.state.balance)),
            job_id: job_id.map(|id| id.0),
            state: Some(state),
            idempotency_key,
            request_hash,
            ..row
        };
        self.account.hash = self.seal(row);
    }

    fn append_job_event(&mut self, job_id: JobId, head: &mut JobHead, event: JobEvent) {
        head.version += 1;
        head.state = JobState::apply(head.state.take(), &event, head.version, self.now);
        let row = self.row(&Event::Job(event), job_id.0, head.version, head.hash);
        head.hash = self.seal(Row { job_id: Some(job_id.0), ..row });
    }

    fn row(&self, event: &Event, stream_id: Uuid, version: i64, prev_hash: Hash) -> Row {
        Row {
            command: self.index,
            account_id: self.command.account.0,
            stream_id,
            version,
            event_id: EventId::generate().0,
            name: event.name(),
            amount: None,
            balance_after: None,
            job_id: None,
            payload: event.encode(),
            state: None,
            idempotency_key: None,
            request_hash: None,
            actor: self.command.context.actor.to_string(),
            request_id: self.command.context.request_id.clone(),
            causation_id: self.command.context.causation_id,
            occurred_at: self.now,
            prev_hash,
            hash: prev_hash,
        }
    }

    /// Computes the row's hash, adds the row, and gives the hash to the next one of its stream.
    fn seal(&mut self, mut row: Row) -> Hash {
        let hashed = Hashed {
            account_id: row.account_id,
            stream_id: row.stream_id,
            version: row.version,
            event_id: row.event_id,
            name: row.name,
            schema_version: SCHEMA_VERSION,
            amount: row.amount,
            balance_after: row.balance_after,
            job_id: row.job_id,
            payload: &row.payload,
            state: row.state.as_deref(),
            idempotency_key: row.idempotency_key.as_deref(),
            request_hash: row.request_hash.as_ref().map(<[u8; 32]>::as_slice),
            actor: &row.actor,
            request_id: &row.request_id,
            causation_id: row.causation_id,
            occurred_at_micros: row.occurred_at.timestamp_micros(),
        };
        row.hash = hashed.after(&row.prev_hash, &mut self.scratch);
        let hash = row.hash;
        self.rows.push(row);
        hash
    }
}

/// The key column and the request hash beside it.
pub(crate) type StoredKey = (String, Option<[u8; 32]>);

/// The key that the `place`-th credit event of a command is written under. Users and admins have namespaces of
/// their own, so that an admin's key never meets a user's on the same account.
pub(crate) fn stored_key(command: &Command, place: usize) -> Option<StoredKey> {
    let Idempotency { key, request_hash } = command.idempotency.as_ref().filter(|_| is_keyed(command))?;
    let space = match command.context.actor {
        Actor::User(_) => "user",
        Actor::Admin(_) => "admin",
        Actor::Worker(_) | Actor::System(_) => "system",
    };
    Some((format!("{space}/{place}:{}", key.as_str()), Some(*request_hash)))
}

fn is_keyed(command: &Command) -> bool {
    match &command.action {
        Action::Grant { .. } | Action::Adjust { .. } | Action::Queue { .. } => true,
        Action::Job { command, .. } => matches!(command, JobCommand::Rerun),
    }
}
