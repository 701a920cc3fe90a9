//! How instants, days and ages are read and written, and which of them this service can have records of.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use ledger::Position;
use std::borrow::Cow;
use std::time::Duration;

/// Years in which this service can have records. Postgres knows more; a typing error should not reach it.
fn is_sane_year(year: i32) -> bool {
    (1970..=9999).contains(&year)
}

/// Whether this service can have a record of that time.
pub(crate) fn is_within_reach(at: &DateTime<Utc>) -> bool {
    is_sane_year(at.year())
}

/// An instant as this API writes it.
pub(crate) fn written(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Where a range begins or ends, as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A day, for its first moment: which one that is depends on the time zone.
    Day(NaiveDate),
    /// An instant.
    At(DateTime<Utc>),
}

/// Reads where a range begins or ends.
pub(super) fn edge(text: &str) -> Result<Edge, Cow<'static, str>> {
    let edge = day(text).map(Edge::Day).or_else(|_| instant(text).map(Edge::At));
    edge.map_err(|_| "must be a day such as 2026-01-31, or an instant such as 2026-01-31T12:00:00Z".into())
}

/// A moment in the past, as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PastMoment {
    /// An instant.
    At(DateTime<Utc>),
    /// Right after the event at this position.
    After(Position),
}

/// Reads what a client wrote: digits are a position, anything else must be an instant.
pub(crate) fn past_moment(text: &str) -> Result<PastMoment, Cow<'static, str>> {
    let is_position = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let moment = if is_position {
        text.parse().ok().map(|position| PastMoment::After(Position(position)))
    } else {
        instant(text).ok().map(PastMoment::At)
    };
    moment.ok_or("must be an instant such as 2026-01-31T12:00:00Z, or a position of the log".into())
}

/// Reads an instant in RFC 3339.
pub(crate) fn instant(text: &str) -> Result<DateTime<Utc>, Cow<'static, str>> {
    let at = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    at.filter(|at| is_sane_year(at.year())).ok_or("must be an instant such as 2026-01-31T12:00:00Z".into())
}

/// Reads a day.
pub(crate) fn day(text: &str) -> Result<NaiveDate, Cow<'static, str>> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    day.filter(|day| is_sane_year(day.year())).ok_or("must be a day such as 2026-01-31".into())
}

/// Ten years: longer than anybody's records, and far from any overflow.
const LONGEST_AGE: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// Reads an age such as `7d`.
pub(crate) fn age(text: &str) -> Result<Duration, Cow<'static, str>> {
    let wrong = "must be a number and a unit (s, m, h, d or w), such as 7d, and at most 10 years";
    let read = || {
        let (at, unit) = text.char_indices().next_back()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 24 * 3_600,
            'w' => 7 * 24 * 3_600,
            _ => return None,
        };
        let digits = Some(&text[..at]).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Duration::from_secs(digits.parse::<u64>().ok()?.checked_mul(seconds)?))
    };
    read().filter(|age| *age <= LONGEST_AGE).ok_or(wrong.into())
}

#[cfg(test)]
mod tests {
    use super::{PastMoment, age, day, instant, past_moment};
    use ledger::Position;

    #[test]
    fn ages_that_are_read() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(age(text).unwrap().as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn texts_that_are_not_ages() {
        for text in [
            "",
            "d",
            "7",
            "7 d",
            "-7d",
            "+7d",
            "7y",
            "1.5h",
            "99999999999999999999d",
            "600w0d",
            "1000w",
            "7é",
        ] {
            assert!(age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_out_of_range_are_refused() {
        for text in ["2026-13-01", "2026-02-30", "0001-01-01", "+12026-01-01", "2026-1-1", "yesterday", ""] {
            assert!(day(text).is_err(), "{text}");
        }
        for text in ["2026-01-01", "2026-01-01T00:00:00", "0000-01-01T00:00:00Z", "9999999-01-01T00:00:00Z"] {
            assert!(instant(text).is_err(), "{text}");
        }
        assert!(instant("2026-01-31T12:00:00+02:00").is_ok());
    }

    #[test]
    fn digits_are_a_position_and_the_rest_is_an_instant() {
        assert_eq!(past_moment("42"), Ok(PastMoment::After(Position(42))));
        assert!(matches!(past_moment("2026-01-31T12:00:00Z"), Ok(PastMoment::At(_))));
        for text in ["", "now", "-1", "4.2", "2026-01-31", "99999999999999999999", "2026-13-01T00:00:00Z"] {
            assert!(past_moment(text).is_err(), "{text}");
        }
    }
}
