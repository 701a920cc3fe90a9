//! What was owed to all users at the ends of an interval, and everything that moved between them.
//!
//! The ends are what the accounts state: for each, the balance and the holds beside its last event before the border. The
//! lines between are what the events say. So the equation is no tautology: it fails if an event is missing that has another of
//! its account behind it, or if an amount or the balance at a border was changed. It proves less than [`crate::verify`].

use super::interval::Interval;
use super::snapshot::{Books, BooksError};
use crate::store::books::{self, Moved, Stated};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What all accounts had together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    /// What could be spent, at once or later.
    pub available: Decimal,
    /// What was set aside by holds, and is not spent until it is captured.
    pub held: Decimal,
}

impl Holdings {
    /// All that was owed to users.
    pub fn outstanding(&self) -> Decimal {
        self.available + self.held
    }
}

/// The trial balance of the whole system. All sums but those of holds are changes of what is owed, with their sign:
/// `opening.outstanding()` and they are exactly `closing.outstanding()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalance {
    /// Between which borders.
    pub interval: Interval,
    /// Accounts in the whole log.
    pub accounts: u64,
    /// Events of accounts in the interval.
    pub events: u64,
    /// At its beginning, as the accounts state it.
    pub opening: Holdings,
    /// Given by grants, by their source; a newer release may know other sources.
    pub granted: BTreeMap<String, Decimal>,
    /// Given by adjustments.
    pub adjusted_up: Decimal,
    /// Taken by adjustments; not above zero.
    pub adjusted_down: Decimal,
    /// Spent at prices that were known beforehand; not above zero.
    pub debited: Decimal,
    /// Spent of holds, which includes what late cancels kept; not above zero.
    pub captured: Decimal,
    /// Given back of what was spent.
    pub refunded: Decimal,
    /// Lapsed; not above zero.
    pub expired: Decimal,
    /// Taken back with their grants; not above zero.
    pub voided: Decimal,
    /// Set aside by holds: moved from what is available to what is held.
    pub set_aside: Decimal,
    /// What holds gave back unspent: moved the other way.
    pub given_back: Decimal,
    /// At its end, as the accounts state it.
    pub closing: Holdings,
}

/// One line of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Which sum.
    pub name: &'static str,
    /// Of a grant: from where.
    pub source: Option<&'a str>,
    /// The sum, with its sign.
    pub amount: Decimal,
}

impl Books {
    /// Sums an interval. Reads each account once and each event of the interval once.
    pub async fn trial_balance(&self, interval: Interval) -> Result<TrialBalance, BooksError> {
        let (from, to) = (interval.from.position, interval.to.position);
        let ([opening, closing], accounts) = books::stated(&self.client, [from, to]).await?;
        let mut balance = TrialBalance {
            interval,
            accounts,
            events: 0,
            opening: opening.into(),
            granted: BTreeMap::new(),
            adjusted_up: Decimal::ZERO,
            adjusted_down: Decimal::ZERO,
            debited: Decimal::ZERO,
            captured: Decimal::ZERO,
            refunded: Decimal::ZERO,
            expired: Decimal::ZERO,
            voided: Decimal::ZERO,
            set_aside: Decimal::ZERO,
            given_back: Decimal::ZERO,
            closing: closing.into(),
        };
        for moved in books::moved(&self.client, from, to).await? {
            balance.enter(moved);
        }
        Ok(balance)
    }
}

impl TrialBalance {
    fn enter(&mut self, moved: Moved) {
        let Moved { kind, source, is_down, events, amount, captured } = moved;
        self.events += events.unsigned_abs();
        match kind.as_str() {
            "credits.granted" => *self.granted.entry(source.unwrap_or_default()).or_default() += amount,
            "credits.adjusted" if is_down => self.adjusted_down += amount,
            "credits.adjusted" => self.adjusted_up += amount,
            "credits.debited" => self.debited += amount,
            "credits.refunded" => self.refunded += amount,
            "credits.expired" => self.expired += amount,
            "credits.voided" => self.voided += amount,
            "credits.held" => self.set_aside -= amount,
            "credits.captured" => {
                self.captured -= captured;
                self.given_back += amount;
            }
            "credits.released" => self.given_back += amount,
            // What a newer release may write: it shows as a difference, which is true.
            _ => {}
        }
    }

    /// Given by all grants.
    pub fn granted_in_all(&self) -> Decimal {
        self.granted.values().sum()
    }

    /// Debited and captured, what was given back of it not counted; not above zero.
    pub fn spent(&self) -> Decimal {
        self.debited + self.captured
    }

    /// By how much the end differs from what the lines lead to. Zero, unless the log is not what was written.
    pub fn difference(&self) -> Holdings {
        let given = self.granted_in_all() + self.adjusted_up + self.refunded;
        let taken = self.adjusted_down + self.debited + self.expired + self.voided;
        let available = self.opening.available + given + taken - self.set_aside + self.given_back;
        let held = self.opening.held + self.set_aside + self.captured - self.given_back;
        Holdings { available: self.closing.available - available, held: self.closing.held - held }
    }

    /// Whether opening and lines lead to the closing, to the last digit, for what is available and for what is held.
    pub fn is_balanced(&self) -> bool {
        self.difference() == Holdings::default()
    }

    /// The same as a table, in the order of the equation.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let line = |name, amount| Line { name, source: None, amount };
        let granted = self.granted.iter();
        let granted = granted.map(|(source, amount)| Line {
            name: "granted",
            source: Some(source.as_str()),
            amount: *amount,
        });
        let difference = self.difference();
        let opening =
            [line("opening_available", self.opening.available), line("opening_held", self.opening.held)];
        let rest = [
            line("adjusted_up", self.adjusted_up),
            line("adjusted_down", self.adjusted_down),
            line("debited", self.debited),
            line("captured", self.captured),
            line("refunded", self.refunded),
            line("expired", self.expired),
            line("voided", self.voided),
            line("closing_available", self.closing.available),
            line("closing_held", self.closing.held),
            line("set_aside", self.set_aside),
            line("given_back", self.given_back),
            line("difference_available", difference.available),
            line("difference_held", difference.held),
        ];
        opening.into_iter().chain(granted).chain(rest).collect()
    }
}

impl From<Stated> for Holdings {
    fn from(stated: Stated) -> Holdings {
        Holdings { available: stated.available, held: stated.held }
    }
}
