//! `usage_daily`: what each account did and spent on each UTC day, by kind and model.
//!
//! Each event counts on the day on which it happened: a job queued before midnight and finished after it
//! counts as begun on one day and as succeeded on the next, and a day that has passed never changes.

use crate::batch::{JobChange, JobStep};
use crate::error::Error;
use crate::row;
use chrono::NaiveDate;
use deadpool_postgres::Transaction;
use ledger::AccountId;
use ledger::job::{JobEvent, Kind};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// What an account did on one day with one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageDay {
    /// The day, UTC.
    pub day: NaiveDate,
    /// Image or video.
    pub kind: Kind,
    /// The model.
    pub model: String,
    /// What happened.
    pub usage: Usage,
}

/// Counts of what happened to jobs, and the credits that moved for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Jobs queued for the first time.
    pub generations: u64,
    /// Runs that succeeded.
    pub succeeded: u64,
    /// Runs that failed for good.
    pub failed: u64,
    /// Runs that used up their attempts.
    pub dead_lettered: u64,
    /// Jobs stopped by their user.
    pub cancelled: u64,
    /// Dead jobs given up by an admin.
    pub discarded: u64,
    /// Credits debited, and captured of holds. What is only held is not spent.
    pub credits_spent: Decimal,
    /// Spent credits that were given back, whatever became of the job.
    pub credits_refunded: Decimal,
}

const WRITE: &str = r"
insert into usage_daily as kept
    (account_id, day, kind, model, generations, succeeded, failed, dead_lettered, cancelled, discarded,
    credits_spent, credits_refunded, last_position)
select * from unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
    $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::numeric[], $12::numeric[], $13::bigint[])
on conflict (account_id, day, kind, model) do update set
    generations = kept.generations + excluded.generations, succeeded = kept.succeeded + excluded.succeeded,
    failed = kept.failed + excluded.failed, dead_lettered = kept.dead_lettered + excluded.dead_lettered,
    cancelled = kept.cancelled + excluded.cancelled, discarded = kept.discarded + excluded.discarded,
    credits_spent = kept.credits_spent + excluded.credits_spent,
    credits_refunded = kept.credits_refunded + excluded.credits_refunded,
    last_position = excluded.last_position";

const DAILY: &str = r"
select day, kind, model, generations, succeeded, failed, dead_lettered, cancelled, discarded, credits_spent,
    credits_refunded
from usage_daily
where account_id = $1 and day >= $2 and day <= $3
order by day, kind, model";

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[("usage: write", WRITE), ("usage: daily", DAILY)];

/// What an account did from one day to another, both included.
pub async fn daily(
    client: &impl GenericClient,
    account: AccountId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<UsageDay>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&account.0, Type::UUID), (&from, Type::DATE), (&to, Type::DATE)];
    let rows = client.query_typed(DAILY, &parameters).await?;
    rows.iter().map(read).collect()
}

/// The row that an event counts in.
type Key<'a> = (AccountId, NaiveDate, Kind, &'a str);

pub(crate) async fn write(transaction: &Transaction<'_>, jobs: &[&JobChange]) -> Result<(), Error> {
    let mut days: BTreeMap<Key<'_>, (Usage, i64)> = BTreeMap::new();
    for job in jobs {
        let request = &job.after.request;
        for step in &job.steps {
            let key = (job.account_id, step.at.date_naive(), request.kind, request.model.as_str());
            if let Some(happened) = counted(step) {
                let (usage, last_position) = days.entry(key).or_default();
                usage.add(&happened);
                *last_position = step.position.0.max(*last_position);
            }
        }
    }
    insert(transaction, &days).await
}

/// What one event adds; `None` if it is not counted.
///
/// A price that depends on the output is only held until the job ends: then what is captured counts as spent,
/// and what is released never was.
fn counted(step: &JobStep) -> Option<Usage> {
    let credits_spent = step.spent_after.get().saturating_sub(step.spent_before.get()).max(Decimal::ZERO);
    let credits_refunded = step.spent_before.get().saturating_sub(step.spent_after.get()).max(Decimal::ZERO);
    let moved = Usage { credits_spent, credits_refunded, ..Usage::default() };
    match &step.event {
        JobEvent::Queued { .. } => Some(Usage { generations: 1, ..moved }),
        JobEvent::Succeeded { .. } => Some(Usage { succeeded: 1, ..moved }),
        JobEvent::Failed { .. } => Some(Usage { failed: 1, ..moved }),
        JobEvent::DeadLettered { .. } => Some(Usage { dead_lettered: 1, ..moved }),
        JobEvent::Cancelled { .. } => Some(Usage { cancelled: 1, ..moved }),
        JobEvent::Discarded { .. } => Some(Usage { discarded: 1, ..moved }),
        JobEvent::Refunded { .. } => Some(moved),
        // A retry from the dead letters costs nothing and is no news for the day.
        JobEvent::Retried { charged, .. } => charged.map(|_| moved),
        JobEvent::Started { .. } | JobEvent::Submitted { .. } | JobEvent::AttemptFailed { .. } => None,
    }
}

impl Usage {
    /// Adds the counts and sums of another.
    pub fn add(&mut self, other: &Usage) {
        self.generations += other.generations;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.dead_lettered += other.dead_lettered;
        self.cancelled += other.cancelled;
        self.discarded += other.discarded;
        self.credits_spent += other.credits_spent;
        self.credits_refunded += other.credits_refunded;
    }
}

async fn insert(transaction: &Transaction<'_>, days: &BTreeMap<Key<'_>, (Usage, i64)>) -> Result<(), Error> {
    if days.is_empty() {
        return Ok(());
    }
    let accounts: Vec<Uuid> = days.keys().map(|(account, ..)| account.0).collect();
    let dates: Vec<NaiveDate> = days.keys().map(|(_, day, ..)| *day).collect();
    let kinds: Vec<&str> = days.keys().map(|(_, _, kind, _)| kind.as_str()).collect();
    let models: Vec<&str> = days.keys().map(|(.., model)| *model).collect();
    let count = |of: fn(&Usage) -> u64| -> Vec<i64> {
        days.values().map(|(usage, _)| i64::try_from(of(usage)).unwrap_or(i64::MAX)).collect()
    };
    let spent: Vec<Decimal> = days.values().map(|(usage, _)| usage.credits_spent).collect();
    let refunded: Vec<Decimal> = days.values().map(|(usage, _)| usage.credits_refunded).collect();
    let positions: Vec<i64> = days.values().map(|(_, position)| *position).collect();
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(
            &statement,
            &[
                &accounts,
                &dates,
                &kinds,
                &models,
                &count(|usage| usage.generations),
                &count(|usage| usage.succeeded),
                &count(|usage| usage.failed),
                &count(|usage| usage.dead_lettered),
                &count(|usage| usage.cancelled),
                &count(|usage| usage.discarded),
                &spent,
                &refunded,
                &positions,
            ],
        )
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<UsageDay, Error> {
    Ok(UsageDay {
        day: row.try_get("day")?,
        kind: row::named(row, "kind")?,
        model: row.try_get("model")?,
        usage: Usage {
            generations: row::large_count(row, "generations")?,
            succeeded: row::large_count(row, "succeeded")?,
            failed: row::large_count(row, "failed")?,
            dead_lettered: row::large_count(row, "dead_lettered")?,
            cancelled: row::large_count(row, "cancelled")?,
            discarded: row::large_count(row, "discarded")?,
            credits_spent: row.try_get("credits_spent")?,
            credits_refunded: row.try_get("credits_refunded")?,
        },
    })
}
