//! What is outstanding, told.

use super::form::Tabled;
use super::words::{Held, LogEdge, total};
use crate::words::scalars::{Instant, SourceName, Total};
use ledger::books::{Holdings, Outstanding, OutstandingLots};
use ledger::export::{Cells, TableColumn};
use poem_openapi::Object;
use rust_decimal::Decimal;

/// Credits of one source and age.
#[derive(Debug, Object)]
struct OutstandingLot {
    /// Where they came from.
    source: String,
    /// Whole days since they were given: `0-30`, `31-90`, `91-180`, `181-365`, `366+`, or `unknown` for those of before
    /// there were lots.
    age_days: String,
    /// All of them.
    outstanding: Total,
    /// What could be spent, at once or later.
    available: Total,
    /// What was set aside by holds.
    held: Total,
}

/// What was owed to all users at one border of the log, by where it came from and how long ago it was given.
#[derive(Debug, Object)]
#[oai(rename = "OutstandingCredits")]
pub(super) struct ToldOutstanding {
    /// Everything before this border is counted.
    at: LogEdge,
    /// The instant at which ages are told.
    aged_at: Instant,
    /// Accounts in the whole log.
    accounts: u64,
    /// All items together.
    total: Held,
    /// By source and age; nothing that is zero.
    items: Vec<OutstandingLot>,
}

impl ToldOutstanding {
    /// Of all sources, or of one.
    pub(super) fn new(outstanding: Outstanding, source: Option<&SourceName>) -> ToldOutstanding {
        let mut lots = outstanding.lots;
        lots.retain(|lot| source.is_none_or(|source| source.0.as_str() == lot.source));
        let sum = |of: fn(&OutstandingLots) -> Decimal| lots.iter().map(of).sum();
        let all = Holdings { available: sum(|lot| lot.available), held: sum(|lot| lot.held) };
        let items = lots.iter().map(|lot| OutstandingLot {
            source: lot.source.clone(),
            age_days: lot.age.as_str().to_owned(),
            outstanding: total(lot.available + lot.held),
            available: total(lot.available),
            held: total(lot.held),
        });
        ToldOutstanding {
            at: outstanding.before.into(),
            aged_at: Instant(outstanding.aged_at),
            accounts: outstanding.accounts,
            total: all.into(),
            items: items.collect(),
        }
    }
}

impl Tabled for ToldOutstanding {
    fn file_name(&self) -> String {
        format!("outstanding-{}", self.at.position.0)
    }

    fn table(&self) -> Vec<TableColumn> {
        let of = |cell: fn(&OutstandingLot) -> String| self.items.iter().map(cell).collect();
        vec![
            TableColumn { name: "source", cells: Cells::Names(of(|item| item.source.clone())) },
            TableColumn { name: "age_days", cells: Cells::Names(of(|item| item.age_days.clone())) },
            TableColumn { name: "available", cells: Cells::Amounts(of(|item| item.available.0.clone())) },
            TableColumn { name: "held", cells: Cells::Amounts(of(|item| item.held.0.clone())) },
            TableColumn { name: "outstanding", cells: Cells::Amounts(of(|item| item.outstanding.0.clone())) },
        ]
    }
}
