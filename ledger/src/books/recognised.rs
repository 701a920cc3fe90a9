//! What became revenue: credits that were burned, less those that were given back, and credits that expired unspent.

use super::interval::Interval;
use super::snapshot::{Books, BooksError};
use crate::store::books;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Credits of one source on one day. All sums are magnitudes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedCredits {
    /// The day on which it was recorded, UTC.
    pub day: NaiveDate,
    /// Where they came from; a newer release may know other sources.
    pub source: String,
    /// Debited, and captured of holds.
    pub burned: Decimal,
    /// Given back of what was burned, on that day or before.
    pub refunded: Decimal,
    /// Lapsed unspent: breakage.
    pub expired: Decimal,
}

impl RecognisedCredits {
    /// What it adds to revenue. Below zero where more was given back than burned.
    pub fn recognised(&self) -> Decimal {
        self.burned - self.refunded + self.expired
    }
}

/// What became revenue in an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Between which borders.
    pub interval: Interval,
    /// By day and source, oldest first.
    pub days: Vec<RecognisedCredits>,
}

impl Books {
    /// What became revenue in an interval. Reads each of its events once.
    pub async fn recognised(&self, interval: Interval) -> Result<Recognised, BooksError> {
        let (from, to) = (interval.from.position, interval.to.position);
        let mut sums: BTreeMap<(NaiveDate, String), [Decimal; 3]> = BTreeMap::new();
        for part in books::recognised(&self.client, from, to).await? {
            let sum = sums.entry((part.day, part.source)).or_default();
            for (sum, more) in sum.iter_mut().zip([part.burned, part.refunded, part.expired]) {
                *sum += more;
            }
        }
        let days = sums.into_iter().map(|((day, source), [burned, refunded, expired])| RecognisedCredits {
            day,
            source,
            burned,
            refunded,
            expired,
        });
        Ok(Recognised { interval, days: days.collect() })
    }
}
