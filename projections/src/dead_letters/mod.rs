//! `dead_letters`: the jobs that used up their attempts, for the operator who retries or discards them.
//!
//! `filter` says which are meant, the same wherever that is asked; `list` reads some in order, `count` adds up all that match, and
//! `write` keeps the table.

mod count;
mod filter;
mod list;
mod row;
mod write;

pub use count::{Group, Tally, count, groups};
pub use filter::Filter;
pub use list::{Cursor, Found, Order, count_up_to, list};
pub use row::{DeadLetter, get};

pub(crate) use filter::{Asked, besides, filtered, within};
pub(crate) use write::{HEADS, write};

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("dead letters: heads", write::HEADS),
    ("dead letters: write", write::WRITE),
    ("dead letters: delete", write::DELETE),
    ("dead letters: newest", list::NEWEST),
    ("dead letters: oldest", list::OLDEST),
    ("dead letters: most credits", list::MOST_CREDITS),
    ("dead letters: end of the newest", list::END_OF_NEWEST),
    ("dead letters: end of the oldest", list::END_OF_OLDEST),
    ("dead letters: end of the most credits", list::END_OF_MOST_CREDITS),
    ("dead letters: count up to", list::COUNT_UP_TO),
    ("dead letters: count", count::COUNT),
    ("dead letters: groups", count::GROUPS),
    ("dead letters: get", row::GET),
];
