//! A provider's answer to one call, and what it says about waiting.

use crate::provider::Spooled;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// Whoever asks for no pause at all is given this one.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// No provider decides that a job rests longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// A whole answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Outputs that were inside of the body; marks stand in their places.
    pub files: Vec<Spooled>,
}

impl Answer {
    /// The body as JSON, if it is.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The value of a header, if it is text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long to wait before asking again, if it says so: the header, in seconds or as a date, or `retry_after` in the
    /// body.
    pub(super) fn wait(&self) -> Option<Duration> {
        let told = self.header(&RETRY_AFTER).and_then(|text| self.wait_of(text.trim()));
        let told = told.or_else(|| {
            let told = self.json()?.get("retry_after")?.as_f64()?;
            Duration::try_from_secs_f64(told).ok()
        });
        told.map(|wait| wait.clamp(SHORTEST_WAIT, LONGEST_WAIT))
    }

    /// A date is compared with the provider's own clock, where it tells what time it is there.
    fn wait_of(&self, text: &str) -> Option<Duration> {
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = date(text)?;
        let now = self.header(&DATE).and_then(date).unwrap_or_else(Utc::now);
        Some((until - now).to_std().unwrap_or_default())
    }
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use reqwest::StatusCode;
    use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

    fn wait(header: Option<&str>, body: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        if let Some(header) = header {
            headers.insert(RETRY_AFTER, HeaderValue::from_str(header).unwrap());
        }
        let answer =
            Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: body.into(), files: Vec::new() };
        answer.wait().map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wish_to_wait_is_read_in_every_form() {
        for (header, body, expected) in [
            (None, "", None),
            (Some("7"), "", Some(7)),
            (Some(" 7 "), "", Some(7)),
            (Some("0"), "", Some(1)),
            (Some("99999999"), "", Some(3_600)),
            (Some("Sun, 06 Nov 1994 08:50:07 GMT"), "", Some(30)),
            (Some("Sun, 06 Nov 1994 08:00:00 GMT"), "", Some(1)),
            (Some("Sat, 06 Nov 2094 08:00:00 GMT"), "", Some(3_600)),
            (Some("soon"), "", None),
            (Some("-5"), "", None),
            (Some("soon"), r#"{"retry_after":9}"#, Some(9)),
            (None, r#"{"retry_after":2.5}"#, Some(2)),
            (None, r#"{"retry_after":-2}"#, None),
            (None, r#"{"retry_after":1e300}"#, None),
            (None, r#"{"retry_after":"soon"}"#, None),
            (Some("3"), r#"{"retry_after":9}"#, Some(3)),
            (None, "not json", None),
        ] {
            assert_eq!(wait(header, body), expected, "{header:?} {body}");
        }
    }
}
