//! What became revenue, told.

use super::form::Tabled;
use super::words::{LogEdge, total};
use crate::words::scalars::{Day, SourceName, Total};
use ledger::books::{Recognised, RecognisedCredits};
use ledger::export::{Cells, TableColumn};
use poem_openapi::Object;
use rust_decimal::Decimal;

/// Credits of one source on one day.
#[derive(Debug, Object)]
struct RecognisedDay {
    /// The day on which it was recorded, UTC.
    day: Day,
    /// Where the credits came from.
    source: String,
    /// Debited, and captured of holds.
    burned: Total,
    /// Given back of what was burned, on that day or before.
    refunded: Total,
    /// Lapsed unspent: breakage.
    expired: Total,
    /// What it adds to revenue: `burned` − `refunded` + `expired`.
    recognised: Total,
}

/// Sums over all days and sources.
#[derive(Debug, Object)]
struct RecognisedTotal {
    /// Debited, and captured of holds.
    burned: Total,
    /// Given back of what was burned.
    refunded: Total,
    /// Lapsed unspent: breakage.
    expired: Total,
    /// `burned` − `refunded` + `expired`.
    recognised: Total,
}

/// What became revenue in an interval: credits that were burned, less those given back, and credits that expired.
/// Credits voided or taken by adjustments become none.
#[derive(Debug, Object)]
#[oai(rename = "RecognisedRevenue")]
pub(super) struct ToldRecognised {
    /// Where the interval begins.
    from: LogEdge,
    /// Where it ends; the event at this position does not belong to it.
    to: LogEdge,
    /// All items together.
    total: RecognisedTotal,
    /// By day and source, oldest first; days on which nothing happened are left out.
    items: Vec<RecognisedDay>,
}

impl ToldRecognised {
    /// Of all sources, or of one.
    pub(super) fn new(recognised: Recognised, source: Option<&SourceName>) -> ToldRecognised {
        let mut days = recognised.days;
        days.retain(|day| source.is_none_or(|source| source.0.as_str() == day.source));
        let sum = |of: fn(&RecognisedCredits) -> Decimal| total(days.iter().map(of).sum());
        ToldRecognised {
            from: recognised.interval.from.into(),
            to: recognised.interval.to.into(),
            total: RecognisedTotal {
                burned: sum(|day| day.burned),
                refunded: sum(|day| day.refunded),
                expired: sum(|day| day.expired),
                recognised: sum(RecognisedCredits::recognised),
            },
            items: days.iter().map(RecognisedDay::from).collect(),
        }
    }
}

impl From<&RecognisedCredits> for RecognisedDay {
    fn from(credits: &RecognisedCredits) -> RecognisedDay {
        RecognisedDay {
            day: Day(credits.day),
            source: credits.source.clone(),
            burned: total(credits.burned),
            refunded: total(credits.refunded),
            expired: total(credits.expired),
            recognised: total(credits.recognised()),
        }
    }
}

impl Tabled for ToldRecognised {
    fn file_name(&self) -> String {
        format!("recognised-{}-{}", self.from.position.0, self.to.position.0)
    }

    fn table(&self) -> Vec<TableColumn> {
        let of = |cell: fn(&RecognisedDay) -> String| self.items.iter().map(cell).collect();
        vec![
            TableColumn {
                name: "day",
                cells: Cells::Days(self.items.iter().map(|item| item.day.0).collect()),
            },
            TableColumn { name: "source", cells: Cells::Names(of(|item| item.source.clone())) },
            TableColumn { name: "burned", cells: Cells::Amounts(of(|item| item.burned.0.clone())) },
            TableColumn { name: "refunded", cells: Cells::Amounts(of(|item| item.refunded.0.clone())) },
            TableColumn { name: "expired", cells: Cells::Amounts(of(|item| item.expired.0.clone())) },
            TableColumn { name: "recognised", cells: Cells::Amounts(of(|item| item.recognised.0.clone())) },
        ]
    }
}
