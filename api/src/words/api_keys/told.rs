//! How API keys are told.

use super::values::{EnvironmentName, KeyId, KeyName, KeyScopeName, KeyStateName};
use crate::words::scalars::{Instant, UserName};
use apikeys::Key;
use chrono::{DateTime, Utc};
use ledger::Actor;
use poem_openapi::Object;

/// An API key, without its secret.
#[derive(Debug, Object)]
pub(crate) struct ApiKey {
    /// Its id; the `causation_id` of every event that a request with it led to.
    pub id: KeyId,
    /// What it is called.
    pub name: KeyName,
    /// By what it is told from others: how it begins and how it ends.
    pub hint: String,
    /// Where it is of use: servers of another environment refuse it.
    pub environment: EnvironmentName,
    /// What it may do: what its owner may as `user`, `admin` or `auditor`; or, for a `backend`, what any user may whom a request
    /// names with `Cooly-User`.
    pub scope: KeyScopeName,
    /// As whom it acts; null for a `backend`.
    pub owner: Option<UserName>,
    /// How it stands: `active` is taken, `expired` and `revoked` are refused.
    pub state: KeyStateName,
    /// Who made it, as the log writes it; null if the owner asks and it was somebody else.
    pub created_by: Option<String>,
    /// When.
    pub created_at: Instant,
    /// From when on it is refused; null if it does not expire.
    pub expires_at: Option<Instant>,
    /// When it was last used, to about a minute; null if it never was.
    pub last_used_at: Option<Instant>,
    /// When it was revoked; null if it was not.
    pub revoked_at: Option<Instant>,
    /// Who revoked it, as the log writes it; null if nobody did, and if the owner asks and it was somebody else.
    pub revoked_by: Option<String>,
    /// Why, if somebody said; null if the owner asks.
    pub revoke_reason: Option<String>,
}

/// A page of API keys, newest first.
#[derive(Debug, Object)]
pub(crate) struct ApiKeyPage {
    pub items: Vec<ApiKey>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

/// An API key that was just made.
#[derive(Debug, Object)]
pub(crate) struct MadeApiKey {
    #[oai(flatten)]
    pub key: ApiKey,
    /// The key itself, which is told this once and kept nowhere: send it as `Authorization: Bearer …`. Null where this repeats the
    /// answer to an earlier request: if that answer was lost, revoke the key and make another.
    pub secret: Option<String>,
}

impl ApiKey {
    pub(crate) fn of(key: Key, now: DateTime<Utc>) -> ApiKey {
        let state = KeyStateName(key.state(now));
        let revoked = key.revoked;
        ApiKey {
            id: KeyId(key.id),
            name: KeyName(key.name),
            hint: key.hint,
            environment: EnvironmentName(key.environment),
            scope: KeyScopeName(key.scope),
            owner: key.owner.map(UserName),
            state,
            created_by: Some(key.created_by),
            created_at: Instant(key.created_at),
            expires_at: key.expires_at.map(Instant),
            last_used_at: key.last_used_at.map(Instant),
            revoked_at: revoked.as_ref().map(|revoked| Instant(revoked.at)),
            revoked_by: revoked.as_ref().map(|revoked| revoked.by.clone()),
            revoke_reason: revoked.and_then(|revoked| revoked.reason),
        }
    }

    /// As its owner is told: which of the staff did something, and what they wrote about it, is for staff.
    pub(crate) fn for_owner(self) -> ApiKey {
        let own = self.owner.as_ref().map(|owner| Actor::User(owner.0.as_str().to_owned()).to_string());
        let if_own = |by: Option<String>| by.filter(|by| own.as_ref() == Some(by));
        ApiKey {
            created_by: if_own(self.created_by),
            revoked_by: if_own(self.revoked_by),
            revoke_reason: None,
            ..self
        }
    }
}
