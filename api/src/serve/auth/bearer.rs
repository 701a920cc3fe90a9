//! Who a token or a key that is good now speaks for.

use super::claims::Role;
use chrono::{DateTime, Utc};
use ledger::UserId;
use uuid::Uuid;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub user: UserId,
    pub role: Role,
    pub validity: Validity,
}

/// For how long something is good: what lasts longer than a request must not outlive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    /// When it ends by itself, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// The API key, which somebody may revoke sooner; `None` of a token.
    pub key: Option<Uuid>,
}
