//! From when to when a statement goes.

use crate::serve::problem::Problem;
use crate::words::moments::Edge;
use crate::words::zones::{instant_of, start_of};
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Longest period of one statement, in days.
const MAX_DAYS: i64 = 400;

/// A period: `from` belongs to it, `until` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Whose days and clocks it is told in.
    pub zone: Tz,
}

impl Period {
    /// The period that a request names. What is left out makes it end with the current month, and begin with the month in
    /// which it ends; days and months are those of the zone.
    pub(crate) fn of(
        from: Option<Edge>,
        until: Option<Edge>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<Period, Problem> {
        let until = until.map_or_else(|| next_month(now, zone), |until| instant_of(until, zone));
        let last = until - TimeDelta::microseconds(1);
        let from = from.map_or_else(|| month(last, zone), |from| instant_of(from, zone));
        if from >= until {
            return Err(Problem::parameter(
                "from",
                "must be before `until`, which does not belong to the period",
            ));
        }
        if from > now {
            return Err(Problem::parameter("from", "must not be in the future"));
        }
        if until - from > TimeDelta::days(MAX_DAYS) {
            let message =
                format!("must be at most {MAX_DAYS} days before `until`; ask for the rest separately");
            return Err(Problem::parameter("from", message));
        }
        Ok(Period { from, until, zone })
    }

    /// The period in words: whole days by their dates, the last one included.
    pub(crate) fn words(&self) -> String {
        let (from, until) = (self.from.with_timezone(&self.zone), self.until.with_timezone(&self.zone));
        let begins_a_day = |at: DateTime<Utc>, day: NaiveDate| start_of(day, self.zone) == at;
        let is_whole =
            begins_a_day(self.from, from.date_naive()) && begins_a_day(self.until, until.date_naive());
        if !is_whole {
            return format!("{} – {}", from.format("%-d %B %Y, %H:%M"), until.format("%-d %B %Y, %H:%M"));
        }
        let (first, last) = self.days();
        match (first == last, first.year() == last.year()) {
            (true, _) => first.format("%-d %B %Y").to_string(),
            (false, true) => format!("{} – {}", first.format("%-d %B"), last.format("%-d %B %Y")),
            (false, false) => format!("{} – {}", first.format("%-d %B %Y"), last.format("%-d %B %Y")),
        }
    }

    /// Its first and its last day.
    pub(crate) fn days(&self) -> (NaiveDate, NaiveDate) {
        let last = self.until - TimeDelta::microseconds(1);
        (self.from.with_timezone(&self.zone).date_naive(), last.with_timezone(&self.zone).date_naive())
    }
}

/// The start of the month in which an instant lies.
fn month(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    start_of(first_day(at, zone), zone)
}

/// The start of the month after it.
fn next_month(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    start_of(first_day(at, zone) + Months::new(1), zone)
}

fn first_day(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let day = at.with_timezone(&zone).date_naive();
    day.with_day(1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::Period;
    use crate::words::moments::{Edge, day, instant};
    use chrono_tz::Tz;

    fn period(from: Option<&str>, until: Option<&str>) -> Result<(String, String), String> {
        let at = |text: &str| Edge::Day(day(text).unwrap());
        let now = instant("2026-12-24T18:00:00Z").unwrap();
        let period = Period::of(from.map(at), until.map(at), Tz::UTC, now)
            .map_err(|problem| problem.detail.clone())?;
        Ok((period.from.date_naive().to_string(), period.until.date_naive().to_string()))
    }

    #[test]
    fn what_is_left_out_is_the_month() {
        for (from, until, expected) in [
            (None, None, ("2026-12-01", "2027-01-01")),
            (Some("2026-10-05"), None, ("2026-10-05", "2027-01-01")),
            (None, Some("2026-03-01"), ("2026-02-01", "2026-03-01")),
            (None, Some("2026-03-02"), ("2026-03-01", "2026-03-02")),
            (Some("2025-12-01"), Some("2026-12-31"), ("2025-12-01", "2026-12-31")),
        ] {
            let (from, until) = period(from, until).unwrap();
            assert_eq!((from.as_str(), until.as_str()), expected);
        }
    }

    #[test]
    fn periods_that_make_no_sense_are_refused() {
        for (from, until, reason) in [
            (Some("2026-03-01"), Some("2026-03-01"), "before `until`"),
            (Some("2026-03-02"), Some("2026-03-01"), "before `until`"),
            (Some("2026-12-25"), Some("2026-12-31"), "in the future"),
            (Some("2025-01-01"), Some("2026-03-01"), "at most 400 days"),
        ] {
            let refused = period(from, until).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn whole_days_are_named_by_their_dates() {
        for (from, until, zone, words) in [
            ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", Tz::UTC, "1 November – 30 November 2026"),
            ("2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z", Tz::UTC, "1 December 2026 – 31 January 2027"),
            ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", Tz::UTC, "1 December 2026"),
            ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", Tz::Europe__Berlin, "25 October 2026"),
            (
                "2026-12-01T08:30:00Z",
                "2026-12-02T00:00:00Z",
                Tz::UTC,
                "1 December 2026, 08:30 – 2 December 2026, 00:00",
            ),
        ] {
            let period = Period { from: instant(from).unwrap(), until: instant(until).unwrap(), zone };
            assert_eq!(period.words(), words);
        }
    }

    #[test]
    fn months_and_days_are_those_of_the_zone() {
        let now = instant("2026-03-31T22:30:00Z").unwrap();
        let april = Period::of(None, None, Tz::Europe__Berlin, now).unwrap();
        assert_eq!(
            (april.from, april.until),
            (instant("2026-03-31T22:00:00Z").unwrap(), instant("2026-04-30T22:00:00Z").unwrap())
        );
        let march = Period::of(None, None, Tz::UTC, now).unwrap();
        assert_eq!(march.from, instant("2026-03-01T00:00:00Z").unwrap());
        assert_eq!(april.days(), (day("2026-04-01").unwrap(), day("2026-04-30").unwrap()));
    }
}
