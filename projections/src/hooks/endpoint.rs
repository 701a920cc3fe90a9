//! Where a customer wants to be told what happens.

use super::delivery::Topic;
use crate::error::Error;
use crate::row;
use crate::word::word;
use chrono::{DateTime, Utc};
use ledger::{Position, UserId};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

word! {
    /// Why nothing is sent to an endpoint.
    Why {
        /// An admin disabled it.
        Asked = "asked",
        /// It answered 410.
        Gone = "gone",
        /// It took nothing for days.
        Failing = "failing",
    }
}

/// Since when nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub at: DateTime<Utc>,
    /// Why.
    pub why: Why,
    /// What the log says after this was not told, while it was so.
    pub position: Position,
}

/// A part of the log that is told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// What comes after this is still to be told.
    pub after: Position,
    /// Up to this.
    pub until: Position,
    /// Whether what was delivered is told once more.
    pub with_delivered: bool,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name.
    pub id: Uuid,
    /// Where messages go.
    pub url: String,
    /// What it wants to be told.
    pub topics: Vec<Topic>,
    /// The one user that it is told about; `None` for all.
    pub user: Option<UserId>,
    /// What somebody wrote beside it.
    pub description: Option<String>,
    /// It is told what the log says after this.
    pub after: Position,
    /// Who made it, as the log writes it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// The first attempt of those that failed since the last one that did not.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when it is left alone after a failure.
    pub retry_at: Option<DateTime<Utc>>,
    /// Since when nothing is sent, if nothing is.
    pub disabled: Option<Disabled>,
    /// What is told again at the moment.
    pub replay: Option<Replay>,
    /// Up to here deliveries were kept for long enough and deleted.
    pub swept: Position,
}

/// The columns of [`read_endpoint`].
macro_rules! endpoint_columns {
    () => {
        "id, url, events, user_id, description, after_position, created_by, created_at, failing_since, retry_at, \
         disabled_at, disabled_reason, disabled_position, replay_after, replay_until, replay_delivered, swept_position"
    };
}

pub(super) use endpoint_columns;

pub(super) fn read_endpoint(row: &Row) -> Result<Endpoint, Error> {
    let disabled_at: Option<DateTime<Utc>> = row.try_get("disabled_at")?;
    let disabled = disabled_at.map(|at| {
        Ok::<_, Error>(Disabled {
            at,
            why: row::named(row, "disabled_reason")?,
            position: Position(row.try_get("disabled_position")?),
        })
    });
    Ok(Endpoint {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        topics: Topic::read_all(&row.try_get::<_, Vec<&str>>("events")?),
        user: row::user(row, "user_id")?,
        description: row.try_get("description")?,
        after: Position(row.try_get("after_position")?),
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        failing_since: row.try_get("failing_since")?,
        retry_at: row.try_get("retry_at")?,
        disabled: disabled.transpose()?,
        replay: read_replay(row)?,
        swept: Position(row.try_get("swept_position")?),
    })
}

/// What is told again, of a row that has those columns.
pub(super) fn read_replay(row: &Row) -> Result<Option<Replay>, Error> {
    let after: Option<i64> = row.try_get("replay_after")?;
    let replay = after.map(|after| {
        Ok(Replay {
            after: Position(after),
            until: Position(row.try_get("replay_until")?),
            with_delivered: row.try_get("replay_delivered")?,
        })
    });
    replay.transpose()
}
