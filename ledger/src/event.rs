//! An event as the log holds it: the fact, and the envelope around it.

use crate::account::{AccountEvent, AccountState};
use crate::error::Error;
use crate::ids::{AccountId, EventId, JobId, Position, StreamId};
use crate::job::JobEvent;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Schema version written with almost every event today. Version 1 knew neither lots nor holds; what an event of it does
/// not say has a meaning today (see [`AccountEvent`]), so that it is read as it is.
pub(crate) const SCHEMA_VERSION: i16 = 2;

/// Schema version of a `job.cancelled` that kept something. Whoever knows only earlier versions would take it for one that
/// gave all back, and must not read it at all.
pub(crate) const SCHEMA_VERSION_OF_KEPT: i16 = 3;

/// The newest schema version that can be read.
const NEWEST_SCHEMA_VERSION: i16 = SCHEMA_VERSION_OF_KEPT;

/// A fact about an account or about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// About the account.
    Account(AccountEvent),
    /// About one of its jobs.
    Job(JobEvent),
}

impl Event {
    /// The name in the `type` column.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Account(event) => event.name(),
            Event::Job(event) => event.name(),
        }
    }

    /// Reads an event from its columns, lifting older versions to today's shape.
    pub fn decode(name: &str, schema_version: i16, payload: &str) -> Result<Event, Error> {
        let unreadable = |problem: String| Error::Unreadable { event: name.to_owned(), problem };
        if !(1..=NEWEST_SCHEMA_VERSION).contains(&schema_version) {
            return Err(unreadable(format!("schema version {schema_version} is not known to this version")));
        }
        let decoded = if name.starts_with("credits.") {
            serde_json::from_str(payload).map(Event::Account)
        } else {
            serde_json::from_str(payload).map(Event::Job)
        };
        decoded.map_err(|error| unreadable(error.to_string())).and_then(|event: Event| {
            if event.name() != name {
                return Err(unreadable("payload is of another type".into()));
            }
            match event.least_schema_version() {
                least if schema_version < least => Err(unreadable(format!(
                    "what it says needs schema version {least}, and it has {schema_version}"
                ))),
                _ => Ok(event),
            }
        })
    }

    /// The least schema version under which what it says may stand.
    fn least_schema_version(&self) -> i16 {
        match self {
            Event::Job(event) if event.keeps() => SCHEMA_VERSION_OF_KEPT,
            Event::Account(_) | Event::Job(_) => 1,
        }
    }

    /// The payload column: compact JSON, the exact bytes that are hashed.
    pub fn encode(&self) -> String {
        match self {
            Event::Account(event) => event.encode(),
            Event::Job(event) => event.encode(),
        }
    }
}

/// One row of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// Its place in the log.
    pub position: Position,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The stream it belongs to.
    pub stream_id: StreamId,
    /// Its place in the stream, from 1.
    pub version: i64,
    /// Its id.
    pub event_id: EventId,
    /// The fact.
    pub event: Event,
    /// Schema version as stored.
    pub schema_version: i16,
    /// The payload column as stored.
    pub payload: String,
    /// Signed change of the balance; credit events only.
    pub amount: Option<Decimal>,
    /// The balance after it; credit events only.
    pub balance_after: Option<Decimal>,
    /// The job that it is about, on both kinds of stream.
    pub job_id: Option<JobId>,
    /// The account's state after it; credit events only.
    pub state: Option<AccountState>,
    /// The idempotency key as stored, with its namespace.
    pub idempotency_key: Option<String>,
    /// Who acted.
    pub actor: String,
    /// Through which request.
    pub request_id: String,
    /// Caused by which event or message.
    pub causation_id: Option<Uuid>,
    /// The application's clock.
    pub occurred_at: DateTime<Utc>,
    /// The database's clock.
    pub recorded_at: DateTime<Utc>,
    /// Hash of the event before it in the stream; 32 zero bytes for the first.
    pub prev_hash: Vec<u8>,
    /// SHA-256 of `prev_hash` and this event.
    pub hash: Vec<u8>,
}
