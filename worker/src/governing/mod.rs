//! How hard each provider may be asked: how many calls at once, how many in a time, and whether at all.
//!
//! A gate for each provider. Whoever wants to send work asks it for a permit and tells it afterwards how that went. What
//! is refused a permit was not sent: its job waits, or is sent to another provider, and no attempt is used up. All of it is this
//! process's own knowledge; another process learns the same from the same answers. What it leaves alone it tells the relay,
//! which lets no jobs out that nobody could make.

mod breaker;
mod gate;
mod shut;
#[cfg(test)]
mod tests;
mod window;

pub use breaker::BreakerSettings;
pub(crate) use gate::{Gate, Permit, Reason};
#[cfg(test)]
pub(crate) use shut::ToldGate;
pub(crate) use shut::{RefusedCost, Shut, ToldShut};

use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

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

/// The gates of all providers, and what was too dear for their caps.
#[derive(Debug, Default)]
pub(crate) struct Governing {
    gates: Mutex<HashMap<String, Arc<Gate>>>,
    /// Of a provider and a model, the least cost for which the daily cap had no room.
    refused: Mutex<BTreeMap<(String, String), Decimal>>,
    changed: Arc<Notify>,
}

impl Governing {
    /// The gate of this provider. What it knows is kept for as long as the limits stay the same.
    pub(crate) fn gate(&self, provider: &str, limits: Limits) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        match gates.get(provider) {
            Some(gate) if gate.limits() == limits => Arc::clone(gate),
            Some(_) | None => {
                let gate = Arc::new(Gate::new(provider, limits, Arc::clone(&self.changed)));
                gates.insert(provider.to_owned(), Arc::clone(&gate));
                self.changed.notify_one();
                gate
            }
        }
    }

    /// Forgets what no longer counts under these limits: nobody may ask again at a gate that is told to be shut. Prices may
    /// be others too.
    pub(crate) fn follow(&self, limits: &BTreeMap<String, Limits>) {
        let now = |provider: &str| limits.get(provider).copied().unwrap_or_default();
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.retain(|provider, gate| gate.limits() == now(provider));
        drop(gates);
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.changed.notify_one();
    }

    /// Notes that a request of this model, as the catalogue calls it, was too dear for what is left of a daily cap.
    pub(crate) fn was_too_dear(&self, provider: &str, model: &str, usd: Decimal) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let least = refused.entry((provider.to_owned(), model.to_owned())).or_insert(Decimal::MAX);
        if usd < *least {
            *least = usd;
            self.changed.notify_one();
        }
    }

    /// What this process leaves alone.
    pub(crate) fn shut(&self, now: Instant) -> Shut {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shut =
            Shut { gates: gates.values().flat_map(|gate| gate.shut(now)).collect(), ..Shut::default() };
        drop(gates);
        shut.gates.sort_by(|one, other| (&one.provider, &one.model).cmp(&(&other.provider, &other.model)));
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = |((provider, model), usd): (&(String, String), &Decimal)| RefusedCost {
            provider: provider.clone(),
            model: model.clone(),
            usd: *usd,
        };
        shut.refused = refused.iter().map(cost).collect();
        shut
    }

    /// Waits until that may have changed.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}
