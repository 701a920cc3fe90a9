//! What a user who cancels late loses: the terms of a model, and of each job that is bought under them.

use crate::credits::Credits;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The share of its price that a job keeps if its user cancels it once a provider has accepted the work. Written as
/// `refund`, `keep`, or a whole percentage that is kept, such as `50%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LateCancel {
    /// From 0 to 100.
    kept_percent: u8,
}

/// Why a text says nothing about late cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be \"refund\", \"keep\", or the whole percentage that is kept, such as \"50%\" (1% to 99%)")]
pub struct InvalidLateCancel;

impl LateCancel {
    /// Everything comes back, however late.
    pub const REFUND: LateCancel = LateCancel { kept_percent: 0 };

    /// Nothing comes back.
    pub const KEEP: LateCancel = LateCancel { kept_percent: 100 };

    /// Whether everything comes back.
    pub fn is_refund(&self) -> bool {
        *self == LateCancel::REFUND
    }

    /// What is kept of an amount: rounded up to the smallest unit, as prices are, and never more than the amount.
    pub fn of(self, amount: Credits) -> Credits {
        amount.per_thousand(u64::from(self.kept_percent) * 10).unwrap_or(amount).min(amount)
    }
}

impl FromStr for LateCancel {
    type Err = InvalidLateCancel;

    fn from_str(text: &str) -> Result<LateCancel, InvalidLateCancel> {
        let percent = |digits: &str| match digits.parse() {
            Ok(kept_percent @ 1..=99) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(LateCancel { kept_percent })
            }
            Ok(_) | Err(_) => Err(InvalidLateCancel),
        };
        match text {
            "refund" => Ok(LateCancel::REFUND),
            "keep" => Ok(LateCancel::KEEP),
            other => other.strip_suffix('%').ok_or(InvalidLateCancel).and_then(percent),
        }
    }
}

impl TryFrom<String> for LateCancel {
    type Error = InvalidLateCancel;

    fn try_from(text: String) -> Result<LateCancel, InvalidLateCancel> {
        text.parse()
    }
}

impl From<LateCancel> for String {
    fn from(terms: LateCancel) -> String {
        terms.to_string()
    }
}

impl fmt::Display for LateCancel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            LateCancel::REFUND => out.write_str("refund"),
            LateCancel::KEEP => out.write_str("keep"),
            LateCancel { kept_percent } => write!(out, "{kept_percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidLateCancel, LateCancel};
    use crate::credits::{Credits, MAX};

    #[test]
    fn terms_are_written_as_they_are_read() {
        for text in ["refund", "keep", "1%", "50%", "99%"] {
            assert_eq!(text.parse::<LateCancel>().unwrap().to_string(), text);
        }
        assert_eq!(LateCancel::default(), LateCancel::REFUND);
        for text in ["", "%", "0%", "100%", "50", "+5%", "-5%", "5.5%", "256%", "5 %", "Keep", "none"] {
            assert_eq!(text.parse::<LateCancel>(), Err(InvalidLateCancel), "{text}");
        }
    }

    #[test]
    fn what_is_kept_is_rounded_up_to_the_smallest_unit_and_never_more_than_there_is() {
        for (terms, amount, kept) in [
            ("refund", "8", "0"),
            ("keep", "8", "8"),
            ("50%", "8", "4"),
            ("50%", "0", "0"),
            ("33%", "1", "0.33"),
            ("1%", "0.000001", "0.000001"),
            ("99%", "0.000001", "0.000001"),
            ("50%", "0.000003", "0.000002"),
        ] {
            let (terms, amount): (LateCancel, Credits) = (terms.parse().unwrap(), amount.parse().unwrap());
            assert_eq!(terms.of(amount).to_string(), kept, "{terms} of {amount}");
        }
        let most = Credits::new(MAX).unwrap();
        assert_eq!((LateCancel::KEEP.of(most), LateCancel::REFUND.of(most)), (most, Credits::ZERO));
    }
}
