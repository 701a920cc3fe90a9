//! A clock that a test moves. Each test has its own, as long as all of it runs on the test's own thread, which is
//! what `#[tokio::test]` does by default.

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{ClockSource, LedgerOptions};
use std::cell::Cell;
use std::time::Duration;

/// How long credits live that come back to a lapsed lot.
pub(crate) const GRACE_SECONDS: u64 = 1_000;

thread_local! {
    static SECONDS: Cell<i64> = const { Cell::new(0) };
}

/// That many seconds after the test began.
pub(crate) fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_500_000_000 + seconds)
}

pub(crate) fn now() -> DateTime<Utc> {
    second(SECONDS.get())
}

/// Lets time pass until that second.
pub(crate) fn until(seconds: i64) {
    SECONDS.set(seconds);
}

pub(crate) fn options() -> LedgerOptions {
    LedgerOptions {
        clock: ClockSource::Manual(now),
        refund_grace: Duration::from_secs(GRACE_SECONDS),
        ..LedgerOptions::default()
    }
}
