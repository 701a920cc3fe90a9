//! The names of things: who owns an account, which job, which event, where in the log.

use crate::legible::is_plain_name;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use uuid::Uuid;

/// Namespace of the UUIDv5 account ids. Changing it would orphan every account.
const ACCOUNT_NAMESPACE: Uuid = Uuid::from_u128(0x2c0d_5d3e_8d7b_5b0e_9a5f_63d0_7a11_ed9e);

/// Longest external user id, in bytes.
pub const MAX_USER_ID_BYTES: usize = 255;

/// An external user id: any text of 1 to 255 bytes without control characters (the `sub` of a token). Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(Arc<str>);

/// Why a text is not a user id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id is 1 to 255 bytes of text without control characters")]
pub struct InvalidUserId;

impl UserId {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can be told from other ids by looking at it. One that cannot opens no account; those that were opened
    /// under such an id before stay reachable.
    pub fn is_plain(&self) -> bool {
        is_plain_name(&self.0)
    }

    /// The account of this user.
    pub fn account(&self) -> AccountId {
        AccountId(Uuid::new_v5(&ACCOUNT_NAMESPACE, self.0.as_bytes()))
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidUserId;

    fn try_from(text: String) -> Result<UserId, InvalidUserId> {
        let fits = (1..=MAX_USER_ID_BYTES).contains(&text.len());
        if fits && !text.chars().any(char::is_control) { Ok(UserId(text.into())) } else { Err(InvalidUserId) }
    }
}

impl FromStr for UserId {
    type Err = InvalidUserId;

    fn from_str(text: &str) -> Result<UserId, InvalidUserId> {
        UserId::try_from(text.to_owned())
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<UserId> for String {
    fn from(user: UserId) -> String {
        user.0.as_ref().to_owned()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

uuid_id! {
    /// An account: UUIDv5 of the user id, so that no look-up stands in the hot path.
    AccountId
}
uuid_id! {
    /// A job: UUIDv7, made by the caller that queues it.
    JobId
}
uuid_id! {
    /// A stream of events: an account's own, or that of one of its jobs.
    StreamId
}
uuid_id! {
    /// One event: UUIDv7.
    EventId
}

impl JobId {
    /// A new job id, ordered by time.
    pub fn generate() -> JobId {
        JobId(Uuid::now_v7())
    }
}

impl EventId {
    /// A new event id, ordered by time.
    pub fn generate() -> EventId {
        EventId(Uuid::now_v7())
    }
}

impl From<AccountId> for StreamId {
    fn from(account: AccountId) -> StreamId {
        StreamId(account.0)
    }
}

impl From<JobId> for StreamId {
    fn from(job: JobId) -> StreamId {
        StreamId(job.0)
    }
}

/// A place in the log. Grows with every event, with gaps; opaque outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

impl Position {
    /// Before the first event.
    pub const START: Position = Position(0);

    /// The one after it.
    pub(crate) fn next(self) -> Position {
        Position(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
