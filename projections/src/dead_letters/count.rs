//! All dead jobs that match, added up: what an action on them would be about.

use super::filter::{Asked, Filter, besides, filtered, within};
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tokio_postgres::GenericClient;

pub(super) const COUNT: &str = concat!(
    "select count(*) as jobs, count(distinct account_id) as people, coalesce(sum(charged), 0) as charged",
    filtered!()
);

pub(super) const GROUPS: &str = concat!(
    "select code, model, count(*) as jobs, sum(charged) as charged, max(died_at) as latest",
    filtered!(),
    "group by code, model order by jobs desc, code, model limit 100"
);

/// How many dead jobs there are and what they keep from their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub jobs: u64,
    /// How many accounts they belong to.
    pub people: u64,
    /// Credits debited or held for them and not given back.
    pub charged: Decimal,
}

/// Dead jobs that share a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The failure code.
    pub code: String,
    /// The model.
    pub model: String,
    /// How many.
    pub jobs: u64,
    /// Credits debited or held for them and not given back.
    pub charged: Decimal,
    /// When the latest died.
    pub latest: DateTime<Utc>,
}

/// How many dead jobs match and what they keep from their users.
pub async fn count(client: &impl GenericClient, filter: &Filter) -> Result<Tally, Error> {
    let rows = client.query_typed(COUNT, &Asked::new(filter).parameters()).await?;
    Ok(Tally {
        jobs: row::large_count(&rows[0], "jobs")?,
        people: row::large_count(&rows[0], "people")?,
        charged: rows[0].try_get("charged")?,
    })
}

/// The dead jobs that match, by failure code and model, most first; at most a hundred groups.
pub async fn groups(client: &impl GenericClient, filter: &Filter) -> Result<Vec<Group>, Error> {
    let rows = client.query_typed(GROUPS, &Asked::new(filter).parameters()).await?;
    rows.iter()
        .map(|row| {
            Ok(Group {
                code: row.try_get("code")?,
                model: row.try_get("model")?,
                jobs: row::large_count(row, "jobs")?,
                charged: row.try_get("charged")?,
                latest: row.try_get("latest")?,
            })
        })
        .collect()
}
