//! The audit of one account: takes its events, stream by stream and in order, and collects breaches.

use super::{Breach, invariant, kept, lots};
use crate::account::{AccountEvent, AccountState};
use crate::chain::{GENESIS, Hash, Hashed};
use crate::clock::MAX_SKEW;
use crate::credits::Credits;
use crate::event::{Event, RecordedEvent};
use crate::ids::{AccountId, JobId, Position, StreamId};
use crate::job::{JobEvent, JobState, Status};
use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

/// The columns that only the hash needs, exactly as stored.
pub(super) struct Stored<'a> {
    pub state: Option<&'a str>,
    pub request_hash: Option<&'a [u8]>,
}

/// What the account's stream says of one job: by run, what was taken and what came back.
#[derive(Default)]
struct Books {
    runs: HashMap<u32, Run>,
    /// The run whose price is only held.
    on_hold: Option<u32>,
}

#[derive(Default)]
struct Run {
    taken: Decimal,
    returned: Decimal,
}

/// Where a stream has been read up to.
struct Cursor {
    stream: StreamId,
    version: i64,
    hash: Hash,
    job: Option<JobState>,
    ended_run: Option<u32>,
}

/// See the module.
pub(super) struct AccountAudit {
    account: AccountId,
    cursor: Option<Cursor>,
    state: AccountState,
    books: HashMap<JobId, Books>,
    jobs: HashMap<JobId, (Status, Credits)>,
    keys: HashSet<String>,
    /// The newest position, and whose it is.
    newest: Option<(Position, StreamId, i64)>,
    /// When the last credit event happened.
    last_at: DateTime<Utc>,
    scratch: String,
    pub streams: u64,
    pub events: u64,
    pub account_version: i64,
    pub head: Hash,
    pub breaches: Vec<Breach>,
}

impl AccountAudit {
    pub(super) fn new(account: AccountId) -> AccountAudit {
        AccountAudit {
            account,
            cursor: None,
            state: AccountState::default(),
            books: HashMap::new(),
            jobs: HashMap::new(),
            keys: HashSet::new(),
            newest: None,
            last_at: DateTime::UNIX_EPOCH,
            scratch: String::new(),
            streams: 0,
            events: 0,
            account_version: 0,
            head: GENESIS,
            breaches: Vec::new(),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        self.account
    }

    /// Takes the next event of the account, in the order of stream and version.
    pub(super) fn take(&mut self, recorded: &RecordedEvent, stored: &Stored<'_>) {
        self.events += 1;
        let mut cursor = self.cursor_for(recorded.stream_id);
        self.check_position(recorded);
        self.check_order(&cursor, recorded);
        self.check_time(recorded);
        self.check_hash(&cursor, recorded, stored);
        cursor.version = recorded.version;
        cursor.hash = recorded.hash.as_slice().try_into().unwrap_or(GENESIS);
        if let Some(key) = &recorded.idempotency_key
            && !self.keys.insert(key.clone())
        {
            self.breach(
                invariant::ONCE,
                recorded,
                format!("the idempotency key `{key}` has a second effect"),
            );
        }
        match &recorded.event {
            Event::Account(event) => self.take_credit(event, recorded),
            Event::Job(event) => self.take_job(&mut cursor, event, recorded),
        }
        self.cursor = Some(cursor);
    }

    /// Reports an event that cannot be read; the rest of its stream is still chained to its stored hash.
    pub(super) fn unreadable(&mut self, stream: StreamId, version: i64, problem: String) {
        self.events += 1;
        let at = |detail| Breach {
            invariant: invariant::READABLE,
            account: self.account,
            stream: Some(stream),
            version: Some(version),
            detail,
        };
        self.breaches.push(at(problem));
    }

    /// Ends the last stream and closes the books. `drawn` is the newest position that was drawn by anybody.
    pub(super) fn finish(&mut self, drawn: Position) {
        self.end_stream();
        self.check_newest(drawn);
        let mut books: HashMap<JobId, Option<Books>> =
            std::mem::take(&mut self.books).into_iter().map(|(job, books)| (job, Some(books))).collect();
        for job in self.jobs.keys() {
            books.entry(*job).or_default();
        }
        for (job, books) in books {
            if let Some(detail) = self.unbalanced(job, books.as_ref()) {
                self.breaches.push(Breach {
                    invariant: invariant::JOB_BOOKS,
                    account: self.account,
                    stream: Some(job.into()),
                    version: None,
                    detail,
                });
            }
        }
    }

    fn cursor_for(&mut self, stream: StreamId) -> Cursor {
        match self.cursor.take_if(|cursor| cursor.stream == stream) {
            Some(cursor) => cursor,
            None => {
                self.end_stream();
                self.streams += 1;
                Cursor { stream, version: 0, hash: GENESIS, job: None, ended_run: None }
            }
        }
    }

    fn end_stream(&mut self) {
        let Some(cursor) = self.cursor.take() else { return };
        if cursor.stream == self.account.into() {
            self.account_version = cursor.version;
            self.head = cursor.hash;
        } else if let Some(job) = cursor.job {
            self.jobs.insert(JobId(cursor.stream.0), (job.status, job.charged_in_all()));
        }
    }

    /// Whatever follows the log goes from its first position to the newest one, and never sees what is beyond.
    fn check_position(&mut self, recorded: &RecordedEvent) {
        if recorded.position <= Position::START {
            let detail = format!("it stands at position {}, before the log begins", recorded.position);
            self.breach(invariant::ORDER, recorded, detail);
        }
        if self.newest.is_none_or(|(newest, ..)| recorded.position > newest) {
            self.newest = Some((recorded.position, recorded.stream_id, recorded.version));
        }
    }

    fn check_newest(&mut self, drawn: Position) {
        let Some((position, stream, version)) = self.newest.filter(|(newest, ..)| *newest > drawn) else {
            return;
        };
        self.breaches.push(Breach {
            invariant: invariant::ORDER,
            account: self.account,
            stream: Some(stream),
            version: Some(version),
            detail: format!("it stands at position {position}, and only those up to {drawn} were drawn"),
        });
    }

    fn check_order(&mut self, cursor: &Cursor, recorded: &RecordedEvent) {
        if recorded.version != cursor.version + 1 {
            let missing = format!("version {} follows version {}", recorded.version, cursor.version);
            self.breach(invariant::ORDER, recorded, missing);
        }
        if recorded.prev_hash != cursor.hash {
            self.breach(invariant::CHAIN, recorded, "it does not follow from the event before it".into());
        }
    }

    fn check_time(&mut self, recorded: &RecordedEvent) {
        let ahead = recorded.occurred_at.signed_duration_since(recorded.recorded_at);
        if ahead > MAX_SKEW {
            let detail = format!(
                "it is dated {}, {} s after it was recorded: the clock of its process was ahead",
                recorded.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true),
                ahead.num_seconds()
            );
            self.breach(invariant::TIME, recorded, detail);
        }
    }

    fn check_hash(&mut self, cursor: &Cursor, recorded: &RecordedEvent, stored: &Stored<'_>) {
        let hashed = Hashed {
            account_id: recorded.account_id.0,
            stream_id: recorded.stream_id.0,
            version: recorded.version,
            event_id: recorded.event_id.0,
            name: recorded.event.name(),
            schema_version: recorded.schema_version,
            amount: recorded.amount,
            balance_after: recorded.balance_after,
            job_id: recorded.job_id.map(|job| job.0),
            payload: &recorded.payload,
            state: stored.state,
            idempotency_key: recorded.idempotency_key.as_deref(),
            request_hash: stored.request_hash,
            actor: &recorded.actor,
            request_id: &recorded.request_id,
            causation_id: recorded.causation_id,
            occurred_at_micros: recorded.occurred_at.timestamp_micros(),
        };
        let prev_hash = recorded.prev_hash.as_slice().try_into().unwrap_or(cursor.hash);
        let computed = hashed.after(&prev_hash, &mut self.scratch);
        if recorded.hash != computed {
            let detail =
                format!("its hash should be {}: it was changed after it was written", hex::encode(computed));
            self.breach(invariant::CHAIN, recorded, detail);
        }
    }

    fn take_credit(&mut self, event: &AccountEvent, recorded: &RecordedEvent) {
        let change = event.change();
        if recorded.amount != Some(change.get()) || recorded.job_id != event.job_id() {
            self.breach(invariant::COLUMNS, recorded, "amount or job differ from the payload".into());
        }
        match change.apply_to(self.state.balance) {
            Ok(balance) if recorded.balance_after == Some(balance.get()) => {}
            Ok(balance) => {
                let detail = format!("the balance after it should be {balance}");
                self.breach(invariant::CONSERVATION, recorded, detail);
            }
            Err(error) => {
                self.breach(invariant::CONSERVATION, recorded, format!("the balance after it {error}"));
            }
        }
        if recorded.schema_version > 1 {
            for detail in lots::problems(&self.state, event, decided_at(recorded)) {
                self.breach(invariant::LOTS, recorded, detail);
            }
        }
        if recorded.occurred_at < self.last_at {
            self.breach(invariant::TIME, recorded, "it is dated before the event before it".into());
        }
        self.last_at = recorded.occurred_at;
        self.state.apply(event);
        if recorded.state.as_ref() != Some(&self.state) {
            self.breach(invariant::STATE, recorded, "the stored state is not the fold of the stream".into());
        }
        for detail in lots::imbalances(&self.state) {
            self.breach(invariant::CONSERVATION, recorded, detail);
        }
        if let Some(detail) = self.book(event) {
            self.breach(invariant::JOB_BOOKS, recorded, detail);
        }
    }

    /// Enters what a job's run took or got back; tells what is wrong with it.
    fn book(&mut self, event: &AccountEvent) -> Option<String> {
        let job_id = event.job_id()?;
        let books = self.books.entry(job_id).or_default();
        match event {
            AccountEvent::Debited { amount, run, .. } => books.take(*run, *amount),
            AccountEvent::Held { amount, run: Some(run), .. } => {
                books.on_hold = Some(*run);
                books.take(*run, *amount)
            }
            AccountEvent::Captured { released, run: Some(run), .. } => {
                books.end_hold(*run).or_else(|| books.give_back(*run, *released))
            }
            AccountEvent::Released { amount, run: Some(run), .. } => {
                books.end_hold(*run).or_else(|| books.give_back(*run, *amount))
            }
            AccountEvent::Refunded { amount, run, .. } => books.give_back(*run, *amount),
            AccountEvent::Held { run: None, .. }
            | AccountEvent::Captured { run: None, .. }
            | AccountEvent::Released { run: None, .. } => Some("the job's run is not told".into()),
            AccountEvent::Granted { .. }
            | AccountEvent::Adjusted { .. }
            | AccountEvent::Expired { .. }
            | AccountEvent::Voided { .. } => None,
        }
    }

    fn take_job(&mut self, cursor: &mut Cursor, event: &JobEvent, recorded: &RecordedEvent) {
        if recorded.job_id.map(StreamId::from) != Some(recorded.stream_id) {
            self.breach(invariant::COLUMNS, recorded, "the job column is not its stream".into());
        }
        for detail in kept::problems(cursor.job.as_ref(), event, &recorded.actor) {
            self.breach(invariant::JOB_BOOKS, recorded, detail);
        }
        cursor.job = JobState::apply(cursor.job.take(), event, recorded.version, recorded.occurred_at);
        let Some(job) = &cursor.job else {
            self.breach(invariant::ORDER, recorded, "the job does not begin with job.queued".into());
            return;
        };
        let ends_run = matches!(
            event,
            JobEvent::Succeeded { .. } | JobEvent::Failed { .. } | JobEvent::Cancelled { .. }
        );
        if ends_run && cursor.ended_run.replace(job.run) == Some(job.run) {
            self.breach(invariant::ONCE, recorded, format!("run {} ends a second time", job.run));
        }
    }

    /// What is wrong with a job's books once everything was read.
    fn unbalanced(&self, job: JobId, books: Option<&Books>) -> Option<String> {
        let Some(books) = books else {
            return Some("nothing was ever taken for the job".into());
        };
        let Some((status, charged)) = self.jobs.get(&job) else {
            return Some("credits were taken for a job that is not in the log".into());
        };
        let kept: Decimal = books.runs.values().map(|run| run.taken - run.returned).sum();
        if kept != charged.get() {
            return Some(format!("the job is {status} and charged {charged}, but {kept} were kept"));
        }
        None
    }

    fn breach(&mut self, invariant: &'static str, recorded: &RecordedEvent, detail: String) {
        self.breaches.push(Breach {
            invariant,
            account: recorded.account_id,
            stream: Some(recorded.stream_id),
            version: Some(recorded.version),
            detail,
        });
    }
}

/// When it was decided, as far as lots are concerned: an account dated ahead by a wrong clock keeps its events in
/// order, but they are decided at the time at which they are recorded.
fn decided_at(recorded: &RecordedEvent) -> DateTime<Utc> {
    let is_ahead = recorded.occurred_at.signed_duration_since(recorded.recorded_at) > MAX_SKEW;
    if is_ahead { recorded.recorded_at } else { recorded.occurred_at }
}

impl Books {
    fn take(&mut self, run: u32, amount: Credits) -> Option<String> {
        let again = self.runs.contains_key(&run);
        self.runs.entry(run).or_default().taken += amount.get();
        again.then(|| format!("run {run} is charged twice"))
    }

    fn give_back(&mut self, run: u32, amount: Credits) -> Option<String> {
        let Some(books) = self.runs.get_mut(&run) else {
            return Some(format!("run {run} gets credits back that were never taken"));
        };
        books.returned += amount.get();
        let (taken, returned) = (books.taken, books.returned);
        (returned > taken).then(|| format!("run {run} took {taken} credits and got {returned} back"))
    }

    fn end_hold(&mut self, run: u32) -> Option<String> {
        let open = self.on_hold.take() == Some(run);
        (!open).then(|| format!("run {run} has no open hold"))
    }
}
