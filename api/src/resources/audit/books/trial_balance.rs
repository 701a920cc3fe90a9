//! The trial balance, told.

use super::form::Tabled;
use super::words::{Held, LogEdge, total};
use crate::words::scalars::Total;
use ledger::books::TrialBalance;
use ledger::export::{Cells, TableColumn};
use poem_openapi::Object;

/// What grants of one source gave.
#[derive(Debug, Object)]
struct GrantedBySource {
    /// Where the credits came from.
    source: String,
    /// How many.
    amount: Total,
}

/// What was owed to all users at two borders of the log, and everything that moved in between. The ends are what the
/// accounts state; the lines are what the events say, with their sign: `opening.outstanding` and `granted`, `adjusted_up`,
/// `adjusted_down`, `spent`, `refunded`, `expired` and `voided` are exactly `closing.outstanding`.
#[derive(Debug, Object)]
#[oai(rename = "TrialBalance")]
pub(super) struct ToldBalance {
    /// Whether the equation holds to the last digit, for what is available and for what is held. If not, the log is not
    /// what was written: verify it.
    balanced: bool,
    /// Where the interval begins.
    from: LogEdge,
    /// Where it ends; the event at this position does not belong to it.
    to: LogEdge,
    /// Accounts in the whole log.
    accounts: u64,
    /// Events of accounts in the interval.
    events: u64,
    /// At its beginning.
    opening: Held,
    /// Given by grants.
    granted: Total,
    /// The same by source.
    granted_by_source: Vec<GrantedBySource>,
    /// Given by adjustments.
    adjusted_up: Total,
    /// Taken by adjustments; not above zero.
    adjusted_down: Total,
    /// Spent: debited and captured; not above zero.
    spent: Total,
    /// Of that, at prices that were known beforehand.
    debited: Total,
    /// Of that, out of holds, with what late cancels kept of them.
    captured: Total,
    /// Given back of what was spent.
    refunded: Total,
    /// Lapsed; not above zero.
    expired: Total,
    /// Taken back with their grants; not above zero.
    voided: Total,
    /// Set aside by holds: moved from `available` to `held`, which changes nothing about what is owed.
    set_aside: Total,
    /// What holds gave back unspent: moved the other way.
    given_back: Total,
    /// At its end.
    closing: Held,
    /// By how much `closing` differs from what the lines lead to: zeros, if it is balanced.
    difference: Held,
    /// The same in the order of the equation, as the CSV has it.
    lines: Vec<ToldLine>,
}

/// A line of the table.
#[derive(Debug, Object)]
#[oai(rename = "TrialBalanceLine")]
struct ToldLine {
    /// Which sum.
    line: String,
    /// Of a grant: from where.
    source: Option<String>,
    /// The sum, with its sign.
    amount: Total,
}

impl From<&TrialBalance> for ToldBalance {
    fn from(balance: &TrialBalance) -> ToldBalance {
        let granted = balance.granted.iter();
        let lines = balance.lines().into_iter().map(|line| ToldLine {
            line: line.name.to_owned(),
            source: line.source.map(str::to_owned),
            amount: total(line.amount),
        });
        ToldBalance {
            balanced: balance.is_balanced(),
            from: balance.interval.from.into(),
            to: balance.interval.to.into(),
            accounts: balance.accounts,
            events: balance.events,
            opening: balance.opening.into(),
            granted: total(balance.granted_in_all()),
            granted_by_source: granted
                .map(|(source, amount)| GrantedBySource { source: source.clone(), amount: total(*amount) })
                .collect(),
            adjusted_up: total(balance.adjusted_up),
            adjusted_down: total(balance.adjusted_down),
            spent: total(balance.spent()),
            debited: total(balance.debited),
            captured: total(balance.captured),
            refunded: total(balance.refunded),
            expired: total(balance.expired),
            voided: total(balance.voided),
            set_aside: total(balance.set_aside),
            given_back: total(balance.given_back),
            closing: balance.closing.into(),
            difference: balance.difference().into(),
            lines: lines.collect(),
        }
    }
}

impl Tabled for ToldBalance {
    fn file_name(&self) -> String {
        format!("trial-balance-{}-{}", self.from.position.0, self.to.position.0)
    }

    fn table(&self) -> Vec<TableColumn> {
        let of = |cell: fn(&ToldLine) -> String| self.lines.iter().map(cell).collect();
        vec![
            TableColumn { name: "line", cells: Cells::Names(of(|line| line.line.clone())) },
            TableColumn {
                name: "source",
                cells: Cells::Names(of(|line| line.source.clone().unwrap_or_default())),
            },
            TableColumn { name: "amount", cells: Cells::Amounts(of(|line| line.amount.0.clone())) },
        ]
    }
}
