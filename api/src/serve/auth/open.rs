//! The keys of what stays open, such as event streams: all of them are looked at together, once every few seconds for the whole
//! process, so that many streams cost no more reads than one.

use crate::serve::problem::Problem;
use deadpool_postgres::Pool;
use ledger::Clock;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How soon it is noticed that a key was revoked.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Default)]
pub(super) struct Open {
    keys: Mutex<BTreeMap<Uuid, Watched>>,
}

/// One key.
#[derive(Default)]
struct Watched {
    /// How many wait for its end.
    waiting: usize,
    end: CancellationToken,
}

/// One that waits, and is counted until it goes.
struct Waiting<'a> {
    open: &'a Open,
    key: Uuid,
}

impl Open {
    /// Returns once this key is good no more.
    pub(super) async fn ended(&self, key: Uuid) {
        let (_waiting, end) = self.enter(key);
        end.cancelled().await;
    }

    fn enter(&self, key: Uuid) -> (Waiting<'_>, CancellationToken) {
        let mut keys = self.keys();
        let watched = keys.entry(key).or_default();
        watched.waiting += 1;
        (Waiting { open: self, key }, watched.end.clone())
    }

    /// Looks at the keys again and again, until shutdown. While the database is away nobody knows, and nothing changes.
    pub(super) async fn watch(&self, readers: &Pool, clock: &Clock, shutdown: &CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
            let asked: Vec<Uuid> = self.keys().keys().copied().collect();
            if asked.is_empty() {
                continue;
            }
            let active = async {
                Ok::<_, Problem>(apikeys::active(&**readers.get().await?, &asked, clock.now()).await?)
            };
            if let Ok(active) = active.await {
                self.end(asked.iter().filter(|key| !active.contains(key)));
            }
        }
    }

    fn end<'a>(&self, over: impl Iterator<Item = &'a Uuid>) {
        let keys = self.keys();
        over.filter_map(|key| keys.get(key)).for_each(|watched| watched.end.cancel());
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<Uuid, Watched>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut keys = self.open.keys();
        let Some(watched) = keys.get_mut(&self.key) else { return };
        watched.waiting -= 1;
        if watched.waiting == 0 {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Open;
    use uuid::Uuid;

    #[test]
    fn a_key_is_watched_once_and_as_long_as_somebody_waits() {
        let (open, [one, other]) = (Open::default(), [1, 2].map(Uuid::from_u128));
        let waiting = [open.enter(one), open.enter(one), open.enter(other)];
        assert_eq!(open.keys().keys().copied().collect::<Vec<_>>(), [one, other]);
        open.end([one].iter());
        assert_eq!(waiting.each_ref().map(|(_, end)| end.is_cancelled()), [true, true, false]);
        let [first, second, _other] = waiting;
        drop(first);
        assert!(open.keys().contains_key(&one));
        drop(second);
        assert_eq!(open.keys().keys().copied().collect::<Vec<_>>(), [other]);
        assert!(!open.enter(one).1.is_cancelled(), "what ended is not remembered");
    }
}
