//! Every line of SQL of this crate.

pub(crate) mod append;
pub(crate) mod books;
pub(crate) mod clock;
pub(crate) mod heads;
pub(crate) mod history;
pub(crate) mod job_credits;
pub(crate) mod keys;
pub(crate) mod mark;
pub(crate) mod moments;
pub mod read;
pub(crate) mod row;
pub(crate) mod seals;
pub(crate) mod turn;

use crate::export;

/// Every statement, by name: for the tests that prepare and explain them all. `seals::LOST` is
/// not among them: it reads the whole log, after damage was found.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("append", append::APPEND),
    ("clock of the database", clock::DATABASE_CLOCK),
    ("append: which are there", append::WRITTEN),
    ("account heads", heads::ACCOUNT_HEADS),
    ("job streams", heads::JOB_STREAMS),
    ("turn: take", turn::TAKE),
    ("turn: end", turn::END),
    ("idempotency keys", keys::BY_KEY),
    ("aftermath of a credit event", keys::AFTERMATH),
    ("job streams up to a version", keys::JOB_STREAM_UP_TO),
    ("account", read::ACCOUNT),
    ("account at an instant", history::AT_INSTANT),
    ("account before an instant", history::BEFORE_INSTANT),
    ("account at a position", history::AT_POSITION),
    ("what happened at a position", history::HAPPENED_AT),
    ("account events", history::ACCOUNT_EVENTS),
    ("events at versions", history::AT_VERSIONS),
    ("credits of a job", job_credits::JOB_CREDITS),
    ("events of streams at versions", history::OF_STREAMS),
    ("stream", read::STREAM),
    ("streams up to versions", moments::STREAMS_UP_TO),
    ("accounts at versions", moments::ACCOUNTS_AT),
    ("owners of accounts", moments::OWNERS),
    ("accounts now", moments::ACCOUNTS_NOW),
    ("models of jobs", read::MODELS),
    ("attempts that are over", read::OVER),
    ("page", read::PAGE),
    ("page: credits", read::PAGE_OF_CREDITS),
    ("page: jobs", read::PAGE_OF_JOBS),
    ("page: stops", read::PAGE_OF_STOPS),
    ("export: is there such an account", export::HAS_EVENTS),
    ("export: page of the log", export::LOG_PAGE),
    ("export: page of an account", export::ACCOUNT_PAGE),
    ("export: positions of a time", export::WITHIN),
    ("books: what accounts had", books::HOLDINGS),
    ("books: lots of accounts", books::LOTS),
    ("books: what moved", books::MOVED),
    ("books: what was recognised", books::RECOGNISED),
    ("books: first position of a time", books::FIRST_WITHIN),
    ("books: when the log began", books::BEGAN),
    ("books: when an event before a position was recorded", books::RECORDED_BEFORE),
    ("mark: newest position", mark::NEWEST),
    ("mark: writers", mark::WRITERS),
    ("seals: next block", seals::NEXT),
    ("seals: add", seals::ADD),
    ("seals: newest", seals::NEWEST),
    ("seals: page", seals::PAGE),
    ("seals: one", seals::ONE),
    ("seals: in order with leaves", seals::WITH_LEAVES),
    ("seals: of a position", seals::COVERING),
    ("seals: keys", seals::KEYS),
    ("seals: events of a block", seals::BLOCK),
    ("seals: one event", seals::EVENT),
    ("seals: event by id", seals::EVENT_BY_ID),
    ("seals: events of an account", seals::OF_ACCOUNT),
    ("seals: not yet sealed", seals::UNSEALED),
];
