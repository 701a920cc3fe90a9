//! A circuit breaker: who fails again and again is left alone for a while, and then tried with one request. Time is a
//! parameter.

use crate::backoff::doubled;
use std::time::Duration;
use tokio::time::Instant;

/// When somebody who fails is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub failures: u32,
    /// The first pause; each further one without a success between is twice as long.
    pub pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> BreakerSettings {
        BreakerSettings {
            failures: 5,
            pause: Duration::from_secs(10),
            longest_pause: Duration::from_secs(300),
        }
    }
}

#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// How often it opened since the last success.
    opened: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything passes; so many failures in a row.
    Closed(u32),
    /// Nothing passes until then.
    Open(Instant),
    /// One request is under way, and tells for all.
    Probing(Instant),
}

/// An answer to a probe should be there after this; then the next one may try.
const PROBE_PATIENCE: Duration = Duration::from_secs(60);

/// Those who come during a probe look again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Breaker {
    pub(super) fn new(settings: BreakerSettings) -> Breaker {
        Breaker { settings, state: State::Closed(0), opened: 0 }
    }

    /// Whether a request may pass now; else, after which time it may be worth asking again.
    pub(super) fn check(&self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Closed(_) => Ok(()),
            State::Open(until) if until <= now => Ok(()),
            State::Open(until) => Err(until - now),
            State::Probing(since) if now >= since + PROBE_PATIENCE => Ok(()),
            State::Probing(_) => Err(LOOK_AGAIN),
        }
    }

    /// A request that [`Breaker::check`] let pass is sent.
    pub(super) fn sent(&mut self, now: Instant) {
        if self.is_open() {
            self.state = State::Probing(now);
        }
    }

    pub(super) fn succeeded(&mut self) {
        (self.state, self.opened) = (State::Closed(0), 0);
    }

    pub(super) fn failed(&mut self, now: Instant) {
        match self.state {
            State::Closed(before) if before + 1 < self.settings.failures => {
                self.state = State::Closed(before + 1);
            }
            State::Closed(_) | State::Probing(_) => self.open(now),
            // It was sent before the breaker opened, and tells nothing new.
            State::Open(_) => {}
        }
    }

    /// Opens it whatever happened before.
    pub(super) fn open(&mut self, now: Instant) {
        let pause = doubled(self.settings.pause, self.opened, self.settings.longest_pause);
        self.state = State::Open(now + pause);
        self.opened = self.opened.saturating_add(1);
    }

    /// A request that was sent told nothing: the next one may try.
    pub(super) fn told_nothing(&mut self, now: Instant) {
        if let State::Probing(_) = self.state {
            self.state = State::Open(now);
        }
    }

    /// Until when nothing passes, if it is not closed. Then one request may.
    pub(super) fn shut_until(&self) -> Option<Instant> {
        match self.state {
            State::Closed(_) => None,
            State::Open(until) => Some(until),
            State::Probing(since) => Some(since + PROBE_PATIENCE),
        }
    }

    /// Whether it is anything but closed.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, BreakerSettings, LOOK_AGAIN, PROBE_PATIENCE};
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);
    const SETTINGS: BreakerSettings =
        BreakerSettings { failures: 3, pause: SECOND, longest_pause: Duration::from_secs(4) };

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(SETTINGS);
        (0..3).for_each(|_| breaker.failed(now));
        breaker
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let (mut breaker, now) = (Breaker::new(SETTINGS), Instant::now());
        for _ in 0..10 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.succeeded();
        }
        assert_eq!(breaker.check(now), Ok(()));
        assert_eq!(opened(now).check(now), Err(SECOND));
    }

    #[test]
    fn after_its_pause_one_request_tells_for_all() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + SECOND;
        assert_eq!(breaker.check(later), Ok(()));
        breaker.sent(later);
        assert_eq!(breaker.check(later), Err(LOOK_AGAIN), "the others wait for its answer");
        breaker.succeeded();
        assert_eq!(breaker.check(later), Ok(()));
        breaker.failed(later);
        assert_eq!(breaker.check(later), Ok(()), "it counts anew");
    }

    #[test]
    fn each_failed_probe_doubles_the_pause_up_to_the_longest() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        for seconds in [1, 2, 4, 4] {
            assert_eq!(breaker.check(now), Err(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            breaker.sent(now);
            breaker.failed(now);
        }
    }

    #[test]
    fn what_was_sent_before_it_opened_does_not_lengthen_the_pause() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.failed(now + SECOND / 2);
        assert_eq!(breaker.check(now + SECOND), Ok(()));
    }

    #[test]
    fn a_probe_that_tells_nothing_leaves_the_next_one_to_try() {
        let now = Instant::now() + SECOND;
        let mut breaker = opened(now - SECOND);
        breaker.sent(now);
        breaker.told_nothing(now);
        assert_eq!(breaker.check(now), Ok(()));
        breaker.sent(now);
        assert_eq!(breaker.check(now + PROBE_PATIENCE), Ok(()), "its answer never came");
    }
}
