//! The listeners of this process, by account.

use ledger::{AccountId, JobId, Position};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Changes that wait for one listener; one that falls further behind is dropped.
const BUFFER: usize = 256;

/// One job changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub job: JobId,
    /// Of the event that changed it.
    pub position: Position,
}

/// See the module.
#[derive(Default)]
pub(super) struct Registry {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    listeners: HashMap<AccountId, Vec<Listener>>,
    /// Everything up to here has been told.
    told: Position,
    next: u64,
}

struct Listener {
    id: u64,
    is_stream: bool,
    sender: mpsc::Sender<Change>,
}

/// What one listener hears; it stops listening when dropped.
pub(crate) struct Subscription {
    registry: Arc<Registry>,
    account: AccountId,
    id: u64,
    /// Everything after this position will be told.
    pub since: Position,
    changes: mpsc::Receiver<Change>,
}

impl Subscription {
    /// The next change; `None` if this listener was too slow, or the server is stopping.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }

    /// A change that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Change> {
        self.changes.try_recv().ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut inner = self.registry.lock();
        if let Some(listeners) = inner.listeners.get_mut(&self.account) {
            listeners.retain(|listener| listener.id != self.id);
            if listeners.is_empty() {
                inner.listeners.remove(&self.account);
            }
        }
    }
}

impl Registry {
    pub(super) fn subscribe(registry: &Arc<Registry>, account: AccountId) -> Subscription {
        registry.lock().add(registry, account, false)
    }

    pub(super) fn subscribe_stream(
        registry: &Arc<Registry>,
        account: AccountId,
        most: usize,
    ) -> Option<Subscription> {
        let mut inner = registry.lock();
        let listeners = inner.listeners.get(&account);
        let streams = listeners.map_or(0, |all| all.iter().filter(|listener| listener.is_stream).count());
        (streams < most).then(|| inner.add(registry, account, true))
    }

    /// Where to read on from: `None` if nobody listens, which moves straight on to `mark`.
    pub(super) fn to_read(&self, mark: Position) -> Option<Position> {
        let mut inner = self.lock();
        if inner.listeners.is_empty() || inner.told >= mark {
            inner.told = inner.told.max(mark);
            return None;
        }
        Some(inner.told)
    }

    /// Tells these changes, which are all there are up to a position.
    pub(super) fn tell(&self, changes: &[(AccountId, Change)], up_to: Position) {
        let mut inner = self.lock();
        for (account, change) in changes {
            if let Some(listeners) = inner.listeners.get_mut(account) {
                listeners.retain(|listener| listener.sender.try_send(*change).is_ok());
            }
        }
        inner.told = inner.told.max(up_to);
    }

    /// Lets all listeners go.
    pub(super) fn close(&self) {
        self.lock().listeners.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics halfway through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add(&mut self, registry: &Arc<Registry>, account: AccountId, is_stream: bool) -> Subscription {
        let (sender, changes) = mpsc::channel(BUFFER);
        let id = self.next;
        self.next += 1;
        self.listeners.entry(account).or_default().push(Listener { id, is_stream, sender });
        Subscription { registry: registry.clone(), account, id, since: self.told, changes }
    }
}

#[cfg(test)]
mod tests {
    use super::{BUFFER, Change, Registry};
    use ledger::{AccountId, JobId, Position, UserId};
    use std::sync::Arc;

    fn account(name: &str) -> AccountId {
        name.parse::<UserId>().unwrap().account()
    }

    fn change(position: i64) -> Change {
        Change { job: JobId::generate(), position: Position(position) }
    }

    #[test]
    fn a_listener_hears_of_its_own_account_only() {
        let registry = Arc::new(Registry::default());
        let mut alice = Registry::subscribe(&registry, account("alice"));
        let heard = change(1);
        registry.tell(&[(account("alice"), heard), (account("bob"), change(2))], Position(2));
        assert_eq!(alice.try_next(), Some(heard));
        assert_eq!(alice.try_next(), None);
    }

    #[tokio::test]
    async fn a_listener_that_falls_behind_is_let_go() {
        let registry = Arc::new(Registry::default());
        let mut slow = Registry::subscribe(&registry, account("alice"));
        for position in 0..=BUFFER as i64 {
            registry.tell(&[(account("alice"), change(position))], Position(position));
        }
        for _ in 0..BUFFER {
            assert!(slow.next().await.is_some());
        }
        assert_eq!(slow.next().await, None);
    }

    #[test]
    fn streams_are_counted_by_account_and_end_with_their_subscription() {
        let registry = Arc::new(Registry::default());
        let _wait = Registry::subscribe(&registry, account("alice"));
        let first = Registry::subscribe_stream(&registry, account("alice"), 1).unwrap();
        assert!(Registry::subscribe_stream(&registry, account("alice"), 1).is_none());
        assert!(Registry::subscribe_stream(&registry, account("bob"), 1).is_some());
        drop(first);
        assert!(Registry::subscribe_stream(&registry, account("alice"), 1).is_some());
    }

    #[test]
    fn with_nobody_listening_there_is_nothing_to_read() {
        let registry = Arc::new(Registry::default());
        assert_eq!(registry.to_read(Position(5)), None);
        let alice = Registry::subscribe(&registry, account("alice"));
        assert_eq!(alice.since, Position(5));
        assert_eq!(registry.to_read(Position(7)), Some(Position(5)));
        registry.tell(&[], Position(7));
        assert_eq!(registry.to_read(Position(7)), None);
    }
}
