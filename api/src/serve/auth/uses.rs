//! When keys were last used: gathered while requests are served, and written beside them.

use crate::serve::failure;
use crate::serve::problem::Problem;
use apikeys::Key;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Pool;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A use is not worth writing down so soon after the one before.
const GRAIN: TimeDelta = TimeDelta::minutes(1);

/// Time between two writes.
const EVERY: Duration = Duration::from_secs(1);

/// The same after one that failed.
const LATER: Duration = Duration::from_secs(30);

/// Keys that wait to be written; a further one waits until it is used again.
const MOST: usize = 1_000;

/// See the module.
#[derive(Default)]
pub(super) struct Uses {
    waiting: Mutex<BTreeSet<Uuid>>,
}

impl Uses {
    /// Notes that a key is being used.
    pub(super) fn note(&self, key: &Key, now: DateTime<Utc>) {
        if key.last_used_at.is_some_and(|last| now - last < GRAIN) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.insert(key.id);
        }
    }

    fn take(&self) -> Vec<Uuid> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).into_iter().collect()
    }

    /// Writes what was noted, until shutdown and once more then. What cannot be written is forgotten: the next use is
    /// noted again, and a last one is not.
    pub(super) async fn write(&self, operators: &Pool, shutdown: &CancellationToken) {
        loop {
            let used = self.take();
            let pause = match used.is_empty() || write(operators, &used).await {
                true => EVERY,
                false => LATER,
            };
            if shutdown.is_cancelled() {
                return;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Whether it was written.
async fn write(operators: &Pool, used: &[Uuid]) -> bool {
    let written = async {
        let client = operators.get().await.map_err(failure::of_operators)?;
        Ok::<_, Problem>(apikeys::note_used(&**client, used).await?)
    };
    let written = written.await;
    if let Err(problem) = &written {
        tracing::warn!(cause = problem.cause, "when API keys were last used cannot be written");
    }
    written.is_ok()
}

#[cfg(test)]
mod tests {
    use super::{MOST, Uses};
    use apikeys::{Environment, Key, Scope};
    use chrono::{TimeDelta, Utc};
    use uuid::Uuid;

    fn key(last_used: Option<TimeDelta>) -> Key {
        Key {
            id: Uuid::now_v7(),
            hint: String::new(),
            name: String::new(),
            environment: Environment::Test,
            scope: Scope::Backend,
            owner: None,
            created_by: String::new(),
            created_at: Utc::now(),
            expires_at: None,
            revoked: None,
            last_used_at: last_used.map(|ago| Utc::now() - ago),
        }
    }

    #[test]
    fn a_key_is_noted_once_a_minute() {
        let uses = Uses::default();
        let (fresh, old, never) =
            (key(Some(TimeDelta::seconds(50))), key(Some(TimeDelta::seconds(70))), key(None));
        for key in [&fresh, &old, &never, &never] {
            uses.note(key, Utc::now());
        }
        let mut wanted = vec![old.id, never.id];
        wanted.sort_unstable();
        assert_eq!((uses.take(), uses.take()), (wanted, Vec::new()));
    }

    #[test]
    fn no_more_wait_than_may() {
        let uses = Uses::default();
        (0..=MOST).for_each(|_| uses.note(&key(None), Utc::now()));
        assert_eq!(uses.take().len(), MOST);
    }
}
