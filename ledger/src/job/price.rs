//! What a job costs: known when it is queued, or only once it is done.

use crate::credits::Credits;

/// The price of one run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// Debited when the job is queued.
    Fixed(Credits),
    /// Held when the job is queued, and captured for what was made when it is done.
    PerSecond {
        /// The price of one second of output.
        rate: Credits,
        /// The most that it can cost: what is held.
        most: Credits,
    },
}

impl Price {
    /// The most that a run can cost: what is debited or held when it is queued.
    pub fn most(self) -> Credits {
        match self {
            Price::Fixed(most) | Price::PerSecond { most, .. } => most,
        }
    }

    /// The price of a second, if that is what it depends on.
    pub fn per_second(self) -> Option<Credits> {
        match self {
            Price::Fixed(_) => None,
            Price::PerSecond { rate, .. } => Some(rate),
        }
    }
}
