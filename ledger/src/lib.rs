//! Decides what may happen to credits and jobs, and remembers what did.
//!
//! Everything is an event. A command is decided in memory by a pure function (`account`, `job`) and its
//! events are written by one INSERT into an append-only log (`store`); `execute` and `lane` are the only
//! places where the two meet. This crate knows nothing of HTTP, of queues or of read models.

pub mod account;
pub mod books;
pub mod catalogue;
pub mod chain;
mod clock;
mod command;
mod context;
mod credits;
mod database;
mod decision;
mod draft;
mod error;
mod event;
pub mod export;
pub mod failpoint;
mod head;
mod ids;
pub mod job;
mod json;
mod lane;
mod ledger;
mod legible;
pub mod mark;
mod options;
mod refusal;
pub mod seal;
mod store;
mod stored_key;
pub mod verify;

pub use clock::{Clock, ClockSource, MAX_SKEW};
pub use command::{Action, Command, MAX_COMMANDS_PER_BATCH, MAX_JOBS_PER_COMMAND, NewJob, Outcome};
pub use context::{
    Actor, Context, Idempotency, IdempotencyKey, InvalidKey, MAX_KEY_BYTES, MAX_REQUEST_ID_BYTES,
};
pub use credits::{AmountError, Change, Credits, MAX as MAX_CREDITS, MAX_SCALE};
pub use database::{Database, Role, snapshot};
pub use decision::Decision;
pub use error::{BatchError, Error, ExecuteError, chain as error_chain};
pub use event::{Event, RecordedEvent};
pub use ids::{AccountId, EventId, InvalidUserId, JobId, MAX_USER_ID_BYTES, Position, StreamId, UserId};
pub use ledger::Ledger;
pub use legible::shows_something;
pub use mark::MarkWatcher;
pub use options::LedgerOptions;
pub use refusal::Refusal;
pub use store::{STATEMENTS, read};
