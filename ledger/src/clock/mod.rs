//! What time it is where money and leases are concerned: the database's clock, and not this machine's.
//!
//! Machines disagree, and what one of them believes must not lapse another one's credits. So the database is asked
//! (`measure`), and between two answers its clock is carried on by the monotonic one. What comes out is never ahead
//! of the database: an answer counts from the moment at which it arrived, not from the one at which it was made. The
//! machine's own clock is only compared with it. If they differ by more than [`MAX_SKEW`] nothing is written, because
//! one of the two is wrong and nobody here can tell which.

mod measure;

use crate::error::Error;
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Instant;
use tokio::sync::Notify;

pub(crate) use measure::watch;

/// How far this machine's clock and the database's may be apart before nothing is written any more, and how far an
/// event may be dated ahead of its recording.
pub const MAX_SKEW: TimeDelta = TimeDelta::seconds(2);

/// Where the time comes from.
#[derive(Clone, Copy)]
pub enum ClockSource {
    /// The database. `machine` is this machine's clock, which is compared with it.
    Database {
        /// What this machine believes; [`Utc::now`] outside tests.
        machine: fn() -> DateTime<Utc>,
    },
    /// A clock that a test moves, and that nothing is compared with.
    Manual(fn() -> DateTime<Utc>),
}

impl Default for ClockSource {
    fn default() -> ClockSource {
        ClockSource::Database { machine: Utc::now }
    }
}

impl fmt::Debug for ClockSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ClockSource::Database { .. } => "Database",
            ClockSource::Manual(_) => "Manual",
        })
    }
}

/// The clock of a process. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

struct Inner {
    source: ClockSource,
    anchor: RwLock<Anchor>,
    /// Somebody found the clocks apart: time to ask the database again.
    suspected: Notify,
}

/// An answer of the database, and when it arrived here.
#[derive(Clone, Copy)]
struct Anchor {
    database: DateTime<Utc>,
    arrived: Instant,
    /// How long the question took. The database's clock was ahead of its answer by at most that.
    round_trip: TimeDelta,
}

impl Anchor {
    fn now(&self) -> DateTime<Utc> {
        self.database + TimeDelta::from_std(self.arrived.elapsed()).unwrap_or_default()
    }

    /// By how much `machine` is certainly ahead of the database (negative: behind).
    fn skew(&self, machine: DateTime<Utc>) -> TimeDelta {
        let most = machine - self.now();
        let least = most - self.round_trip;
        if least > TimeDelta::zero() {
            least
        } else if most < TimeDelta::zero() {
            most
        } else {
            TimeDelta::zero()
        }
    }
}

impl Clock {
    fn new(source: ClockSource, anchor: Anchor) -> Clock {
        Clock { inner: Arc::new(Inner { source, anchor: RwLock::new(anchor), suspected: Notify::new() }) }
    }

    /// What time it is. Not monotonic over a correction of the database's clock.
    pub fn now(&self) -> DateTime<Utc> {
        match self.inner.source {
            ClockSource::Manual(now) => now(),
            ClockSource::Database { .. } => self.anchor().now(),
        }
    }

    /// By how much this machine's clock is certainly ahead of the database's; negative if it is behind.
    pub fn skew(&self) -> TimeDelta {
        match self.inner.source {
            ClockSource::Manual(_) => TimeDelta::zero(),
            ClockSource::Database { machine } => self.anchor().skew(machine()),
        }
    }

    /// Refuses with [`Error::ClockSkewed`] while the two clocks are further apart than [`MAX_SKEW`].
    pub fn check(&self) -> Result<(), Error> {
        let skew = self.skew();
        if skew.abs() <= MAX_SKEW {
            return Ok(());
        }
        self.inner.suspected.notify_one();
        Err(Error::ClockSkewed { ahead_milliseconds: skew.num_milliseconds() })
    }

    fn anchor(&self) -> Anchor {
        *self.inner.anchor.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn set(&self, anchor: Anchor) {
        *self.inner.anchor.write().unwrap_or_else(std::sync::PoisonError::into_inner) = anchor;
    }
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Clock, ClockSource};
    use chrono::{DateTime, TimeDelta, Utc};
    use std::time::Instant;

    const NOON: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).expect("it is an instant");

    fn anchor(round_trip: i64) -> Anchor {
        Anchor { database: NOON, arrived: Instant::now(), round_trip: TimeDelta::seconds(round_trip) }
    }

    fn clock(machine: fn() -> DateTime<Utc>) -> Clock {
        Clock::new(ClockSource::Database { machine }, anchor(0))
    }

    #[test]
    fn the_time_is_the_databases_whatever_the_machine_says() {
        for machine in [|| NOON + TimeDelta::hours(1), || NOON - TimeDelta::hours(1)] {
            let now = clock(machine).now();
            assert!(now >= NOON && now < NOON + TimeDelta::minutes(1), "{now}");
        }
    }

    #[test]
    fn clocks_that_are_apart_are_refused_in_both_directions_and_close_ones_are_not() {
        assert!(clock(|| NOON + TimeDelta::milliseconds(2_500)).check().is_err());
        assert!(clock(|| NOON - TimeDelta::milliseconds(2_500)).check().is_err());
        assert!(clock(|| NOON + TimeDelta::milliseconds(1_500)).check().is_ok());
        assert!(clock(|| NOON - TimeDelta::milliseconds(1_500)).check().is_ok());
    }

    #[test]
    fn a_slow_answer_is_no_skew() {
        assert_eq!(anchor(5).skew(NOON + TimeDelta::seconds(4)), TimeDelta::zero());
        assert!(anchor(5).skew(NOON + TimeDelta::seconds(60)) > TimeDelta::seconds(50));
    }
}
