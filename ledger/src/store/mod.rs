//! Every line of SQL of this crate.

pub(crate) mod append;
pub(crate) mod heads;
pub(crate) mod history;
pub(crate) mod keys;
pub(crate) mod mark;
pub mod read;
pub(crate) mod row;

/// Every statement, by name: for the tests that prepare and explain them all.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("append", append::APPEND),
    ("append: which are there", append::WRITTEN),
    ("account heads", heads::ACCOUNT_HEADS),
    ("job streams", heads::JOB_STREAMS),
    ("idempotency keys", keys::BY_KEY),
    ("aftermath of a credit event", keys::AFTERMATH),
    ("job streams up to a version", keys::JOB_STREAM_UP_TO),
    ("account", read::ACCOUNT),
    ("account at an instant", history::AT_INSTANT),
    ("account before an instant", history::BEFORE_INSTANT),
    ("account at a position", history::AT_POSITION),
    ("account events", history::ACCOUNT_EVENTS),
    ("events at versions", history::AT_VERSIONS),
    ("stream", read::STREAM),
    ("page", read::PAGE),
    ("mark: newest position", mark::NEWEST),
    ("mark: writers", mark::WRITERS),
];
