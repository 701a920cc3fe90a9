//! How often one user may ask: a token bucket each, in a bounded cache, so that made-up users cost no memory.

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use ledger::AccountId;
use quick_cache::sync::Cache;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Users whose buckets are remembered. A forgotten bucket is a full one.
const REMEMBERED_USERS: usize = 100_000;

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>;

/// The buckets of this process.
pub(crate) struct Throttle<C: Clock = MonotonicClock> {
    clock: C,
    quota: Quota,
    buckets: Cache<AccountId, Arc<Bucket<C>>>,
}

/// What a request was told about its user's bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Size of the bucket.
    pub burst: u64,
    /// Seconds in which an empty bucket fills.
    pub window_seconds: u64,
    /// Tokens left.
    pub remaining: u64,
    /// How long until another token is there; zero if one is.
    pub retry_after: Duration,
}

impl Throttle {
    pub(crate) fn new(requests_per_second: u32, burst: u32) -> Throttle {
        Throttle::with_clock(requests_per_second, burst, MonotonicClock)
    }
}

impl<C: Clock + Clone> Throttle<C> {
    fn with_clock(requests_per_second: u32, burst: u32, clock: C) -> Throttle<C> {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(requests_per_second)).allow_burst(at_least_one(burst));
        Throttle { clock, quota, buckets: Cache::new(REMEMBERED_USERS) }
    }

    /// Takes a token: `Err` if the bucket is empty.
    pub(crate) fn take(&self, account: AccountId) -> Result<Allowance, Allowance> {
        let bucket = self.buckets.get(&account).unwrap_or_else(|| {
            let bucket = RateLimiter::direct_with_clock(self.quota, self.clock.clone());
            let bucket = Arc::new(bucket.with_middleware::<StateInformationMiddleware>());
            self.buckets.insert(account, Arc::clone(&bucket));
            bucket
        });
        match bucket.check() {
            Ok(left) => Ok(self.allowance(left.remaining_burst_capacity(), Duration::ZERO)),
            Err(until) => Err(self.allowance(0, until.wait_time_from(self.clock.now()))),
        }
    }

    fn allowance(&self, remaining: u32, retry_after: Duration) -> Allowance {
        Allowance {
            burst: self.quota.burst_size().get().into(),
            window_seconds: self.quota.burst_size_replenished_in().as_secs_f64().ceil() as u64,
            remaining: remaining.into(),
            retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Throttle;
    use governor::clock::FakeRelativeClock;
    use ledger::{AccountId, UserId};
    use std::time::Duration;

    fn account(name: &str) -> AccountId {
        name.parse::<UserId>().unwrap().account()
    }

    fn throttle(requests_per_second: u32, burst: u32) -> (Throttle<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Throttle::with_clock(requests_per_second, burst, clock.clone()), clock)
    }

    #[test]
    fn a_burst_passes_then_one_a_token() {
        let (throttle, clock) = throttle(10, 3);
        let alice = account("alice");
        let left: Vec<_> = (0..3).map(|_| throttle.take(alice).unwrap().remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = throttle.take(alice).unwrap_err();
        assert_eq!(refused.retry_after.as_millis(), 100);
        assert_eq!((refused.burst, refused.window_seconds, refused.remaining), (3, 1, 0));
        clock.advance(Duration::from_millis(100));
        assert!(throttle.take(alice).is_ok());
        assert!(throttle.take(alice).is_err());
    }

    #[test]
    fn users_do_not_share_a_bucket() {
        let (throttle, _) = throttle(1, 1);
        assert!(throttle.take(account("alice")).is_ok());
        assert!(throttle.take(account("alice")).is_err());
        assert!(throttle.take(account("bob")).is_ok());
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let (throttle, clock) = throttle(1, 1);
        assert!(throttle.take(account("alice")).is_ok());
        clock.advance(Duration::from_millis(500));
        for _ in 0..100 {
            assert!(throttle.take(account("alice")).is_err());
        }
        clock.advance(Duration::from_millis(500));
        assert!(throttle.take(account("alice")).is_ok());
    }
}
