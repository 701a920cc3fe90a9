//! Bulk actions: what an admin ordered for many dead jobs at once, the jobs that it is about, and how far it is.
//!
//! Not a read model: streams belong to accounts, and an order across them has none. `freeze` fixes which jobs it is about,
//! `order` is what a person may do to an action, `read` tells of it, and `work` is for the one duty that performs it. What
//! becomes of each job is decided by the ledger alone, and each event names the action as its cause: so whatever is here can
//! be told again from the log.

mod action;
mod freeze;
mod order;
mod read;
mod work;

pub use action::{Action, Deed, Item, Outcome, Share, State, Tally};
pub use freeze::{Choice, Frozen, MOST_ITEMS, NewAction, freeze};
pub use order::{Change, change};
pub use read::{counts, get, items, list, named};
pub use work::{
    Settled, begin, begun, claim, close, end, follow, open, pass_canary, pause, put_back, settle,
};

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("bulk: add", freeze::ADD),
    ("bulk: repeated", freeze::REPEATED),
    ("bulk: fill with what matches", freeze::FILL_MATCHING),
    ("bulk: fill with what is named", freeze::FILL_NAMED),
    ("bulk: filled", freeze::FILLED),
    ("bulk: pause", order::PAUSE),
    ("bulk: resume", order::RESUME),
    ("bulk: abort", order::ABORT),
    ("bulk: get", read::GET),
    ("bulk: named", read::NAMED),
    ("bulk: list", read::LIST),
    ("bulk: counts", read::COUNTS),
    ("bulk: items", read::ITEMS),
    ("bulk: items of an outcome", read::ITEMS_OF),
    ("bulk: open", work::OPEN),
    ("bulk: claim", work::CLAIM),
    ("bulk: begin", work::BEGIN),
    ("bulk: settle", work::SETTLE),
    ("bulk: put back", work::PUT_BACK),
    ("bulk: follow", work::FOLLOW),
    ("bulk: pause by itself", work::PAUSE),
    ("bulk: pass the canary", work::PASS_CANARY),
    ("bulk: end", work::END),
    ("bulk: close", work::CLOSE),
];
