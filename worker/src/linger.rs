//! When a request to SQS may leave that others could still fill.
//!
//! After a quiet time it leaves at once. While requests follow each other closely, one that is not full leaves no sooner than
//! the linger after the one before it, and what comes meanwhile shares it. So nobody waits where there is little to do, and
//! at a steady rate requests fill, at the price of that wait.

use std::time::Duration;
use tokio::time::Instant;

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Linger {
    time: Duration,
    left: Option<Instant>,
}

impl Linger {
    /// Nothing waits where `time` is zero.
    pub(crate) fn new(time: Duration) -> Linger {
        Linger { time, left: None }
    }

    /// Whether one may leave now.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.until().is_none_or(|until| until <= now)
    }

    /// Until when one that is not full waits, if it does.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.left.filter(|_| !self.time.is_zero()).map(|left| left + self.time)
    }

    /// One left.
    pub(crate) fn left(&mut self, now: Instant) {
        self.left = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::Linger;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn only_what_follows_closely_waits() {
        let (now, time) = (Instant::now(), Duration::from_millis(100));
        let mut linger = Linger::new(time);
        assert!(linger.is_over(now), "it was quiet");
        linger.left(now);
        assert!(!linger.is_over(now + time / 2));
        assert_eq!(linger.until(), Some(now + time));
        assert!(linger.is_over(now + time));
        let mut none = Linger::new(Duration::ZERO);
        none.left(now);
        assert!(none.is_over(now) && none.until().is_none());
    }
}
