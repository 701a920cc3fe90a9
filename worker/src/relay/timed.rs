//! Something that runs at times, and once at a time.

use std::time::Duration;
use tokio::time::Instant;

/// See the module.
pub(super) struct Timed {
    pub is_running: bool,
    next: Instant,
}

impl Timed {
    pub(super) fn at(next: Instant) -> Timed {
        Timed { is_running: false, next }
    }

    /// Whether it is to begin now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        !self.is_running && self.next <= now
    }

    pub(super) fn ended(&mut self, pause: Duration) {
        *self = Timed::at(Instant::now() + pause);
    }

    /// Begins within this time, unless it runs.
    pub(super) fn not_after(&mut self, pause: Duration) {
        self.next = self.next.min(Instant::now() + pause);
    }

    /// When it may begin, unless it runs.
    pub(super) fn next(&self) -> Option<Instant> {
        (!self.is_running).then_some(self.next)
    }
}
