//! How many checks run at once: so many for each provider, so that one that does not answer holds up only its own.
//!
//! Asking is quick, fetching what was made may not be, and where the provider does both, they are one call from outside.
//! What is left to be fetched, and a call that takes longer than a question may, leaves its slot for one of as many places for long calls, and is given up if all of them are
//! taken. So calls that hang keep a slot for seconds, a long download can go on, and what is in memory at once stays
//! bounded.

use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of all providers.
pub(super) struct Slots {
    each: usize,
    by_provider: HashMap<String, Places>,
}

impl Slots {
    /// So many slots for each provider.
    pub(super) fn new(each: usize) -> Slots {
        Slots { each, by_provider: HashMap::new() }
    }

    pub(super) fn of(&mut self, provider: &str) -> Places {
        if let Some(known) = self.by_provider.get(provider) {
            return known.clone();
        }
        let places = Places::new(self.each);
        self.by_provider.insert(provider.to_owned(), places.clone());
        places
    }
}

/// Where the checks of one provider run. Cheap to clone; the clones are one.
#[derive(Clone)]
pub(super) struct Places {
    slots: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl Places {
    fn new(each: usize) -> Places {
        Places { slots: Arc::new(Semaphore::new(each)), long: Arc::new(Semaphore::new(each)) }
    }

    /// Waits for a slot; who waits longest comes first.
    pub(super) async fn slot(&self) -> Slot {
        let permit = Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        Slot { _permit: permit, long: Arc::clone(&self.long), is_long: false }
    }
}

/// The right to run a check.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    long: Arc<Semaphore>,
    is_long: bool,
}

impl Slot {
    /// Moves to a place for long calls, unless it is there already, and frees the slot; `None` if all of those are taken.
    pub(super) fn lengthen(self) -> Option<Slot> {
        if self.is_long {
            return Some(self);
        }
        let permit = Arc::clone(&self.long).try_acquire_owned().ok()?;
        Some(Slot { _permit: permit, long: self.long, is_long: true })
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, Slots};
    use futures::FutureExt;

    #[test]
    fn providers_have_slots_of_their_own() {
        let mut slots = Slots::new(1);
        let _taken = slots.of("one").slot().now_or_never().expect("there is one");
        assert!(slots.of("one").slot().now_or_never().is_none());
        assert!(slots.of("other").slot().now_or_never().is_some());
    }

    #[test]
    fn a_long_call_frees_its_slot_as_long_as_there_are_places() {
        let places = Places::new(1);
        let long = places.slot().now_or_never().and_then(|slot| slot.lengthen()).expect("there is a place");
        let next = places.slot().now_or_never().expect("the slot is free again");
        assert!(next.lengthen().is_none(), "the place is taken");
        let long = long.lengthen().expect("it has its place");
        drop(long);
        assert!(places.slot().now_or_never().and_then(|slot| slot.lengthen()).is_some());
    }
}
