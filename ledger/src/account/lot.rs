//! Lots: the portions in which credits are given, each with its own terms, and the order in which they burn.
//!
//! The same [`Lot`] says what remains of it in an account's state, and what was taken from it or came back to
//! it in an event. It carries its terms, so that credits can come back to a lot that had been used up.

use crate::credits::Credits;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a lot within its account: the version of the event that made it.
///
/// Events written before there were lots name none; all their credits are in lot 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LotId(pub i64);

impl LotId {
    /// The lot of everything that was given before there were lots.
    pub const UNNAMED: LotId = LotId(0);

    pub(crate) fn is_unnamed(&self) -> bool {
        *self == LotId::UNNAMED
    }
}

impl fmt::Display for LotId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// When a lot burns among the others: 0 first, 100 last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

/// Why a number is not a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a priority is a whole number from 0 (burns first) to 100")]
pub struct InvalidPriority;

impl Priority {
    /// Of a grant that names none.
    pub const DEFAULT: Priority = Priority(50);

    /// The number itself.
    pub fn get(self) -> u8 {
        self.0
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Priority::DEFAULT
    }
}

impl Default for Priority {
    fn default() -> Priority {
        Priority::DEFAULT
    }
}

impl TryFrom<u8> for Priority {
    type Error = InvalidPriority;

    fn try_from(number: u8) -> Result<Priority, InvalidPriority> {
        if number <= 100 { Ok(Priority(number)) } else { Err(InvalidPriority) }
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> u8 {
        priority.0
    }
}

/// Where credits came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A subscription's allowance.
    Plan,
    /// Bought.
    Purchase,
    /// Given to win or keep a customer.
    Promo,
    /// Given to make up for something.
    Goodwill,
    /// An admin's correction.
    Adjustment,
    /// Not told.
    #[default]
    Other,
}

impl Source {
    /// The name used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Plan => "plan",
            Source::Purchase => "purchase",
            Source::Promo => "promo",
            Source::Goodwill => "goodwill",
            Source::Adjustment => "adjustment",
            Source::Other => "other",
        }
    }

    pub(super) fn is_other(&self) -> bool {
        *self == Source::Other
    }
}

/// Some credits of one lot, with the lot's terms.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Which lot.
    pub lot: LotId,
    /// How many credits: those that remain in a state; those taken or given in an event.
    pub amount: Credits,
    /// When it burns among the others.
    #[serde(default, skip_serializing_if = "Priority::is_default")]
    pub priority: Priority,
    /// From when it can be spent; `None` for at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<DateTime<Utc>>,
    /// From when it is gone; `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Source::is_other")]
    pub source: Source,
    /// Whether `expires_at` is the end of a grace: what is taken under it is given no other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
}

/// All but `extended`, which programs have not always written: what they stored is no other lot for that.
impl PartialEq for Lot {
    fn eq(&self, other: &Lot) -> bool {
        let terms =
            |lot: &Lot| (lot.lot, lot.amount, lot.priority, lot.effective_at, lot.expires_at, lot.source);
        terms(self) == terms(other)
    }
}

impl Lot {
    /// Credits given before there were lots.
    pub(crate) fn unnamed(amount: Credits) -> Lot {
        Lot {
            lot: LotId::UNNAMED,
            amount,
            priority: Priority::DEFAULT,
            effective_at: None,
            expires_at: None,
            source: Source::Other,
            extended: false,
        }
    }

    /// Another number of credits of the same lot.
    pub(crate) fn of(&self, amount: Credits) -> Lot {
        Lot { amount, ..self.clone() }
    }

    /// Whether its time is over at `now`.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it can be spent at `now`.
    pub fn is_spendable(&self, now: DateTime<Utc>) -> bool {
        !self.has_lapsed(now) && self.effective_at.is_none_or(|start| start <= now)
    }

    /// Lots burn by priority, then by soonest expiry, then oldest first.
    pub(crate) fn burn_order(&self) -> (Priority, bool, Option<DateTime<Utc>>, LotId) {
        (self.priority, self.expires_at.is_none(), self.expires_at, self.lot)
    }
}

/// The sum of some lots; what passes the largest amount is cut off.
pub(crate) fn total(lots: &[Lot]) -> Credits {
    lots.iter().fold(Credits::ZERO, |sum, lot| sum.saturating_add(lot.amount))
}

/// Takes `amount` from the end of `lots`, so that what was burned last, and would last longest, comes back
/// first. Fewer if there are fewer.
pub(crate) fn take_last(lots: &mut Vec<Lot>, amount: Credits) -> Vec<Lot> {
    let mut left = amount;
    let mut taken = Vec::new();
    while !left.is_zero()
        && let Some(last) = lots.last_mut()
    {
        let part = last.amount.min(left);
        taken.push(last.of(part));
        left = left.saturating_sub(part);
        last.amount = last.amount.saturating_sub(part);
        if last.amount.is_zero() {
            lots.pop();
        }
    }
    taken
}
