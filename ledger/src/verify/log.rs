//! Feeds the log to the audits, page by page in one snapshot.

use super::Breach;
use super::account::{AccountAudit, Stored};
use crate::database::snapshot;
use crate::error::{Error, chain};
use crate::ids::{AccountId, Position, StreamId};
use crate::store::mark::NEWEST;
use crate::store::row::{event_columns, recorded};
use serde::Serialize;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, GenericClient, Row};
use uuid::Uuid;

const PAGE_ROWS: i64 = 5_000;

/// Rows that are verified before others get their turn, where a server does this beside its requests.
const BREATH: usize = 200;

/// The columns of an event. Amounts that no ledger writes, and that a decimal of ours cannot hold, are read as
/// null, which is a breach like any other: one row must not hide what is wrong with the rest.
macro_rules! columns {
    () => {
        event_columns!(
            "case when abs(amount) < 1e16 and scale(amount) <= 12 then amount end",
            "case when abs(balance_after) < 1e16 and scale(balance_after) <= 12 then balance_after end"
        )
    };
}

/// Events in the order of the primary key, after one of them.
const IN_KEY_ORDER: &str = concat!(
    "select ",
    columns!(),
    ", request_hash from events where (account_id, stream_id, version) > ($1, $2, $3) \
     order by account_id, stream_id, version limit $4"
);

/// The same, of one account.
const OF_ACCOUNT: &str = concat!(
    "select ",
    columns!(),
    ", request_hash from events where account_id = $1 and (stream_id, version) > ($2, $3) \
     order by stream_id, version limit $4"
);

/// How many events there are, as far as the server's statistics know.
const ESTIMATE: &str = "select greatest(reltuples, 0)::bigint from pg_class where oid = 'events'::regclass";

/// What verifying one account found.
#[derive(Debug, Clone, Serialize)]
pub struct AccountProof {
    /// Events read.
    pub events: u64,
    /// Streams read: the account's own and one a job.
    pub streams: u64,
    /// Version of the account's last event.
    pub version: i64,
    /// Hash of the account's last event, in hexadecimal: a copy of it kept elsewhere pins everything before it.
    pub head_hash: String,
    /// What does not hold; empty when all is right.
    pub breaches: Vec<Breach>,
}

/// Verifies one account.
pub async fn account_breaches(
    client: &impl GenericClient,
    account: AccountId,
) -> Result<AccountProof, Error> {
    let mut audit = AccountAudit::new(account);
    let (mut stream, mut version) = (Uuid::nil(), 0_i64);
    loop {
        let rows = client
            .query_typed(
                OF_ACCOUNT,
                &[
                    (&account.0, Type::UUID),
                    (&stream, Type::UUID),
                    (&version, Type::INT8),
                    (&PAGE_ROWS, Type::INT8),
                ],
            )
            .await?;
        for row in &rows {
            feed(&mut audit, row)?;
            (stream, version) = (row.try_get(2)?, row.try_get(3)?);
        }
        if (rows.len() as i64) < PAGE_ROWS {
            break;
        }
    }
    // Drawn after the last of the rows.
    audit.finish(newest_drawn(client).await?);
    Ok(AccountProof {
        events: audit.events,
        streams: audit.streams,
        version: audit.account_version,
        head_hash: hex::encode(audit.head),
        breaches: audit.breaches,
    })
}

/// Verifies the whole log in one snapshot, or as far as there are more than `most` breaches. `progress` is told how many events are
/// done and about how many there are.
pub async fn log_breaches(
    client: &mut Client,
    most: usize,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Breach>, Error> {
    let snapshot = snapshot(client).await?;
    let estimate: i64 = snapshot.query_one(ESTIMATE, &[]).await?.try_get(0)?;
    // The sequence is of no snapshot: every event of this one has drawn its position by now.
    let drawn = newest_drawn(&snapshot).await?;
    let in_order = snapshot.prepare(IN_KEY_ORDER).await?;
    let (mut account, mut stream, mut version) = (Uuid::nil(), Uuid::nil(), 0_i64);
    let mut audit: Option<AccountAudit> = None;
    let mut breaches = Vec::new();
    let mut done = 0_u64;
    loop {
        let rows = snapshot.query(&in_order, &[&account, &stream, &version, &PAGE_ROWS]).await?;
        for some in rows.chunks(BREATH) {
            for row in some {
                (account, stream, version) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                if audit.as_ref().is_none_or(|audit| audit.account().0 != account) {
                    close(audit.replace(AccountAudit::new(AccountId(account))), drawn, &mut breaches);
                }
                if let Some(audit) = &mut audit {
                    feed(audit, row)?;
                }
            }
            tokio::task::yield_now().await;
        }
        done += rows.len() as u64;
        progress(done, done.max(u64::try_from(estimate).unwrap_or(0)));
        let found = breaches.len() + audit.as_ref().map_or(0, |audit| audit.breaches.len());
        if found > most {
            // An account of which a part was read cannot be held against its jobs.
            breaches.extend(audit.into_iter().flat_map(|audit| audit.breaches));
            return Ok(breaches);
        }
        if (rows.len() as i64) < PAGE_ROWS {
            break;
        }
    }
    close(audit, drawn, &mut breaches);
    Ok(breaches)
}

async fn newest_drawn(client: &impl GenericClient) -> Result<Position, Error> {
    Ok(Position(client.query_typed(NEWEST, &[]).await?[0].try_get(0)?))
}

fn close(audit: Option<AccountAudit>, drawn: Position, breaches: &mut Vec<Breach>) {
    if let Some(mut audit) = audit {
        audit.finish(drawn);
        breaches.append(&mut audit.breaches);
    }
}

fn feed(audit: &mut AccountAudit, row: &Row) -> Result<(), Error> {
    match recorded(row) {
        Ok(event) => {
            let stored = Stored { state: row.try_get(11)?, request_hash: row.try_get(20)? };
            audit.take(&event, &stored);
            Ok(())
        }
        Err(Error::Unreadable { problem, .. }) => {
            audit.unreadable(StreamId(row.try_get(2)?), row.try_get(3)?, problem);
            Ok(())
        }
        // The row is here; a column of it holds what its type of ours cannot, such as a time of infinity.
        Err(error) => {
            audit.unreadable(StreamId(row.try_get(2)?), row.try_get(3)?, chain(&error));
            Ok(())
        }
    }
}
