//! How many lists are exported at once: so many of a server, so many of a caller, and fewer that read at the same moment.
//!
//! An export that waits for its reader holds a page and no connection, so there can be many of them; and one caller who
//! reads slowly, as often as he likes, takes no place of the others.

use crate::serve::problem::Problem;
use ledger::AccountId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Exports that read a page at the same time: the others who read must not wait for them.
const READING: usize = 2;

/// When to ask again while too many exports run.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// The places of this server.
pub(crate) struct Places {
    most: usize,
    most_of_one: usize,
    taken: Mutex<HashMap<AccountId, usize>>,
    turns: Semaphore,
}

/// A place that is taken until this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    account: AccountId,
}

impl Places {
    pub(crate) fn new(most: usize, most_of_one: usize) -> Arc<Places> {
        let turns = Semaphore::new(READING);
        Arc::new(Places { most, most_of_one, taken: Mutex::default(), turns })
    }

    /// Takes a place for this caller.
    pub(super) fn take(self: &Arc<Places>, account: AccountId) -> Result<Place, Problem> {
        let mut taken = self.lock();
        if taken.get(&account).is_some_and(|own| *own >= self.most_of_one) {
            return Err(too_many(format!("you have {} exports of lists in work", self.most_of_one)));
        }
        if taken.values().sum::<usize>() >= self.most {
            return Err(too_many(format!("this server makes {} exports of lists at once", self.most)));
        }
        *taken.entry(account).or_default() += 1;
        Ok(Place { places: Arc::clone(self), account })
    }

    /// Waits for the turn to read a page.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed: there is always a turn.
        self.turns.acquire().await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        // Nothing in here panics halfway through a change.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(own) = taken.get_mut(&self.account) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.account);
            }
        }
    }
}

fn too_many(why: String) -> Problem {
    let detail = format!("{why}; ask again when one has ended");
    Problem::too_many("too_many_exports", detail).retrying(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::Places;
    use ledger::{AccountId, UserId};

    fn account(name: &str) -> AccountId {
        name.parse::<UserId>().unwrap().account()
    }

    #[test]
    fn one_caller_takes_no_more_than_his_share_and_all_no_more_than_there_are() {
        let places = Places::new(3, 2);
        let (alice, bob) = (account("alice"), account("bob"));
        let first = places.take(alice).unwrap();
        let _second = places.take(alice).unwrap();
        let refused = places.take(alice).err().unwrap();
        assert!(refused.detail.starts_with("you have 2"), "{}", refused.detail);
        let _third = places.take(bob).unwrap();
        let refused = places.take(bob).err().unwrap();
        assert!(refused.detail.starts_with("this server makes 3"), "{}", refused.detail);
        drop(first);
        assert!(places.take(bob).is_ok());
    }

    #[test]
    fn nobody_is_remembered_who_has_no_place() {
        let places = Places::new(3, 2);
        drop(places.take(account("alice")).unwrap());
        assert!(places.lock().is_empty());
    }
}
