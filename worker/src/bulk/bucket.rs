//! A token bucket: so many a second, and after a pause no more at once than a second's worth.

use std::time::Duration;
use tokio::time::Instant;

/// How long tokens gather that nobody takes.
const GATHERS: Duration = Duration::from_secs(1);

/// Starts empty, so that whoever starts over does not go faster.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    pub(super) fn empty(now: Instant) -> Bucket {
        Bucket { tokens: 0.0, filled_at: now }
    }

    /// Takes at most `most` whole tokens, of which `rate` come a second.
    pub(super) fn take(&mut self, now: Instant, rate: u32, most: u32) -> u32 {
        let rate = f64::from(rate);
        let come = now.saturating_duration_since(self.filled_at).as_secs_f64() * rate;
        self.tokens = (self.tokens + come).min((rate * GATHERS.as_secs_f64()).max(1.0));
        self.filled_at = now;
        let taken = (self.tokens.floor() as u32).min(most);
        self.tokens -= f64::from(taken);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn no_more_are_taken_than_the_rate_allows_however_often_it_is_asked() {
        for (rate, every_milliseconds) in [(1, 100), (10, 50), (10, 250), (7, 333), (500, 250)] {
            let begun = Instant::now();
            let mut bucket = Bucket::empty(begun);
            let mut taken = 0;
            for tick in 1..=(60_000 / every_milliseconds) {
                let now = begun + Duration::from_millis(tick * every_milliseconds);
                taken += bucket.take(now, rate, u32::MAX);
                let most = u64::from(rate) * tick * every_milliseconds / 1_000;
                assert!(u64::from(taken) <= most, "{taken} of {most} after {tick} ticks at {rate} a second");
            }
            assert!(taken + 1 + rate / 2 >= rate * 59, "{taken} in a minute at {rate} a second");
        }
    }

    #[test]
    fn a_pause_is_made_up_for_by_a_second_at_most() {
        let begun = Instant::now();
        let mut bucket = Bucket::empty(begun);
        assert_eq!(bucket.take(begun, 10, 100), 0, "it starts empty");
        let later = begun + Duration::from_secs(3_600);
        assert_eq!(bucket.take(later, 10, 4), 4, "no more than is wanted");
        assert_eq!(bucket.take(later, 10, 100), 6, "what was left");
        assert_eq!(bucket.take(later, 10, 100), 0);
    }

    #[test]
    fn a_clock_that_stands_still_gives_nothing() {
        let begun = Instant::now();
        let mut bucket = Bucket::empty(begun + Duration::from_secs(5));
        assert_eq!(bucket.take(begun, 500, 100), 0);
    }
}
