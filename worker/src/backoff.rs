//! How long to wait before the next attempt: exponential with full jitter, so that jobs that failed together
//! do not come back together.

use crate::options::Timings;
use crate::provider::ProviderFailure;
use ledger::job::FailureClass;
use rand::RngExt;
use std::time::Duration;

/// Of the age of a run, the share that a throttled attempt waits at least.
const SHARE_OF_AGE: u32 = 16;

/// The back-off after attempt number `attempt` (from 1) of a run of this age failed like this.
pub(crate) fn after(timings: &Timings, failure: &ProviderFailure, attempt: u32, age: Duration) -> Duration {
    let grace = if failure.is_unknown() { timings.unknown_grace } else { Duration::ZERO };
    if failure.is_handed_back() {
        return grace;
    }
    let asked = failure.retry_after.unwrap_or_default().max(grace);
    match failure.failure.class {
        // What the provider asks for is kept; the jitter comes on top. Throttled attempts are not counted, so the age
        // of the run makes the pauses grow: whoever asks for "0" all day is not asked all day.
        FailureClass::Throttled => {
            asked.max((age / SHARE_OF_AGE).min(timings.backoff_cap)) + jitter(timings.backoff_base)
        }
        FailureClass::Transient | FailureClass::Permanent => jitter(ceiling(timings, attempt)).max(asked),
    }
}

/// The longest back-off after this attempt.
fn ceiling(timings: &Timings, attempt: u32) -> Duration {
    doubled(timings.backoff_base, attempt.saturating_sub(1), timings.backoff_cap)
}

/// `first`, doubled so many times, and at most `longest`.
pub(crate) fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.min(20)).min(longest)
}

/// Anything between nothing and `most`, evenly.
pub(crate) fn jitter(most: Duration) -> Duration {
    most.mul_f64(rand::rng().random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::{after, ceiling};
    use crate::options::Timings;
    use crate::provider::ProviderFailure;
    use ledger::job::Billed;
    use std::time::Duration;

    fn timings() -> Timings {
        Timings {
            backoff_base: Duration::from_secs(2),
            backoff_cap: Duration::from_secs(60),
            ..Timings::default()
        }
    }

    #[test]
    fn the_ceiling_doubles_until_the_cap() {
        let seconds: Vec<u64> = (1..=8).map(|attempt| ceiling(&timings(), attempt).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(ceiling(&timings(), u32::MAX).as_secs(), 60, "no overflow");
    }

    #[test]
    fn back_offs_spread_over_the_whole_range() {
        let failure = ProviderFailure::transient("x", "x");
        let drawn: Vec<Duration> =
            (0..1000).map(|_| after(&timings(), &failure, 3, Duration::ZERO)).collect();
        assert!(drawn.iter().all(|wait| *wait <= Duration::from_secs(8)));
        assert!(drawn.iter().any(|wait| *wait < Duration::from_secs(1)), "full jitter starts at nothing");
        assert!(drawn.iter().any(|wait| *wait > Duration::from_secs(7)));
    }

    #[test]
    fn a_throttled_provider_is_left_alone_for_as_long_as_it_asked() {
        let failure = ProviderFailure::throttled("busy", "busy", Some(Duration::from_secs(90)));
        for _ in 0..100 {
            let wait = after(&timings(), &failure, 1, Duration::from_secs(60));
            assert!(wait >= Duration::from_secs(90) && wait <= Duration::from_secs(92), "{wait:?}");
        }
    }

    #[test]
    fn work_handed_back_is_due_at_once() {
        let old = Duration::from_secs(3_600);
        assert_eq!(after(&timings(), &ProviderFailure::worker_stopped(), 1, old), Duration::ZERO);
    }

    #[test]
    fn a_provider_gets_time_to_know_of_work_whose_answer_was_lost() {
        for failure in [ProviderFailure::worker_stopped(), ProviderFailure::timeout()] {
            let wait = after(&timings(), &failure.billed(Billed::Unknown), 1, Duration::ZERO);
            assert!(wait >= timings().unknown_grace, "{wait:?}");
        }
    }

    #[test]
    fn a_provider_that_always_says_at_once_is_asked_less_and_less() {
        let day = Duration::from_secs(24 * 3_600);
        for asked in [Some(Duration::ZERO), None] {
            let failure = ProviderFailure::throttled("busy", "busy", asked);
            let (mut age, mut attempts) = (Duration::ZERO, 0);
            while age < day {
                age += after(&timings(), &failure, 1, age);
                attempts += 1;
            }
            // At 60 s at most between them a day has 1,440; at a second on average there were 86,400.
            assert!(attempts < 1_700, "{attempts} attempts in a day");
        }
    }
}
