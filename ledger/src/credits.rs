//! Amounts of credits. A balance or a price is a [`Credits`], never negative; a change of a balance is a
//! [`Change`], signed. Both hold at most six decimal places and at most 10^12, and are strings in JSON, so
//! that no float ever touches money.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Most decimal places that an amount may have.
pub const MAX_SCALE: u32 = 6;

/// The largest amount: 10^12 credits.
pub const MAX: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Why a text or a number is not an amount of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number such as `12.5`.
    #[error("must be a plain decimal number in a string, such as \"12.5\"")]
    NotANumber,
    /// Below zero where only zero or more makes sense.
    #[error("must not be negative")]
    Negative,
    /// More than [`MAX_SCALE`] decimal places.
    #[error("must have at most 6 decimal places")]
    TooPrecise,
    /// Above [`MAX`].
    #[error("must be at most 1000000000000")]
    TooLarge,
}

/// An amount of credits: 0 ≤ amount ≤ 10^12, at most six decimal places, normalized (no trailing zeros).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Credits(Decimal);

impl Credits {
    /// No credits.
    pub const ZERO: Credits = Credits(Decimal::ZERO);

    /// Takes a decimal if it is a valid amount.
    pub fn new(value: Decimal) -> Result<Credits, AmountError> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(AmountError::Negative);
        }
        checked(value).map(Credits)
    }

    /// A whole number of credits; above 10^12 it is refused.
    pub fn whole(value: u64) -> Result<Credits, AmountError> {
        Credits::new(Decimal::from(value))
    }

    /// The number itself.
    pub fn get(self) -> Decimal {
        self.0
    }

    /// Whether this is zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum, unless it passes the largest amount.
    pub fn checked_add(self, other: Credits) -> Option<Credits> {
        Credits::new(self.0.checked_add(other.0)?).ok()
    }

    /// The difference, unless it would be negative.
    pub fn checked_sub(self, other: Credits) -> Option<Credits> {
        Credits::new(self.0.checked_sub(other.0)?).ok()
    }

    /// The sum, cut off at the largest amount.
    pub(crate) fn saturating_add(self, other: Credits) -> Credits {
        self.checked_add(other).unwrap_or(Credits(MAX))
    }

    /// The difference, or zero if it would be negative.
    pub(crate) fn saturating_sub(self, other: Credits) -> Credits {
        self.checked_sub(other).unwrap_or(Credits::ZERO)
    }

    /// This amount for each of `count` thousandths, rounded up to the smallest unit; `None` above the largest
    /// amount.
    pub fn per_thousand(self, count: u64) -> Option<Credits> {
        let exact = self.0.checked_mul(Decimal::from(count))?.checked_div(Decimal::ONE_THOUSAND)?;
        Credits::new(exact.round_dp_with_strategy(MAX_SCALE, RoundingStrategy::ToPositiveInfinity)).ok()
    }

    /// This amount `count` times, unless it passes the largest amount.
    pub fn checked_mul(self, count: u32) -> Option<Credits> {
        Credits::new(self.0.checked_mul(Decimal::from(count))?).ok()
    }
}

/// A signed change of a balance, within ±10^12 and six decimal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Change(Decimal);

impl Change {
    /// Takes a decimal if it is a valid change.
    pub fn new(value: Decimal) -> Result<Change, AmountError> {
        checked(value).map(Change)
    }

    /// An increase by this amount.
    pub fn up(amount: Credits) -> Change {
        Change(amount.0)
    }

    /// A decrease by this amount.
    pub fn down(amount: Credits) -> Change {
        if amount.is_zero() { Change(Decimal::ZERO) } else { Change(-amount.0) }
    }

    /// The number itself.
    pub fn get(self) -> Decimal {
        self.0
    }

    /// Whether this changes nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it takes credits.
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The size of the change without its sign.
    pub fn magnitude(self) -> Credits {
        Credits(self.0.abs())
    }

    /// The balance after this change: `Err(Negative)` below zero, `Err(TooLarge)` above the largest amount.
    pub fn apply_to(self, balance: Credits) -> Result<Credits, AmountError> {
        Credits::new(balance.0 + self.0)
    }
}

fn checked(value: Decimal) -> Result<Decimal, AmountError> {
    let value = value.normalize();
    if value.scale() > MAX_SCALE {
        return Err(AmountError::TooPrecise);
    }
    if value.abs() > MAX {
        return Err(AmountError::TooLarge);
    }
    Ok(value)
}

/// Reads a plain decimal: digits, at most one point, an optional sign. No exponent, no blanks, and never a
/// silent rounding: `from_str_exact` refuses what it cannot hold.
fn plain_decimal(text: &str) -> Result<Decimal, AmountError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err(AmountError::NotANumber);
    }
    if fraction.trim_end_matches('0').len() > MAX_SCALE as usize {
        return Err(AmountError::TooPrecise);
    }
    if whole.trim_start_matches('0').len() > 13 {
        return Err(AmountError::TooLarge);
    }
    let fraction = fraction.trim_end_matches('0');
    let sign = if text.starts_with('-') { "-" } else { "" };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let canonical =
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
    Decimal::from_str_exact(&canonical).map_err(|_| AmountError::NotANumber)
}

impl FromStr for Credits {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Credits, AmountError> {
        Credits::new(plain_decimal(text)?)
    }
}

impl FromStr for Change {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Change, AmountError> {
        Change::new(plain_decimal(text)?)
    }
}

impl TryFrom<String> for Credits {
    type Error = AmountError;

    fn try_from(text: String) -> Result<Credits, AmountError> {
        text.parse()
    }
}

impl TryFrom<String> for Change {
    type Error = AmountError;

    fn try_from(text: String) -> Result<Change, AmountError> {
        text.parse()
    }
}

impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<Credits> for String {
    fn from(amount: Credits) -> String {
        amount.to_string()
    }
}

impl From<Change> for String {
    fn from(change: Change) -> String {
        change.to_string()
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::{AmountError, Change, Credits, MAX};

    #[test]
    fn the_largest_amount_is_a_million_millions() {
        assert_eq!(MAX.to_string(), "1000000000000");
    }

    #[test]
    fn texts_that_are_amounts() {
        for (text, shown) in [
            ("0", "0"),
            ("1", "1"),
            ("1.50", "1.5"),
            ("0.000001", "0.000001"),
            ("007", "7"),
            ("1.0000000", "1"),
            ("1000000000000", "1000000000000"),
        ] {
            assert_eq!(text.parse::<Credits>().map(|amount| amount.to_string()), Ok(shown.into()), "{text}");
        }
    }

    #[test]
    fn texts_that_are_not() {
        for (text, error) in [
            ("", AmountError::NotANumber),
            (" 1", AmountError::NotANumber),
            ("1e3", AmountError::NotANumber),
            ("1e400", AmountError::NotANumber),
            ("NaN", AmountError::NotANumber),
            ("Infinity", AmountError::NotANumber),
            ("+1", AmountError::NotANumber),
            ("1.", AmountError::NotANumber),
            (".5", AmountError::NotANumber),
            ("1_000", AmountError::NotANumber),
            ("-", AmountError::NotANumber),
            ("-1", AmountError::Negative),
            ("0.0000001", AmountError::TooPrecise),
            ("1000000000000.000001", AmountError::TooLarge),
            ("99999999999999999999999999999999999", AmountError::TooLarge),
        ] {
            assert_eq!(text.parse::<Credits>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_change_never_takes_a_balance_below_zero() {
        let balance: Credits = "5".parse().unwrap();
        assert_eq!(Change::down("5".parse().unwrap()).apply_to(balance), Ok(Credits::ZERO));
        assert_eq!(Change::down("5.000001".parse().unwrap()).apply_to(balance), Err(AmountError::Negative));
    }
}
