//! API keys of requests: one indexed read each, so that a key that was revoked is refused by every process from then on.
//!
//! What no server ever gave out is told by its own end and costs no read, nor does a key of the other environment. What may be a
//! key and was not good here the last time may be made up, as many times a second as somebody likes: such keys share few
//! connections, while the others wait for none of them.

use super::uses::Uses;
use crate::serve::problem::Problem;
use apikeys::{Environment, Key, Secret, State};
use deadpool_postgres::Pool;
use ledger::Clock;
use poem::http::StatusCode;
use quick_cache::sync::Cache;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Hashes of keys that were good here. They are not believed for it: they only pass those that were not.
const REMEMBERED: usize = 10_000;

/// Reads at once for keys that were never seen.
const STRANGERS: usize = 2;

/// How long such a key waits for its read.
const PATIENCE: Duration = Duration::from_secs(2);

/// How soon a stream notices that its key was revoked.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// See the module.
pub(crate) struct Gate {
    environment: Environment,
    clock: Clock,
    /// For looking keys up.
    readers: Pool,
    /// For writing down when they were used.
    operators: Pool,
    seen: Cache<[u8; 32], ()>,
    strangers: Semaphore,
    uses: Uses,
}

impl Gate {
    pub(crate) fn new(environment: Environment, clock: Clock, readers: Pool, operators: Pool) -> Gate {
        let (seen, strangers) = (Cache::new(REMEMBERED), Semaphore::new(STRANGERS));
        Gate { environment, clock, readers, operators, seen, strangers, uses: Uses::default() }
    }

    /// The environment whose keys are taken, and of which new ones are.
    pub(crate) fn environment(&self) -> Environment {
        self.environment
    }

    /// Writes beside requests when keys were used, until shutdown.
    pub(crate) async fn follow(&self, shutdown: &CancellationToken) {
        self.uses.write(&self.operators, shutdown).await;
    }

    /// The key that a request bears, if it is good now.
    pub(super) async fn admit(&self, text: &str) -> Result<Key, Problem> {
        let secret = Secret::parse(text).map_err(|error| refused("key_malformed", error.to_string()))?;
        if secret.environment() != self.environment {
            return Err(refused("key_environment", elsewhere(secret.environment(), self.environment)));
        }
        let key = self.find(&secret).await?.ok_or_else(|| {
            refused("key_unknown", "there is no such API key here; it may be of another server")
        })?;
        let now = self.clock.now();
        self.remember(&secret, key.state(now));
        match key.state(now) {
            State::Active => {}
            State::Expired => {
                let detail = format!("the API key `{}` has expired; make a new one", key.hint);
                return Err(refused("key_expired", detail));
            }
            State::Revoked => {
                let detail = format!("the API key `{}` was revoked; make a new one", key.hint);
                return Err(refused("key_revoked", detail));
            }
        }
        self.uses.note(&key, now);
        Ok(key)
    }

    async fn find(&self, secret: &Secret) -> Result<Option<Key>, Problem> {
        if self.seen.get(&secret.hash()).is_some() {
            return Ok(apikeys::find(&**self.readers.get().await?, secret).await?);
        }
        let busy =
            || Problem::unavailable("overloaded", "too many API keys are being looked up; try again shortly");
        let place = timeout(PATIENCE, self.strangers.acquire()).await.map_err(|_| busy())?;
        let _place = place.map_err(|_| busy())?;
        Ok(apikeys::find(&**self.readers.get().await?, secret).await?)
    }

    /// Whoever holds a key that has ended waits with those that hold none.
    fn remember(&self, secret: &Secret, state: State) {
        match state {
            State::Active => self.seen.insert(secret.hash(), ()),
            State::Expired | State::Revoked => drop(self.seen.remove(&secret.hash())),
        }
    }

    /// Returns once this key is good no more. While the database is away nobody knows, and nothing changes.
    pub(crate) async fn ended(&self, key: Uuid) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let found = async { Ok::<_, Problem>(apikeys::get(&**self.readers.get().await?, key).await?) };
            match found.await {
                Ok(Some(key)) if key.state(self.clock.now()) == State::Active => {}
                Ok(_) => return,
                Err(_) => {}
            }
        }
    }
}

/// Whoever bears a key knows it, so it may be told what became of it.
fn refused(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, "This API key is not taken", detail)
}

fn elsewhere(of: Environment, here: Environment) -> String {
    format!(
        "this API key is of the environment `{of}`, and this server is `{here}`; use a key that begins with `ck_{here}_`"
    )
}
