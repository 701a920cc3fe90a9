//! A token bucket: so many a second, and after a pause no more at once than a second's worth.

use tokio::time::Instant;

/// A token, in the billionths of one in which they are counted: a nanosecond brings `rate` of them, exactly.
const TOKEN: u128 = 1_000_000_000;

/// How long tokens gather that nobody takes, in seconds.
const GATHERS: u32 = 1;

/// Starts empty, so that whoever starts over does not go faster.
#[derive(Debug)]
pub(super) struct Bucket {
    billionths: u128,
    filled_at: Instant,
}

impl Bucket {
    pub(super) fn empty(now: Instant) -> Bucket {
        Bucket { billionths: 0, filled_at: now }
    }

    /// Takes at most `most` whole tokens, of which `rate` come a second.
    pub(super) fn take(&mut self, now: Instant, rate: u32, most: u32) -> u32 {
        let come = now.saturating_duration_since(self.filled_at).as_nanos() * u128::from(rate);
        let full = u128::from((rate * GATHERS).max(1)) * TOKEN;
        self.billionths = self.billionths.saturating_add(come).min(full);
        self.filled_at = now;
        let taken = u32::try_from(self.billionths / TOKEN).unwrap_or(u32::MAX).min(most);
        self.billionths -= u128::from(taken) * TOKEN;
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
            assert!(taken + 1 + rate / 2 >= rate * 60, "{taken} in a minute at {rate} a second");
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
