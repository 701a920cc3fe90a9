//! How often one user may ask. A token bucket each, kept as the time at which the bucket would be full again
//! (GCRA): one number a user, in a bounded cache, so that made-up users cost no memory.

use ledger::AccountId;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Users whose buckets are remembered. A forgotten bucket is a full one.
const REMEMBERED_USERS: usize = 100_000;

/// The buckets of this process.
pub(crate) struct Throttle {
    started: Instant,
    /// Time for one token to come back, in nanoseconds.
    interval: u64,
    burst: u64,
    full_again: Cache<AccountId, Arc<AtomicU64>>,
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
        Throttle {
            started: Instant::now(),
            interval: 1_000_000_000 / u64::from(requests_per_second.max(1)),
            burst: u64::from(burst.max(1)),
            full_again: Cache::new(REMEMBERED_USERS),
        }
    }

    /// Takes a token: `Err` if the bucket is empty.
    pub(crate) fn take(&self, account: AccountId) -> Result<Allowance, Allowance> {
        // A process that runs for 500 years overflows this.
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(account, now)
    }

    fn take_at(&self, account: AccountId, now: u64) -> Result<Allowance, Allowance> {
        let bucket = self.full_again.get(&account).unwrap_or_else(|| {
            let bucket = Arc::new(AtomicU64::new(0));
            self.full_again.insert(account, bucket.clone());
            bucket
        });
        let depth = self.interval * self.burst;
        let taken = bucket.try_update(Ordering::Relaxed, Ordering::Relaxed, |full_again| {
            let next = full_again.max(now) + self.interval;
            (next <= now + depth).then_some(next)
        });
        match taken {
            Ok(before) => Ok(self.allowance(before.max(now) + self.interval, now)),
            Err(full_again) => Err(self.allowance(full_again, now)),
        }
    }

    fn allowance(&self, full_again: u64, now: u64) -> Allowance {
        let depth = self.interval * self.burst;
        let used = full_again.saturating_sub(now);
        Allowance {
            burst: self.burst,
            window_seconds: depth.div_ceil(1_000_000_000),
            remaining: depth.saturating_sub(used) / self.interval,
            retry_after: Duration::from_nanos((used + self.interval).saturating_sub(depth)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Throttle;
    use ledger::UserId;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_passes_then_one_a_token() {
        let throttle = Throttle::new(10, 3);
        let alice = "alice".parse::<UserId>().unwrap().account();
        let left: Vec<_> = (0..3).map(|_| throttle.take_at(alice, SECOND).unwrap().remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = throttle.take_at(alice, SECOND).unwrap_err();
        assert_eq!(refused.retry_after.as_millis(), 100);
        assert!(throttle.take_at(alice, SECOND + SECOND / 10).is_ok());
        assert!(throttle.take_at(alice, SECOND + SECOND / 10).is_err());
    }

    #[test]
    fn users_do_not_share_a_bucket() {
        let throttle = Throttle::new(1, 1);
        let alice = "alice".parse::<UserId>().unwrap().account();
        let bob = "bob".parse::<UserId>().unwrap().account();
        assert!(throttle.take_at(alice, SECOND).is_ok());
        assert!(throttle.take_at(alice, SECOND).is_err());
        assert!(throttle.take_at(bob, SECOND).is_ok());
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let throttle = Throttle::new(1, 1);
        let alice = "alice".parse::<UserId>().unwrap().account();
        assert!(throttle.take_at(alice, 0).is_ok());
        for _ in 0..100 {
            assert!(throttle.take_at(alice, SECOND / 2).is_err());
        }
        assert!(throttle.take_at(alice, SECOND).is_ok());
    }
}
