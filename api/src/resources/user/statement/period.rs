//! From when to when a statement goes.

use crate::serve::problem::Problem;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Longest period of one statement, in days.
const MAX_DAYS: i64 = 400;

/// A period: `from` belongs to it, `until` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Period {
    /// The period that a request names. What is left out makes it end with the current month (UTC), and begin with
    /// the month in which it ends.
    pub(crate) fn of(
        from: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Period, Problem> {
        let until = until.unwrap_or_else(|| next_month(now));
        let from = from.unwrap_or_else(|| month(until - TimeDelta::microseconds(1)));
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
        Ok(Period { from, until })
    }

    /// The period in words: whole days by their dates, the last one included.
    pub(crate) fn words(&self) -> String {
        let is_midnight = |at: DateTime<Utc>| at.time() == NaiveTime::MIN;
        if !is_midnight(self.from) || !is_midnight(self.until) {
            return format!(
                "{} – {}",
                self.from.format("%-d %B %Y, %H:%M"),
                self.until.format("%-d %B %Y, %H:%M")
            );
        }
        let (first, last) = (self.from.date_naive(), self.until.date_naive() - Days::new(1));
        match (first == last, first.year() == last.year()) {
            (true, _) => first.format("%-d %B %Y").to_string(),
            (false, true) => format!("{} – {}", first.format("%-d %B"), last.format("%-d %B %Y")),
            (false, false) => format!("{} – {}", first.format("%-d %B %Y"), last.format("%-d %B %Y")),
        }
    }
}

/// The start of the month in which an instant lies.
fn month(at: DateTime<Utc>) -> DateTime<Utc> {
    first_day(at).and_time(NaiveTime::MIN).and_utc()
}

/// The start of the month after it.
fn next_month(at: DateTime<Utc>) -> DateTime<Utc> {
    (first_day(at) + Months::new(1)).and_time(NaiveTime::MIN).and_utc()
}

fn first_day(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    day.with_day(1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::Period;
    use crate::words::moments::instant;

    fn period(from: Option<&str>, until: Option<&str>) -> Result<(String, String), String> {
        let at = |text: &str| instant(&format!("{text}T00:00:00Z")).unwrap();
        let now = instant("2026-12-24T18:00:00Z").unwrap();
        let period =
            Period::of(from.map(at), until.map(at), now).map_err(|problem| problem.detail.clone())?;
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
        for (from, until, words) in [
            ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "1 November – 30 November 2026"),
            ("2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z", "1 December 2026 – 31 January 2027"),
            ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", "1 December 2026"),
            (
                "2026-12-01T08:30:00Z",
                "2026-12-02T00:00:00Z",
                "1 December 2026, 08:30 – 2 December 2026, 00:00",
            ),
        ] {
            let period = Period { from: instant(from).unwrap(), until: instant(until).unwrap() };
            assert_eq!(period.words(), words);
        }
    }
}
