//! Every line of SQL of this crate.

pub(crate) mod append;
pub(crate) mod heads;
pub(crate) mod keys;
pub(crate) mod mark;
pub mod read;
pub(crate) mod row;

use crate::export;

/// Every statement, by name: for the tests that prepare and explain them all.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("append", append::APPEND),
    ("append: which are there", append::WRITTEN),
    ("account heads", heads::ACCOUNT_HEADS),
    ("job streams", heads::JOB_STREAMS),
    ("idempotency keys", keys::BY_KEY),
    ("job streams up to a version", keys::JOB_STREAM_UP_TO),
    ("account", read::ACCOUNT),
    ("stream", read::STREAM),
    ("page", read::PAGE),
    ("export: is there such an account", export::HAS_EVENTS),
    ("export: page of the log", export::LOG_PAGE),
    ("export: page of an account", export::ACCOUNT_PAGE),
    ("export: positions of a time", export::WITHIN),
    ("mark: newest position", mark::NEWEST),
    ("mark: writers", mark::WRITERS),
];
