//! A key as it stands: whom it acts for, until when, and what became of it.

use chrono::{DateTime, Utc};
use ledger::{Error, UserId};
use std::fmt;
use std::str::FromStr;
use tokio_postgres::Row;
use uuid::Uuid;

macro_rules! told_columns {
    () => {
        "id, hint, name, environment, scope, owner, created_by, created_at, expires_at, revoked_at, revoked_by, last_used_at"
    };
}

/// With why a key was revoked, which readers may not see.
macro_rules! key_columns {
    () => {
        concat!($crate::key::told_columns!(), ", revoke_reason")
    };
}

/// What readers see instead.
macro_rules! reader_columns {
    () => {
        concat!($crate::key::told_columns!(), ", null::text as revoke_reason")
    };
}

pub(crate) use {key_columns, reader_columns, told_columns};

/// A text that names none of the known values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct Unknown(&'static str);

macro_rules! named {
    ($name:ident: $names:literal, $($variant:ident = $text:literal),+) => {
        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// As it is written in the table, in JSON and at the terminal.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Unknown;

            fn from_str(text: &str) -> Result<$name, Unknown> {
                $name::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(Unknown($names))
            }
        }
    };
}

/// Where a key is of use, so that what was made for trying out opens nothing that is in earnest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// In earnest.
    Live,
    /// For trying out.
    Test,
}

named!(Environment: "live, test", Live = "live", Test = "test");

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// What its owner may do as a user.
    User,
    /// What its owner may do as an admin.
    Admin,
    /// What its owner may do as an auditor.
    Auditor,
    /// What any user may do, whom each request names.
    Backend,
}

named!(Scope: "user, admin, auditor, backend", User = "user", Admin = "admin", Auditor = "auditor", Backend = "backend");

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is taken.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

named!(State: "active, expired, revoked", Active = "active", Expired = "expired", Revoked = "revoked");

/// That a key was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom, as the log writes it.
    pub by: String,
    /// Why, if somebody said and the key was not read as a reader.
    pub reason: Option<String>,
}

/// A key, without the secret itself, which nobody keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id, which every event that it led to names.
    pub id: Uuid,
    /// By what people tell it from others.
    pub hint: String,
    /// What somebody called it.
    pub name: String,
    /// Where it is of use.
    pub environment: Environment,
    /// What it may do.
    pub scope: Scope,
    /// As whom; `None` if and only if it acts for any user.
    pub owner: Option<UserId>,
    /// Who made it, as the log writes it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it was revoked.
    pub revoked: Option<Revoked>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Key {
    /// How it stands at this moment. Of one that was revoked and is past its time, the former is told.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        if self.revoked.is_some() {
            State::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            State::Expired
        } else {
            State::Active
        }
    }

    pub(crate) fn of(row: &Row) -> Result<Key, Error> {
        let revoked_at: Option<DateTime<Utc>> = row.try_get("revoked_at")?;
        let revoked = |at| {
            Ok::<_, Error>(Revoked {
                at,
                by: row.try_get("revoked_by")?,
                reason: row.try_get("revoke_reason")?,
            })
        };
        let owner: Option<&str> = row.try_get("owner")?;
        Ok(Key {
            id: row.try_get("id")?,
            hint: row.try_get("hint")?,
            name: row.try_get("name")?,
            environment: read(row.try_get("environment")?)?,
            scope: read(row.try_get("scope")?)?,
            owner: owner.map(read).transpose()?,
            created_by: row.try_get("created_by")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
            revoked: revoked_at.map(revoked).transpose()?,
            last_used_at: row.try_get("last_used_at")?,
        })
    }
}

fn read<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, Error> {
    let unreadable =
        |problem: T::Err| Error::Unreadable { event: "an API key".into(), problem: problem.to_string() };
    text.parse().map_err(unreadable)
}
