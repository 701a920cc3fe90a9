//! What an account did and spent on days of any calendar, by kind and model.
//!
//! `usage_daily` sums by the days of UTC, which are of no use for a person elsewhere: no sum of them is a day of theirs. So
//! this is summed when it is asked, from the rows that tell of each change of the balance. What is charged, refunded and
//! kept are sums of the account's own events, to the last decimal place.

use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::job::Kind;
use ledger::{AccountId, Position};
use rust_decimal::Decimal;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};

/// The days that are asked about, and where they are in the log.
#[derive(Debug, Clone)]
pub struct Days {
    /// The first moment of each day, in order; never empty.
    pub starts: Vec<DateTime<Utc>>,
    /// The first moment after the last day.
    pub end: DateTime<Utc>,
    /// Position of the account's last event before the first day; [`Position::START`] if there is none.
    pub after: Position,
    /// Position of the account's last event before the end; [`Position::START`] if there is none.
    pub until: Position,
}

/// What was done with one model on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// Which of the days, from 0.
    pub day: usize,
    /// Image or video.
    pub kind: Kind,
    /// The model.
    pub model: String,
    /// Jobs queued for the first time.
    pub generations: u64,
    /// Jobs that succeeded.
    pub succeeded: u64,
    /// Runs that failed for good and whose credits came back.
    pub failed: u64,
    /// Credits debited, and captured of holds. What is only held is not spent.
    pub charged: Decimal,
    /// Charged credits that were given back.
    pub refunded: Decimal,
}

/// What late cancels kept of one model on one day. It is a part of what was charged, on that day or before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which of the days, from 0.
    pub day: usize,
    /// Image or video.
    pub kind: Kind,
    /// The model.
    pub model: String,
    /// How many credits.
    pub kept: Decimal,
}

/// A job that ended or began in the days has changed since the first of them.
const SPENT: &str = r"
select day, kind, model, sum(generations)::bigint as generations, sum(succeeded)::bigint as succeeded,
    sum(failed)::bigint as failed, sum(charged) as charged, sum(refunded) as refunded
from (
    select width_bucket(moved.occurred_at, $2::timestamptz[]) as day, job.kind, job.model, 0 as generations, 0 as succeeded,
        (moved.type in ('credits.refunded', 'credits.released') and moved.reason = 'failed')::int as failed,
        case moved.type when 'credits.debited' then -moved.amount when 'credits.captured' then moved.captured else 0 end
            as charged,
        case moved.type when 'credits.refunded' then moved.amount else 0 end as refunded
    from credit_history moved
    join generations job on job.job_id = moved.job_id and job.account_id = moved.account_id
    where moved.account_id = $1 and moved.position > $4 and moved.position <= $5
    union all
    select width_bucket(created_at, $2), kind, model, 1, 0, 0, 0, 0
    from generations
    where account_id = $1 and created_at >= $6 and created_at < $3
    union all
    select width_bucket(finished_at, $2), kind, model, 0, 1, 0, 0, 0
    from generations
    where account_id = $1 and last_position > $4 and status = 'succeeded' and finished_at >= $6 and finished_at < $3
) happened
group by day, kind, model
having sum(generations) + sum(succeeded) + sum(failed) + sum(charged) + sum(refunded) > 0
order by day, kind, model";

/// Only a job that was cancelled, now or before it ran again, may have kept something.
const KEPT: &str = r"
select width_bucket(cancelled.occurred_at, $2::timestamptz[]) as day, job.kind, job.model,
    sum((cancelled.payload ->> 'kept')::numeric) as kept
from generations job
join events cancelled on cancelled.account_id = job.account_id and cancelled.stream_id = job.job_id
where job.account_id = $1 and job.last_position > $4 and (job.status = 'cancelled' or job.run > 1)
    and cancelled.type = 'job.cancelled' and cancelled.payload ->> 'kept' is not null
    and cancelled.occurred_at >= $5 and cancelled.occurred_at < $3
group by 1, 2, 3
order by 1, 2, 3";

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[("spending: spent", SPENT), ("spending: kept", KEPT)];

/// What an account did and spent, in order of days, kinds and models. It reads every change of the balance in these days.
pub async fn spent(
    client: &impl GenericClient,
    account: AccountId,
    days: &Days,
) -> Result<Vec<Spending>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&account.0, Type::UUID),
        (&days.starts, Type::TIMESTAMPTZ_ARRAY),
        (&days.end, Type::TIMESTAMPTZ),
        (&days.after.0, Type::INT8),
        (&days.until.0, Type::INT8),
        (&days.starts[0], Type::TIMESTAMPTZ),
    ];
    let rows = client.query_typed(SPENT, &parameters).await?;
    rows.iter().map(read).collect()
}

/// What late cancels of an account kept, in the same order. It reads what was cancelled or ran again since the first day.
pub async fn kept(client: &impl GenericClient, account: AccountId, days: &Days) -> Result<Vec<Kept>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&account.0, Type::UUID),
        (&days.starts, Type::TIMESTAMPTZ_ARRAY),
        (&days.end, Type::TIMESTAMPTZ),
        (&days.after.0, Type::INT8),
        (&days.starts[0], Type::TIMESTAMPTZ),
    ];
    let rows = client.query_typed(KEPT, &parameters).await?;
    rows.iter()
        .map(|row| {
            Ok(Kept {
                day: day(row)?,
                kind: row::named(row, "kind")?,
                model: row.try_get("model")?,
                kept: row.try_get("kept")?,
            })
        })
        .collect()
}

fn read(row: &Row) -> Result<Spending, Error> {
    Ok(Spending {
        day: day(row)?,
        kind: row::named(row, "kind")?,
        model: row.try_get("model")?,
        generations: row::large_count(row, "generations")?,
        succeeded: row::large_count(row, "succeeded")?,
        failed: row::large_count(row, "failed")?,
        charged: row.try_get("charged")?,
        refunded: row.try_get("refunded")?,
    })
}

/// Buckets are counted from 1.
fn day(row: &Row) -> Result<usize, Error> {
    let bucket = row::count(row, "day")?;
    Ok(usize::try_from(bucket.saturating_sub(1)).unwrap_or(usize::MAX))
}
