//! Turns commands into the rows of one INSERT, in memory: decides each command in order on the heads that the
//! ones before it left behind. Knows no database and no clock; the lane gives it heads and `now`.
//!
//! A command drafts all its rows or none: a refusal leaves heads and rows as they were.

use crate::account::{self, AccountCommand, AccountEvent, AccountState, Charge, ForRun, Lot, Occasion};
use crate::chain::{GENESIS, Hash, Hashed};
use crate::clock::MAX_SKEW;
use crate::command::{Action, Command};
use crate::credits::Credits;
use crate::decision::Decision;
use crate::event::{SCHEMA_VERSION, SCHEMA_VERSION_OF_KEPT};
use crate::head::{AccountHead, JobHead, JobKey};
use crate::ids::{AccountId, EventId, JobId};
use crate::job::{self, JobCommand, JobEvent, JobState};
use crate::refusal::Refusal;
use crate::stored_key::{KeyPlace, KeyPlaces, StoredKey, charge_key, stored_key};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// One row to insert.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Which commands of the batch it belongs to.
    pub command: usize,
    pub account_id: Uuid,
    pub stream_id: Uuid,
    pub version: i64,
    pub event_id: Uuid,
    pub name: &'static str,
    pub schema_version: i16,
    pub amount: Option<Decimal>,
    pub balance_after: Option<Decimal>,
    pub job_id: Option<Uuid>,
    pub payload: String,
    pub state: Option<String>,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<[u8; 32]>,
    pub actor: Arc<str>,
    pub request_id: Arc<str>,
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
    pub at: DateTime<Utc>,
    pub account: Option<Arc<AccountState>>,
    pub credits: Vec<AccountEvent>,
    pub jobs: Vec<(JobId, Arc<JobState>)>,
    /// Whether it has something to write.
    pub writes: bool,
}

/// Commands that were drafted together: all of them, or none.
#[derive(Debug, Clone)]
pub(crate) struct DraftedAll {
    pub commands: Vec<Drafted>,
    /// Whether there is anything to write.
    pub writes: bool,
    /// Whether each of them has something to write. Writing shows whether what a command was decided on is still so; what
    /// writes nothing is only as good as what was remembered.
    pub each_writes: bool,
}

/// Which of the commands that belong together was refused, and why.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub place: usize,
    pub refusal: Refusal,
}

/// A batch being drafted.
pub(crate) struct Draft {
    refund_grace: TimeDelta,
    heads: Heads,
    rows: Vec<Row>,
    scratch: String,
}

/// Names of streams.
pub(crate) struct Streams {
    pub accounts: HashSet<AccountId>,
    pub jobs: HashSet<JobKey>,
}

impl Streams {
    /// Those that the rows belong to.
    pub(crate) fn of(rows: &[Row]) -> Streams {
        let (accounts, jobs): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.stream_id == row.account_id);
        Streams {
            accounts: accounts.into_iter().map(|row| AccountId(row.account_id)).collect(),
            jobs: jobs.into_iter().map(|row| (AccountId(row.account_id), JobId(row.stream_id))).collect(),
        }
    }
}

/// The ends of streams, by name.
#[derive(Default)]
pub(crate) struct Heads {
    pub accounts: HashMap<AccountId, AccountHead>,
    pub jobs: HashMap<JobKey, JobHead>,
}

impl Draft {
    /// An empty draft.
    pub(crate) fn new(refund_grace: TimeDelta) -> Draft {
        Draft {
            refund_grace,
            heads: Heads::default(),
            rows: Vec::new(),
            scratch: String::with_capacity(1024),
        }
    }

    /// Gives the head of an account, before a command of it is drafted.
    pub(crate) fn set_account(&mut self, id: AccountId, head: AccountHead) {
        self.heads.accounts.insert(id, head);
    }

    /// Gives the head of a job, before a command of it is drafted.
    pub(crate) fn set_job(&mut self, key: JobKey, head: JobHead) {
        self.heads.jobs.insert(key, head);
    }

    /// Whether the account's head was given.
    pub(crate) fn has_account(&self, id: AccountId) -> bool {
        self.heads.accounts.contains_key(&id)
    }

    /// Whether the job's head was given.
    pub(crate) fn has_job(&self, key: JobKey) -> bool {
        self.heads.jobs.contains_key(&key)
    }

    /// The streams of which the draft has rows.
    pub(crate) fn moved(&self) -> Streams {
        Streams::of(&self.rows)
    }

    /// Decides commands that belong together (`together`: and were given so, under one key) and, unless one is refused, adds their rows.
    pub(crate) fn add(
        &mut self,
        index: usize,
        commands: &[Command],
        together: bool,
        now: DateTime<Utc>,
    ) -> Result<DraftedAll, Refused> {
        let rows_before = self.rows.len();
        let mut step = Step::new(self, index, now);
        let drafted = step.decide_all(commands, together);
        let Step { accounts, jobs, .. } = step;
        let commands = drafted.inspect_err(|_| self.rows.truncate(rows_before))?;
        self.heads.accounts.extend(accounts);
        self.heads.jobs.extend(jobs);
        let each_writes = commands.iter().all(|drafted| drafted.writes);
        Ok(DraftedAll { commands, writes: self.rows.len() > rows_before, each_writes })
    }

    /// What [`Draft::add`] would answer; nothing is added.
    pub(crate) fn preview(
        &mut self,
        index: usize,
        commands: &[Command],
        together: bool,
        now: DateTime<Utc>,
    ) -> Result<DraftedAll, Refused> {
        let rows_before = self.rows.len();
        let drafted = Step::new(self, index, now).decide_all(commands, together);
        self.rows.truncate(rows_before);
        Ok(DraftedAll { commands: drafted?, writes: false, each_writes: false })
    }

    /// The rows in the order in which they must be inserted, and the heads as they will then be.
    pub(crate) fn finish(mut self) -> (Vec<Row>, Heads) {
        // A row is large: with its keys aside each is moved once.
        self.rows.sort_by_cached_key(Row::order);
        (self.rows, self.heads)
    }
}

/// Commands being drafted together, on copies of the heads that they touch.
struct Step<'a> {
    index: usize,
    now: DateTime<Utc>,
    refund_grace: TimeDelta,
    heads: &'a Heads,
    accounts: Vec<(AccountId, AccountHead)>,
    jobs: Vec<(JobKey, JobHead)>,
    /// Those of the commands before these, and then theirs.
    rows: &'a mut Vec<Row>,
    /// Who acts in the command that is being drafted, and through what; shared by its rows.
    actor: Arc<str>,
    request_id: Arc<str>,
    scratch: &'a mut String,
}

/// What is asked of an account.
enum Asked<'a> {
    Command(&'a AccountCommand),
    Charge(&'a Charge, ForRun),
}

impl<'a> Step<'a> {
    /// `now` is cut to microseconds, which is what the log keeps and hashes.
    fn new(draft: &'a mut Draft, index: usize, now: DateTime<Utc>) -> Step<'a> {
        Step {
            index,
            now: DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now),
            refund_grace: draft.refund_grace,
            scratch: &mut draft.scratch,
            heads: &draft.heads,
            accounts: Vec::new(),
            jobs: Vec::new(),
            rows: &mut draft.rows,
            actor: Arc::default(),
            request_id: Arc::default(),
        }
    }

    fn decide_all(&mut self, commands: &[Command], together: bool) -> Result<Vec<Drafted>, Refused> {
        let mut key_places = KeyPlaces::new(together);
        let mut drafted = Vec::with_capacity(commands.len());
        for (place, command) in commands.iter().enumerate() {
            let is_alone = commands.len() == 1 && !together;
            let keys = if is_alone { KeyPlaces::alone(command) } else { key_places.of(command) };
            let decided = self.decide(command, &keys);
            drafted.push(decided.map_err(|refusal| Refused { place, refusal })?);
        }
        Ok(drafted)
    }

    fn decide(&mut self, command: &Command, keys: &[KeyPlace]) -> Result<Drafted, Refusal> {
        let rows_before = self.rows.len();
        self.actor = command.context.actor.to_string().into();
        self.request_id = command.context.request_id.as_str().into();
        let at = self.occasion(command.account).0.now;
        let mut drafted = Drafted { at, account: None, credits: Vec::new(), jobs: Vec::new(), writes: false };
        match &command.action {
            Action::Account(asked) => {
                self.lot_is_one(command.account, asked)?;
                let key = keys.first().and_then(|place| stored_key(command, *place));
                drafted.credits = self.credit(command, &Asked::Command(asked), key)?;
            }
            Action::Queue { jobs } => {
                for (new, key) in jobs.iter().zip(keys) {
                    let (request, price) = (Arc::clone(&new.request), new.price);
                    let asked = JobCommand::Queue { request, price, late_cancel: new.late_cancel };
                    self.job(command, new.job_id, &asked, *key, &mut drafted)?;
                }
            }
            Action::Job { job_id, command: asked } => {
                self.job(command, *job_id, asked, keys[0], &mut drafted)?;
            }
        }
        let touched = self.rows[rows_before..].iter().any(|row| row.state.is_some());
        drafted.writes = self.rows.len() > rows_before;
        drafted.account = touched.then(|| Arc::clone(&self.account(command.account).state));
        Ok(drafted)
    }

    /// Refuses to void something else than a lot. Whoever asks has looked up those in the log, but not those that
    /// this INSERT makes.
    fn lot_is_one(&self, account: AccountId, asked: &AccountCommand) -> Result<(), Refusal> {
        let AccountCommand::Void { lot, .. } = asked else { return Ok(()) };
        let named = |row: &&Row| row.stream_id == account.0 && row.version == lot.0;
        let makes_lot = |row: &Row| match row.name {
            "credits.granted" => true,
            "credits.adjusted" => row.amount.is_some_and(|amount| amount.is_sign_positive()),
            _ => false,
        };
        let is_one = self.rows.iter().find(named).is_none_or(makes_lot);
        if is_one { Ok(()) } else { Err(Refusal::LotUnknown { lot: *lot }) }
    }

    fn job(
        &mut self,
        command: &Command,
        job_id: JobId,
        asked: &JobCommand,
        key_place: KeyPlace,
        drafted: &mut Drafted,
    ) -> Result<(), Refusal> {
        let key = (command.account, job_id);
        let place = self.jobs.iter().position(|(known, _)| *known == key);
        let known = place.map_or_else(|| self.heads.jobs.get(&key), |place| Some(&self.jobs[place].1));
        let mut head = known.cloned().unwrap_or_default();
        let (decision, charge) = job::decide(head.state.as_deref(), asked, self.now)?;
        if let Decision::Events(mut events) = decision {
            let mut credits = Vec::new();
            if let Some((charge, run)) = charge {
                let run = ForRun { job_id, run, job_version: head.version + 1 };
                let key = charge_key(command, key_place, &charge, run);
                match self.credit(command, &Asked::Charge(&charge, run), key) {
                    Ok(charged) => credits = charged,
                    // A job must end even where the account has no room for what comes back.
                    Err(Refusal::BalanceTooLarge) => {
                        let unpaid: Option<Vec<_>> =
                            events.into_iter().map(JobEvent::without_refund).collect();
                        events = unpaid.ok_or(Refusal::BalanceTooLarge)?;
                    }
                    Err(refusal) => return Err(refusal),
                }
            }
            for event in events {
                self.append_job_event(command, job_id, &mut head, event.paid(lots_of(&credits)));
            }
            drafted.credits.append(&mut credits);
        }
        drafted.jobs.extend(head.state.clone().map(|state| (job_id, state)));
        match place {
            Some(place) => self.jobs[place].1 = head,
            None => self.jobs.push((key, head)),
        }
        Ok(())
    }

    /// Writes down what has lapsed, then what is decided; returns the latter.
    fn credit(
        &mut self,
        command: &Command,
        asked: &Asked<'_>,
        mut key: Option<StoredKey>,
    ) -> Result<Vec<AccountEvent>, Refusal> {
        let (at, dated) = self.occasion(command.account);
        for event in account::lapse(&self.account(command.account).state, at) {
            self.append_account_event(command, &event, dated, None);
        }
        let (at, dated) = self.occasion(command.account);
        let state = &self.account(command.account).state;
        let events = match asked {
            Asked::Charge(charge, run) => account::decide_charge(state, charge, *run, at)?,
            Asked::Command(asked) => match account::decide(state, asked, at)? {
                Decision::Events(events) => events,
                Decision::AlreadyApplied => Vec::new(),
            },
        };
        for event in &events {
            self.append_account_event(command, event, dated, key.take());
        }
        Ok(events)
    }

    /// When a command of the account is decided, and when its events are dated.
    ///
    /// What two processes know of the database's clock differs a little. Time must not run backwards within an
    /// account, or what has lapsed would come back, and a balance as of an instant could not be found. An account
    /// that is dated further ahead than that was written under a wrong clock: its events stay in order, but nothing
    /// lapses or begins before its time because of it.
    fn occasion(&mut self, id: AccountId) -> (Occasion, DateTime<Utc>) {
        let (now, refund_grace) = (self.now, self.refund_grace);
        let head = self.account(id);
        let dated = now.max(head.at);
        let decided = if dated - now > MAX_SKEW { now } else { dated };
        (Occasion { now: decided, next_version: head.version + 1, refund_grace }, dated)
    }

    fn account(&mut self, id: AccountId) -> &mut AccountHead {
        let place = self.accounts.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            let head = self.heads.accounts.get(&id).cloned().unwrap_or_default();
            self.accounts.push((id, head));
            self.accounts.len() - 1
        });
        &mut self.accounts[place].1
    }

    fn append_account_event(
        &mut self,
        command: &Command,
        event: &AccountEvent,
        at: DateTime<Utc>,
        key: Option<StoredKey>,
    ) {
        let blank = self.row(command, event.name(), event.encode());
        let head = self.account(command.account);
        Arc::make_mut(&mut head.state).apply(event);
        head.version += 1;
        head.at = at;
        let (idempotency_key, request_hash) = key.map_or((None, None), |(key, hash)| (Some(key), hash));
        let row = Row {
            amount: Some(event.change().get()),
            balance_after: Some(Credits::get(head.state.balance)),
            job_id: event.job_id().map(|id| id.0),
            state: Some(head.state.encode()),
            idempotency_key,
            request_hash,
            occurred_at: at,
            stream_id: command.account.0,
            version: head.version,
            prev_hash: head.hash,
            ..blank
        };
        let hash = self.seal(row);
        self.account(command.account).hash = hash;
    }

    fn append_job_event(&mut self, command: &Command, job_id: JobId, head: &mut JobHead, event: JobEvent) {
        head.version += 1;
        let state = head.state.take().map(Arc::unwrap_or_clone);
        head.state = JobState::apply(state, &event, head.version, self.now).map(Arc::new);
        let row = Row {
            schema_version: if event.keeps() { SCHEMA_VERSION_OF_KEPT } else { SCHEMA_VERSION },
            job_id: Some(job_id.0),
            stream_id: job_id.0,
            version: head.version,
            prev_hash: head.hash,
            ..self.row(command, event.name(), event.encode())
        };
        head.hash = self.seal(row);
    }

    /// A row of no stream yet, without money and without its hash.
    fn row(&self, command: &Command, name: &'static str, payload: String) -> Row {
        Row {
            command: self.index,
            account_id: command.account.0,
            stream_id: Uuid::nil(),
            version: 0,
            event_id: EventId::generate().0,
            name,
            schema_version: SCHEMA_VERSION,
            amount: None,
            balance_after: None,
            job_id: None,
            payload,
            state: None,
            idempotency_key: None,
            request_hash: None,
            actor: Arc::clone(&self.actor),
            request_id: Arc::clone(&self.request_id),
            causation_id: command.context.causation_id,
            occurred_at: self.now,
            prev_hash: GENESIS,
            hash: GENESIS,
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
            schema_version: row.schema_version,
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
        row.hash = hashed.after(&row.prev_hash, self.scratch);
        let hash = row.hash;
        self.rows.push(row);
        hash
    }
}

/// The lots that a job's credits were taken from.
fn lots_of(credits: &[AccountEvent]) -> &[Lot] {
    match credits.first() {
        Some(
            AccountEvent::Debited { from, .. }
            | AccountEvent::Held { from, .. }
            | AccountEvent::Captured { from, .. },
        ) => from,
        _ => &[],
    }
}
