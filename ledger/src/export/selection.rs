//! What is to be exported.

use crate::ids::{AccountId, Position};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use std::fmt;
use std::str::FromStr;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dataset {
    /// The events; in NDJSON followed by the seals that cover them.
    #[default]
    Events,
    /// Only the seals that cover the selected events.
    Seals,
}

impl Dataset {
    /// Its name in commands, queries and manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Dataset::Events => "events",
            Dataset::Seals => "seals",
        }
    }
}

/// Which events. Everything that is set must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// Events, or their seals.
    pub dataset: Dataset,
    /// Of this account alone, ordered by stream and version; else of all, ordered by position.
    pub account: Option<AccountId>,
    /// From here on, this one included.
    pub since: Option<Bound>,
    /// Up to here, this one not included.
    pub until: Option<Bound>,
}

impl Selection {
    /// Whether its end lies before its beginning, as far as that can be told without the log.
    pub fn is_backwards(&self) -> bool {
        match (self.since, self.until) {
            (Some(Bound::Position(since)), Some(Bound::Position(until))) => since > until,
            (Some(Bound::Instant(since)), Some(Bound::Instant(until))) => since > until,
            _ => false,
        }
    }
}

/// One end of a range: a place in the log, or an instant on the database's clock (`recorded_at`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A position, such as `continue_from` of an earlier export.
    Position(Position),
    /// An instant.
    Instant(DateTime<Utc>),
}

/// Why a text is not a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a position, an instant such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31 (UTC)")]
pub struct InvalidBound;

impl FromStr for Bound {
    type Err = InvalidBound;

    fn from_str(text: &str) -> Result<Bound, InvalidBound> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text
                .parse()
                .map(|position| Bound::Position(Position(position)))
                .map_err(|_| InvalidBound);
        }
        let day = || {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10)?;
            Some(day.and_time(NaiveTime::MIN).and_utc())
        };
        let at = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok().or_else(day);
        // Postgres knows more years; a typing error should not reach it.
        at.filter(|at| (1970..=9999).contains(&at.year())).map(Bound::Instant).ok_or(InvalidBound)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Position(position) => position.fmt(out),
            Bound::Instant(at) => out.write_str(&super::event::micros(at)),
        }
    }
}

impl Bound {
    pub(super) fn position(self) -> Option<Position> {
        match self {
            Bound::Position(position) => Some(position),
            Bound::Instant(_) => None,
        }
    }

    pub(super) fn instant(self) -> Option<DateTime<Utc>> {
        match self {
            Bound::Position(_) => None,
            Bound::Instant(at) => Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Selection};

    #[test]
    fn bounds_are_positions_instants_or_days() {
        for (text, shown) in [
            ("0", "0"),
            ("4711", "4711"),
            ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00.000001+02:00", "2026-01-31T10:00:00.000001Z"),
        ] {
            assert_eq!(text.parse::<Bound>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_noticed() {
        let bound = |text: &str| Some(text.parse::<Bound>().unwrap());
        for (since, until, backwards) in [
            ("5", "4", true),
            ("5", "5", false),
            ("2026-01-31", "2026-01-30", true),
            ("2026-01-31", "2026-01-31T00:00:00.000001Z", false),
            ("5", "2026-01-30", false),
        ] {
            let selection = Selection { since: bound(since), until: bound(until), ..Selection::default() };
            assert_eq!(selection.is_backwards(), backwards, "{since} to {until}");
        }
        assert!(!Selection { since: bound("5"), ..Selection::default() }.is_backwards());
    }

    #[test]
    fn what_is_none_of_them_is_refused() {
        for text in [
            "",
            "now",
            "-1",
            "+1",
            "1.5",
            "9223372036854775808",
            "2026-13-01",
            "2026-1-1",
            "2026-01-31T12:00:00",
            "1969-12-31",
            "+12026-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Bound>().is_err(), "{text}");
        }
    }
}
