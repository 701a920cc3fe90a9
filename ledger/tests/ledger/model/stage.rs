//! Where stories are told: two ledgers on one database, as two processes are, under a clock of the test's own.

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{ClockSource, Database, Ledger, LedgerOptions, Role};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

use crate::naive::{Seconds, instant};

/// How long credits live that come back to a lapsed lot, in the first process and in the second.
pub(crate) const GRACE: Seconds = 40;

/// By how much the second process's clock is behind.
pub(crate) const LAG: Seconds = 2;

thread_local! {
    // A story's ledgers run on its own thread, so each story has its own time.
    static CLOCK: Cell<Seconds> = const { Cell::new(0) };
}

pub(crate) fn set_clock(seconds: Seconds) {
    CLOCK.set(seconds);
}

fn clock() -> DateTime<Utc> {
    instant(CLOCK.get())
}

fn late_clock() -> DateTime<Utc> {
    clock() - TimeDelta::seconds(LAG)
}

/// See the module.
pub(crate) struct Stage {
    pub(super) runtime: Runtime,
    database: Database,
    pub(crate) reader: Client,
    ledgers: RefCell<[Ledger; 2]>,
}

impl Stage {
    pub(crate) fn open(database: &Database) -> Stage {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (reader, ledgers) = runtime.block_on(async {
            let reader = database.connect(Role::Reader).await.unwrap();
            (reader, [open(database, 0).await, open(database, 1).await])
        });
        Stage { runtime, database: database.clone(), reader, ledgers: RefCell::new(ledgers) }
    }

    pub(crate) fn ledger(&self, process: usize) -> Ledger {
        self.ledgers.borrow()[process].clone()
    }

    /// Ends a process, which forgets all that it remembered, and starts it anew.
    pub(crate) async fn restart(&self, process: usize) {
        let reopened = open(&self.database, process).await;
        let old = std::mem::replace(&mut self.ledgers.borrow_mut()[process], reopened);
        old.close().await;
    }
}

async fn open(database: &Database, process: usize) -> Ledger {
    let options = LedgerOptions {
        refund_grace: Duration::from_secs(GRACE.unsigned_abs()),
        clock: ClockSource::Manual(if process == 0 { clock } else { late_clock }),
        ..LedgerOptions::default()
    };
    Ledger::open(database, options).await.unwrap()
}
