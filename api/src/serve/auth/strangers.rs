//! Keys that were not good here the last time. They may be made up, as many times a second as somebody likes, so they share few
//! places, and those that were good wait for none of them.

use crate::serve::problem::Problem;
use apikeys::Secret;
use quick_cache::sync::Cache;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Hashes of keys that were good here. They are not believed for it: they only pass those that were not.
const REMEMBERED: usize = 10_000;

/// Reads at once for all the others.
const PLACES: usize = 2;

/// How long one waits for its read.
const PATIENCE: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct Strangers {
    good: Cache<[u8; 32], ()>,
    places: Semaphore,
}

impl Default for Strangers {
    fn default() -> Strangers {
        Strangers { good: Cache::new(REMEMBERED), places: Semaphore::new(PLACES) }
    }
}

impl Strangers {
    /// A place for the read of this key; `None` if it was good here the last time, and needs none.
    pub(super) async fn place(&self, secret: &Secret) -> Result<Option<SemaphorePermit<'_>>, Problem> {
        if self.was_good(secret) {
            return Ok(None);
        }
        let busy =
            || Problem::unavailable("overloaded", "too many API keys are being looked up; try again shortly");
        let place = timeout(PATIENCE, self.places.acquire()).await.map_err(|_| busy())?;
        let place = place.map_err(|_| busy())?;
        // Where many requests begin at once with one key, those behind the first give their places back.
        Ok(Some(place).filter(|_| !self.was_good(secret)))
    }

    /// Whoever holds a key that has ended waits with those that hold none.
    pub(super) fn note(&self, secret: &Secret, is_good: bool) {
        match is_good {
            true => self.good.insert(secret.hash(), ()),
            false => drop(self.good.remove(&secret.hash())),
        }
    }

    fn was_good(&self, secret: &Secret) -> bool {
        self.good.get(&secret.hash()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{PLACES, Strangers};
    use apikeys::{Environment, Secret};
    use futures::FutureExt;
    use std::pin::pin;

    fn key() -> Secret {
        Secret::generate(Environment::Test)
    }

    #[tokio::test]
    async fn only_keys_that_were_good_need_no_place() {
        let (strangers, good) = (Strangers::default(), key());
        strangers.note(&good, true);
        let (one, other) = (key(), key());
        let held = [strangers.place(&one).await.unwrap(), strangers.place(&other).await.unwrap()];
        assert!(held.iter().all(Option::is_some));
        assert!(strangers.place(&good).await.unwrap().is_none());
        strangers.note(&good, false);
        assert!(strangers.place(&good).now_or_never().is_none(), "it has ended, and waits");
    }

    #[tokio::test]
    async fn whoever_waits_behind_the_first_with_its_key_gives_the_place_back() {
        let (strangers, same, other) = (Strangers::default(), key(), key());
        let first = strangers.place(&same).await.unwrap();
        let busy = strangers.place(&other).await.unwrap();
        let mut behind = pin!(strangers.place(&same));
        assert!(behind.as_mut().now_or_never().is_none(), "all places are taken");
        strangers.note(&same, true);
        drop(first);
        assert!(behind.await.unwrap().is_none());
        drop(busy);
        assert_eq!(strangers.places.available_permits(), PLACES);
    }
}
