//! API keys: what one looks like, whom it acts for, and the table in which its hash is kept.
//!
//! `api` checks the keys of requests and answers orders about them, `cooly key` gives the same orders from a terminal; what both must
//! agree on is here. Nothing is remembered between two questions: a key holds if its row says so now, in every process. This crate
//! serves no HTTP, and knows nothing of tokens.

mod create;
mod find;
mod key;
mod list;
mod revoke;
mod secret;
mod used;

pub use create::{Created, MOST_KEYS, NewKey, create};
pub use find::{active, find, get};
pub use key::{Environment, Key, Revoked, Scope, State, Unknown};
pub use list::{Filter, list, list_told};
pub use revoke::revoke;
pub use secret::{NotAKey, PREFIX, Secret};
pub use used::note_used;

/// Longest name of a key, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("api keys: take turns", create::TURN),
    ("api keys: count", create::COUNT),
    ("api keys: add", create::ADD),
    ("api keys: repeated", create::REPEATED),
    ("api keys: find", find::FIND),
    ("api keys: get", find::GET),
    ("api keys: active", find::ACTIVE),
    ("api keys: revoke", revoke::REVOKE),
    ("api keys: note uses", used::NOTE),
];
