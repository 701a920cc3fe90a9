//! What is owed to all users at a moment, by where the credits came from and how long ago they were given.

use super::interval::Edge;
use super::snapshot::{Books, BooksError, End};
use crate::store::books;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Whole days since the grant, in the steps that the aging of a liability usually has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// At most 30 days.
    UpTo30,
    /// 31 to 90 days.
    UpTo90,
    /// 91 to 180 days.
    UpTo180,
    /// 181 to 365 days.
    UpTo365,
    /// More than 365 days.
    Older,
    /// Given before there were lots: nothing tells when.
    Unknown,
}

/// The days at which the second age begins, and those after it.
const STEPS: [i32; 4] = [31, 91, 181, 366];

impl Age {
    /// The name used in JSON and CSV: the days from and to.
    pub fn as_str(self) -> &'static str {
        match self {
            Age::UpTo30 => "0-30",
            Age::UpTo90 => "31-90",
            Age::UpTo180 => "91-180",
            Age::UpTo365 => "181-365",
            Age::Older => "366+",
            Age::Unknown => "unknown",
        }
    }

    fn of(step: Option<i32>) -> Age {
        match step {
            None => Age::Unknown,
            Some(i32::MIN..=0) => Age::UpTo30,
            Some(1) => Age::UpTo90,
            Some(2) => Age::UpTo180,
            Some(3) => Age::UpTo365,
            Some(4..) => Age::Older,
        }
    }
}

/// Credits of one source and age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutstandingLots {
    /// Where they came from; a newer release may know other sources.
    pub source: String,
    /// How long ago.
    pub age: Age,
    /// What could be spent, at once or later.
    pub available: Decimal,
    /// What was set aside by holds.
    pub held: Decimal,
}

/// What was owed to all users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outstanding {
    /// After everything before this border.
    pub before: Edge,
    /// The instant at which ages are told.
    pub aged_at: DateTime<Utc>,
    /// Accounts in the whole log.
    pub accounts: u64,
    /// By source and age; nothing that is zero.
    pub lots: Vec<OutstandingLots>,
}

impl Books {
    /// What was owed before a border. Ages are told at its instant if it has one; else at `now` if it lies after the newest
    /// event, or when the event before it was recorded.
    pub async fn outstanding(&self, before: Edge, now: DateTime<Utc>) -> Result<Outstanding, BooksError> {
        let is_newest = before == self.edge(End::At, None).await?;
        let aged_at = match before.at {
            Some(at) => at,
            None if is_newest => now,
            None => books::recorded_before(&self.client, before.position).await?.unwrap_or(now),
        };
        let (found, accounts) = books::lots(&self.client, before.position, aged_at, &STEPS).await?;
        let mut sums: BTreeMap<(String, Age), (Decimal, Decimal)> = BTreeMap::new();
        for lots in found {
            let sum = sums.entry((lots.source, Age::of(lots.age))).or_default();
            *sum = (sum.0 + lots.available, sum.1 + lots.held);
        }
        let lots = sums.into_iter();
        let lots = lots
            .map(|((source, age), (available, held))| OutstandingLots { source, age, available, held })
            .collect();
        Ok(Outstanding { before, aged_at, accounts, lots })
    }
}
