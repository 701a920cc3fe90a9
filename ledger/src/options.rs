//! How a ledger works.

use crate::clock::ClockSource;
use std::time::Duration;

/// How a [`Ledger`](crate::Ledger) works. The defaults suit two cores.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// How many lanes: accounts are spread over them, each has one connection.
    pub lanes: usize,
    /// Most commands of one INSERT.
    pub batch: usize,
    /// Most commands that wait for one lane; past that they are refused at once as overload.
    pub waiting: usize,
    /// How long a command may wait for its outcome.
    pub deadline: Duration,
    /// Accounts whose heads each lane remembers.
    pub cached_accounts: usize,
    /// Unfinished jobs whose heads each lane remembers.
    pub cached_jobs: usize,
    /// How long credits live that come back to a lot which has lapsed since they were taken.
    pub refund_grace: Duration,
    /// What time it is, as far as decisions are concerned: expiry, leases and back-off are measured by it, and events
    /// are dated by it. The database's clock, unless a test lets years pass.
    pub clock: ClockSource,
}

impl Default for LedgerOptions {
    fn default() -> LedgerOptions {
        LedgerOptions {
            lanes: 2,
            batch: 512,
            waiting: 8_192,
            deadline: Duration::from_secs(10),
            cached_accounts: 50_000,
            cached_jobs: 10_000,
            refund_grace: Duration::from_secs(7 * 24 * 3600),
            clock: ClockSource::default(),
        }
    }
}
