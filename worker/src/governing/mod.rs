//! How hard each provider may be asked: how many calls at once, how many in a time, and whether at all.
//!
//! A gate for each provider. Whoever wants to send work asks it for a permit and tells it afterwards how that went. What
//! is refused a permit was not sent: its job waits, or is sent to another provider, and no attempt is used up. All of it is this
//! process's own knowledge; another process learns the same from the same answers.

mod breaker;
mod gate;
mod window;

pub use breaker::BreakerSettings;
pub(crate) use gate::{Gate, Permit, Reason};

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How hard one provider may be asked by one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Most calls that ask for work at once; without bound if `None`. Below it, what is asked at once falls by half when the
    /// provider wants fewer requests, and grows again with what it takes.
    pub concurrency: Option<NonZeroU32>,
    /// Most calls that ask for work in a time.
    pub rate: Option<Rate>,
    /// When a provider that fails is left alone; never if `None`.
    pub breaker: Option<BreakerSettings>,
    /// Tells the keys apart with which it is asked: what it said to one says nothing about the next.
    pub key_tag: Option<u64>,
}

/// So many in such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; as many may come at once.
    pub count: NonZeroU32,
    /// In which time.
    pub per: Duration,
}

/// The gates of all providers.
#[derive(Debug, Default)]
pub(crate) struct Governing {
    gates: Mutex<HashMap<String, Arc<Gate>>>,
}

impl Governing {
    /// The gate of this provider. What it knows is kept for as long as the limits stay the same.
    pub(crate) fn gate(&self, provider: &str, limits: Limits) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        match gates.get(provider) {
            Some(gate) if gate.limits() == limits => Arc::clone(gate),
            Some(_) | None => {
                let gate = Arc::new(Gate::new(provider, limits));
                gates.insert(provider.to_owned(), Arc::clone(&gate));
                gate
            }
        }
    }
}
