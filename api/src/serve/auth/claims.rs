//! What a token says.

use apikeys::Scope;
use ledger::UserId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What its bearer may do. Each operation demands exactly one role; none includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Generates and pays: `/v1`.
    User,
    /// Grants credits and mends what failed: `/admin`.
    Admin,
    /// Reads the log and proves it: `/audit`.
    Auditor,
}

/// A text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is user, admin or auditor")]
pub struct UnknownRole;

impl Role {
    /// Every role.
    pub const ALL: [Role; 3] = [Role::User, Role::Admin, Role::Auditor];

    /// As whom a key of this scope acts.
    pub(super) fn of(scope: Scope) -> Role {
        match scope {
            Scope::User | Scope::Backend => Role::User,
            Scope::Admin => Role::Admin,
            Scope::Auditor => Role::Auditor,
        }
    }

    /// The name used in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Admin => "admin",
            Role::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Role, UnknownRole> {
        match text {
            "user" => Ok(Role::User),
            "admin" => Ok(Role::Admin),
            "auditor" => Ok(Role::Auditor),
            _ => Err(UnknownRole),
        }
    }
}

/// The claims that a token must carry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub sub: UserId,
    pub role: Role,
    pub iss: String,
    pub aud: Audience,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
}

/// One audience or several, as the standard allows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}
