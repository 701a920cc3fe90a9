//! What is measured: which system, with how many callers, on how many accounts.

use crate::crowd::Accounts;
use crate::settings::Part;
use measure::words::thousands;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Accounts that a spread load goes through.
pub(crate) const ACCOUNTS: usize = 10_000;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum System {
    /// The ledger.
    Cooly,
    /// The ledger, each command under an idempotency key.
    CoolyKeyed,
    /// Two processes, each with a ledger and half of the callers, all on the same accounts.
    CoolyTwoShared,
    /// The same, each process on accounts of its own.
    CoolyTwoDisjoint,
    /// `pgbench` with a single-row insert.
    Bare,
    /// A transaction around a row lock.
    RowLock,
    /// The statements of an application written with an ORM.
    Conventional,
}

/// How the load lies on the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// Over [`ACCOUNTS`] accounts.
    Spread,
    /// All on one account.
    Hot,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Case {
    /// What is called.
    pub(crate) system: System,
    /// By how many at once.
    pub(crate) callers: usize,
    /// On which accounts.
    pub(crate) place: Place,
}

impl System {
    /// Whether it is this ledger.
    pub(crate) fn is_ours(self) -> bool {
        !matches!(self, System::Bare | System::RowLock | System::Conventional)
    }

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            System::Cooly => "Cooly",
            System::CoolyKeyed => "Cooly, idempotency keys",
            System::CoolyTwoShared => "Cooly, two processes, same accounts",
            System::CoolyTwoDisjoint => "Cooly, two processes, own accounts",
            System::Bare => "(a) pgbench single-row insert",
            System::RowLock => "(b) row lock",
            System::Conventional => "(c) conventional, 18 statements",
        }
    }
}

impl Place {
    /// The accounts of this place.
    pub(crate) fn accounts(self) -> Accounts {
        let count = if self == Place::Hot { 1 } else { ACCOUNTS };
        Accounts { count, every: 1, first: 0 }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place == Place::Hot { "one account" } else { "spread" };
        let callers = if self.callers == 1 { "caller" } else { "callers" };
        let count = thousands(self.callers as f64);
        write!(out, "{}, {count} {callers}, {place}", self.system.name())
    }
}

/// The cases of these parts, in the order of the table.
pub(crate) fn cases(parts: &[Part]) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |system, place, callers: &[usize]| {
        cases.extend(callers.iter().map(|callers| Case { system, callers: *callers, place }));
    };
    // Two processes are compared with one, which is the spread case.
    if parts.contains(&Part::Spread) || parts.contains(&Part::Processes) {
        let callers: &[usize] =
            if parts.contains(&Part::Spread) { &[1, 64, 1_024, 4_096] } else { &[64, 1_024] };
        add(System::Cooly, Place::Spread, callers);
    }
    if parts.contains(&Part::Keyed) {
        add(System::CoolyKeyed, Place::Spread, &[1, 64, 1_024]);
    }
    if parts.contains(&Part::Hot) {
        add(System::Cooly, Place::Hot, &[1, 64, 1_024, 4_096]);
    }
    if parts.contains(&Part::Processes) {
        add(System::CoolyTwoShared, Place::Spread, &[64, 1_024]);
        add(System::CoolyTwoDisjoint, Place::Spread, &[64, 1_024]);
    }
    if parts.contains(&Part::Baselines) {
        add(System::Bare, Place::Spread, &[64]);
        add(System::RowLock, Place::Spread, &[1, 64, 1_024]);
        add(System::RowLock, Place::Hot, &[1, 64, 1_024]);
        add(System::Conventional, Place::Spread, &[1, 64]);
    }
    cases
}
