//! Time zones and their days.

use crate::words::moments::Edge;
use crate::words::scalar::scalar;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;
use std::borrow::Cow;

scalar!(
    /// A time zone, by its name in the IANA data base.
    ZoneName(Tz),
    "time_zone",
    MetaSchema { example: Some("Europe/Berlin".into()), ..MetaSchema::new("string") },
    |text| zone(text),
    |zone| zone.name().into()
);

fn zone(text: &str) -> Result<Tz, Cow<'static, str>> {
    text.parse().map_err(|_| "must be the name of a time zone, such as Europe/Berlin".into())
}

/// Where days begin: never between two quarters of an hour.
const QUARTER: TimeDelta = TimeDelta::minutes(15);

/// The longest that the clocks of a zone ever skipped: a day, to go over the date line. In quarters of an hour.
const LONGEST_SKIP: i32 = 25 * 4;

/// The first moment of a day. Where clocks skip midnight that is when they go on, and where they go through it twice, the first
/// time.
pub(crate) fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let moments = (0..LONGEST_SKIP).map(|quarter| midnight + QUARTER * quarter);
    let mut known = moments.filter_map(|at| zone.from_local_datetime(&at).earliest());
    known.next().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// The instant that the edge of a range is in a zone.
pub(crate) fn instant_of(edge: Edge, zone: Tz) -> DateTime<Utc> {
    match edge {
        Edge::Day(day) => start_of(day, zone),
        Edge::At(at) => at,
    }
}

/// The first moment of each day of a range, and the first one after it.
pub(crate) fn starts_of(from: NaiveDate, to: NaiveDate, zone: Tz) -> (Vec<DateTime<Utc>>, DateTime<Utc>) {
    let starts = from.iter_days().take_while(|day| *day <= to).map(|day| start_of(day, zone));
    (starts.collect(), start_of(to + Days::new(1), zone))
}

#[cfg(test)]
mod tests {
    use super::{start_of, starts_of, zone};
    use crate::words::moments::{day, written};

    fn start(text: &str, name: &str) -> String {
        written(&start_of(day(text).unwrap(), zone(name).unwrap()))
    }

    #[test]
    fn days_begin_when_they_begin_there() {
        for (day, zone, begins) in [
            ("2026-01-31", "UTC", "2026-01-31T00:00:00Z"),
            ("2026-07-01", "Europe/Berlin", "2026-06-30T22:00:00Z"),
            ("2026-01-01", "Asia/Kathmandu", "2025-12-31T18:15:00Z"),
            ("2026-01-01", "Asia/Calcutta", "2025-12-31T18:30:00Z"),
            // Clocks go from 00:00 to 01:00.
            ("2025-04-25", "Africa/Cairo", "2025-04-24T22:00:00Z"),
            // Clocks go from 01:00 back to 00:00.
            ("2025-10-26", "Atlantic/Azores", "2025-10-26T00:00:00Z"),
            // A day that was skipped begins when the next one does.
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ] {
            assert_eq!(start(day, zone), begins, "{day} in {zone}");
        }
    }

    #[test]
    fn a_day_has_as_many_hours_as_the_clocks_give_it() {
        let hours = |first: &str, last: &str| -> Vec<i64> {
            let (mut starts, end) =
                starts_of(day(first).unwrap(), day(last).unwrap(), zone("Europe/Berlin").unwrap());
            starts.push(end);
            starts.windows(2).map(|pair| (pair[1] - pair[0]).num_hours()).collect()
        };
        assert_eq!(hours("2026-03-28", "2026-03-30"), [24, 23, 24]);
        assert_eq!(hours("2026-10-24", "2026-10-26"), [24, 25, 24]);
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "Berlin", "europe/berlin", "+02:00", "UTC+2", "Europe/Berlin ", "Mars/Base"] {
            assert!(zone(text).is_err(), "{text}");
        }
    }
}
