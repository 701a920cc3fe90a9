//! What becomes of a message after an answer, and of its endpoint. Pure, but for the jitter.

use super::post::Answer;
use crate::backoff::jitter;
use chrono::{DateTime, Utc};
use projections::hooks::Verdict;
use std::time::Duration;

/// Nobody decides that a message rests longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// How long an endpoint is left alone after its first failure, or for as long as a message is if that is shorter.
const FIRST_REST: Duration = Duration::from_secs(1);

/// And at most, unless it asks for more: so soon it is known that it takes something again.
const LONGEST_REST: Duration = Duration::from_secs(5 * 60);

/// Of the time for which an endpoint has failed, the share that it is left alone.
const SHARE_OF_FAILURE: u32 = 8;

/// What becomes of a message that was sent `attempts` times before, with these pauses between two attempts. Who is gone is told nothing
/// more, but what it did not take goes on waiting: it may come back.
pub(super) fn verdict(answer: &Answer, attempts: u32, pauses: &[Duration], now: DateTime<Utc>) -> Verdict {
    if answer.error.is_none() {
        return Verdict::Delivered;
    }
    match pauses.get(attempts as usize).or(pauses.last().filter(|_| is_gone(answer))) {
        None => Verdict::GivenUp,
        // Around the pause, so that what failed together does not come back together.
        Some(pause) => {
            let pause = *pause - *pause / 10 + jitter(*pause / 5);
            Verdict::Again(now + pause.max(asked(answer)))
        }
    }
}

/// Until when an endpoint that has failed since then is sent nothing, whatever waits for it: else each message would be tried on it the
/// instant that another one failed. `None` if it took the message.
pub(super) fn rest(
    answer: &Answer,
    failing_since: Option<DateTime<Utc>>,
    pauses: &[Duration],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    answer.error?;
    let first = pauses.first().map_or(FIRST_REST, |pause| FIRST_REST.min(*pause));
    let failed_for = failing_since.and_then(|since| (now - since).to_std().ok()).unwrap_or_default();
    let rest = (failed_for / SHARE_OF_FAILURE).clamp(first, LONGEST_REST);
    Some(now + rest.max(asked(answer)))
}

/// How long it asks to be left alone, within reason.
fn asked(answer: &Answer) -> Duration {
    answer.wait.unwrap_or_default().min(LONGEST_WAIT)
}

/// Whether the endpoint says that it takes nothing any more, ever.
pub(super) fn is_gone(answer: &Answer) -> bool {
    answer.status == Some(410)
}

#[cfg(test)]
mod tests {
    use super::{rest, verdict};
    use crate::hooks::post::Answer;
    use chrono::DateTime;
    use projections::hooks::Verdict;
    use std::time::Duration;

    fn answered(status: u16, error: Option<&'static str>, wait: Option<u64>) -> Answer {
        Answer { status: Some(status), error, wait: wait.map(Duration::from_secs) }
    }

    /// After how many seconds it is sent again.
    fn again(answer: &Answer, attempts: u32) -> Option<i64> {
        let pauses = [5, 300, 1_800].map(Duration::from_secs);
        match verdict(answer, attempts, &pauses, DateTime::UNIX_EPOCH) {
            Verdict::Again(at) => Some(at.timestamp()),
            Verdict::Delivered | Verdict::GivenUp => None,
        }
    }

    #[test]
    fn what_was_taken_is_delivered_and_what_was_refused_often_enough_is_given_up() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(verdict(&answered(204, None, None), 0, &[], now), Verdict::Delivered);
        let pauses = [Duration::from_secs(5)];
        assert_eq!(verdict(&answered(500, Some("status"), None), 1, &pauses, now), Verdict::GivenUp);
    }

    #[test]
    fn what_an_endpoint_did_not_take_that_is_gone_goes_on_waiting() {
        let gone = answered(410, Some("status"), None);
        for attempts in [0, 2, 3, 9] {
            assert!(again(&gone, attempts).is_some(), "after {attempts}");
        }
    }

    #[test]
    fn who_fails_is_left_alone_for_longer_the_longer_it_has_failed() {
        let (refused, now) =
            (answered(503, Some("status"), None), DateTime::from_timestamp(1_000_000, 0).unwrap());
        let pauses = [5, 300].map(Duration::from_secs);
        let rest = |answer: &Answer, failed_for: Option<i64>| {
            let since = failed_for.map(|seconds| now - chrono::TimeDelta::seconds(seconds));
            rest(answer, since, &pauses, now).map(|until| (until - now).num_seconds())
        };
        let rests = [None, Some(4), Some(80), Some(800), Some(90_000)].map(|since| rest(&refused, since));
        assert_eq!(rests, [Some(1), Some(1), Some(10), Some(100), Some(300)]);
        assert_eq!(rest(&answered(429, Some("status"), Some(900)), Some(80)), Some(900));
        assert_eq!(rest(&answered(429, Some("status"), Some(9_999_999)), None), Some(86_400));
        assert_eq!(rest(&answered(204, None, None), Some(80)), None);
    }

    #[test]
    fn pauses_grow_and_a_wish_to_wait_is_kept_within_a_day() {
        let refused = answered(503, Some("status"), None);
        for (attempts, pauses) in [(0, 4..=5), (1, 270..=330), (2, 1_620..=1_980)] {
            let after = again(&refused, attempts).unwrap();
            assert!(pauses.contains(&after), "{after} after {attempts}");
        }
        assert_eq!(again(&refused, 3), None);
        assert_eq!(again(&answered(429, Some("status"), Some(60)), 0), Some(60));
        assert!(again(&answered(429, Some("status"), Some(1)), 1).unwrap() >= 270);
        assert_eq!(again(&answered(429, Some("status"), Some(9_999_999)), 0), Some(86_400));
    }
}
