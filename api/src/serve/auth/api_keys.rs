//! API keys of requests: one indexed read each, so that a key that was revoked is refused by every process from then on.
//!
//! What was mistyped is told by its own end and costs no read, nor does a key of the other environment.

use super::open::Open;
use super::strangers::Strangers;
use super::uses::Uses;
use crate::serve::problem::Problem;
use apikeys::{Environment, Key, Secret, State};
use deadpool_postgres::Pool;
use ledger::Clock;
use poem::http::StatusCode;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// See the module.
pub(crate) struct Gate {
    environment: Environment,
    clock: Clock,
    /// For looking keys up.
    readers: Pool,
    /// For writing down when they were used.
    operators: Pool,
    strangers: Strangers,
    uses: Uses,
    open: Open,
}

impl Gate {
    pub(crate) fn new(environment: Environment, clock: Clock, readers: Pool, operators: Pool) -> Gate {
        let (strangers, uses, open) = (Strangers::default(), Uses::default(), Open::default());
        Gate { environment, clock, readers, operators, strangers, uses, open }
    }

    /// The environment whose keys are taken, and of which new ones are.
    pub(crate) fn environment(&self) -> Environment {
        self.environment
    }

    /// Writes beside requests when keys were used, and looks at the keys of what is open, until shutdown.
    pub(crate) async fn follow(&self, shutdown: &CancellationToken) {
        tokio::join!(
            self.uses.write(&self.operators, shutdown),
            self.open.watch(&self.readers, &self.clock, shutdown)
        );
    }

    /// The key that a request bears, if it may be one of this server. No database is asked.
    pub(super) fn read(&self, text: &str) -> Result<Secret, Problem> {
        let secret = Secret::parse(text).map_err(|error| refused("key_malformed", error.to_string()))?;
        if secret.environment() != self.environment {
            return Err(refused("key_environment", elsewhere(secret.environment(), self.environment)));
        }
        Ok(secret)
    }

    /// The key, if it is good now.
    pub(super) async fn admit(&self, secret: &Secret) -> Result<Key, Problem> {
        let (found, now) = (self.find(secret).await?, self.clock.now());
        let state = found.as_ref().map(|key| key.state(now));
        self.strangers.note(secret, state == Some(State::Active));
        let key = found.ok_or_else(|| {
            refused("key_unknown", "there is no such API key here; it may be of another server")
        })?;
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
        let _place = self.strangers.place(secret).await?;
        Ok(apikeys::find(&**self.readers.get().await?, secret).await?)
    }

    /// Returns once this key is good no more. While the database is away nobody knows, and nothing changes.
    pub(crate) async fn ended(&self, key: Uuid) {
        self.open.ended(key).await;
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
