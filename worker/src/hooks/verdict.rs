//! What becomes of a message after an answer. Pure, but for the jitter.

use super::post::Answer;
use crate::backoff::jitter;
use chrono::{DateTime, Utc};
use projections::hooks::Verdict;
use std::time::Duration;

/// Nobody decides that a message rests longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// What becomes of a message that was sent `attempts` times before, with these pauses between two attempts.
pub(super) fn verdict(answer: &Answer, attempts: u32, pauses: &[Duration], now: DateTime<Utc>) -> Verdict {
    if answer.error.is_none() {
        return Verdict::Delivered;
    }
    match pauses.get(attempts as usize).filter(|_| !is_gone(answer)) {
        None => Verdict::GivenUp,
        // Around the pause, so that what failed together does not come back together.
        Some(pause) => {
            let pause = *pause - *pause / 10 + jitter(*pause / 5);
            Verdict::Again(now + pause.max(answer.wait.unwrap_or_default().min(LONGEST_WAIT)))
        }
    }
}

/// Whether the endpoint says that it takes nothing any more, ever.
pub(super) fn is_gone(answer: &Answer) -> bool {
    answer.status == Some(410)
}

#[cfg(test)]
mod tests {
    use super::verdict;
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
    fn what_was_taken_is_delivered_and_what_is_gone_is_given_up() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(verdict(&answered(204, None, None), 0, &[], now), Verdict::Delivered);
        let pauses = [Duration::from_secs(5)];
        assert_eq!(verdict(&answered(410, Some("status"), None), 0, &pauses, now), Verdict::GivenUp);
        assert_eq!(verdict(&answered(500, Some("status"), None), 1, &pauses, now), Verdict::GivenUp);
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
