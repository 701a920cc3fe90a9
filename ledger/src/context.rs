//! Who asks, through what, and under which idempotency key: the part of a command that decides nothing but
//! is written beside every event.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Longest idempotency key that a client may send, in bytes.
pub const MAX_KEY_BYTES: usize = 255;

/// Longest request id, in bytes.
pub const MAX_REQUEST_ID_BYTES: usize = 128;

/// Who acts. Written as `user:alice`, `admin:ops`, `worker:name` or `system:duty`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// An end user, by user id.
    User(String),
    /// An admin, by user id.
    Admin(String),
    /// A worker process, by name.
    Worker(String),
    /// One of Cooly's own duties, by name.
    System(&'static str),
}

impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::User(name) => write!(out, "user:{name}"),
            Actor::Admin(name) => write!(out, "admin:{name}"),
            Actor::Worker(name) => write!(out, "worker:{name}"),
            Actor::System(duty) => write!(out, "system:{duty}"),
        }
    }
}

/// Who acts, through which request, caused by what.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who acts.
    pub actor: Actor,
    /// The request's id; a worker's is the id of its attempt or duty. At most [`MAX_REQUEST_ID_BYTES`].
    pub request_id: String,
    /// What led to this command, if anything but a person with a token: the API key that bore the request, the action on many jobs, the
    /// event or the message.
    pub causation_id: Option<Uuid>,
}

/// An idempotency key together with the hash of the request that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, as the client sent it.
    pub key: IdempotencyKey,
    /// SHA-256 of everything that makes the request what it is (method, path, body).
    pub request_hash: [u8; 32],
}

/// A key that a client chose: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

/// Why a text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct InvalidKey;

impl IdempotencyKey {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<IdempotencyKey, InvalidKey> {
        let fits = (1..=MAX_KEY_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(IdempotencyKey(text))
        } else {
            Err(InvalidKey)
        }
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> String {
        key.0
    }
}
