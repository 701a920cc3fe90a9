//! Ordering an action: it, and the jobs that it is about, in one transaction. What dies later is no part of it.

use super::action::{Action, Deed, action_columns, read_action};
use crate::dead_letters::{Asked, Filter, besides, filtered, within};
use crate::error::Error;
use crate::row;
use deadpool_postgres::Transaction;
use ledger::{Idempotency, JobId};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Most jobs of one action.
pub const MOST_ITEMS: u32 = 100_000;

/// Adds the action, unless there is one of that person under that key.
pub(super) const ADD: &str = r"
insert into bulk_actions (id, actor, request_id, reason, idempotency_key, request_hash, kind, filter, rate, canary,
    pause_above_percent, key_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (actor, idempotency_key) where idempotency_key is not null do nothing returning id";

pub(super) const REPEATED: &str = concat!(
    "select request_hash, ",
    action_columns!(),
    " from bulk_actions where actor = $1 and idempotency_key = $2"
);

/// The conditions are the parameters 1 to 13.
pub(super) const FILL_MATCHING: &str = concat!(
    "with added as (
        insert into bulk_items (action, ordinal, account_id, job_id, run, charged)
        select $14::uuid, row_number() over (order by died_at, job_id), account_id, job_id, run, charged
        from (select died_at, job_id, account_id, run, charged",
    filtered!(),
    "order by died_at, job_id limit $15::bigint) as matching
        returning charged
    )
    select count(*) as jobs, coalesce(sum(charged), 0) as charged from added"
);

pub(super) const FILL_NAMED: &str = r"
with added as (
    insert into bulk_items (action, ordinal, account_id, job_id, run, charged)
    select $1::uuid, row_number() over (order by dead.died_at, dead.job_id), dead.account_id, dead.job_id, dead.run,
        dead.charged
    from unnest($2::uuid[], $3::int[]) as named (job_id, run)
    join dead_letters dead on dead.job_id = named.job_id and dead.run = coalesce(named.run, dead.run)
    returning charged
)
select count(*) as jobs, coalesce(sum(charged), 0) as charged from added";

pub(super) const FILLED: &str = concat!(
    "update bulk_actions set items = $2, charged = $3, left_out = $4 where id = $1 returning ",
    action_columns!()
);

/// An action as it is ordered.
#[derive(Debug, Clone)]
pub struct NewAction {
    /// Its name.
    pub id: Uuid,
    /// Who orders it, as the log writes it.
    pub actor: String,
    /// Through which request.
    pub request_id: String,
    /// By which API key, if it came by one.
    pub key: Option<Uuid>,
    /// Why.
    pub reason: String,
    /// Makes a repeat harmless.
    pub idempotency: Option<Idempotency>,
    /// What is done.
    pub deed: Deed,
    /// What was asked for, to be shown.
    pub filter: Value,
    /// Most jobs a second.
    pub rate: u32,
    /// So many are done first.
    pub canary: u32,
    /// When it pauses by itself.
    pub pause_above_percent: u32,
}

/// Which dead jobs an action is about.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one for each order of an admin")]
pub enum Choice {
    /// All that match.
    Matching(Filter),
    /// These, each once; with the run that was seen, where that was said.
    Named(Vec<(JobId, Option<u32>)>),
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Frozen {
    /// It is there.
    Made(Action),
    /// It was there before, under the same key.
    Repeated(Action),
    /// The key stands for another request.
    KeyReused,
    /// More than [`MOST_ITEMS`] match; the transaction must not be committed.
    TooMany,
}

/// Adds an action with its jobs. Nothing is there until `transaction` is committed, and a worker sees all or nothing.
pub async fn freeze(
    transaction: &Transaction<'_>,
    new: &NewAction,
    choice: &Choice,
) -> Result<Frozen, Error> {
    if !add(transaction, new).await? {
        return repeated(transaction, new).await;
    }
    let (jobs, charged) = match choice {
        Choice::Matching(filter) => fill_matching(transaction, new.id, filter).await?,
        Choice::Named(named) => fill_named(transaction, new.id, named).await?,
    };
    let Some(items) = u32::try_from(jobs).ok().filter(|jobs| *jobs <= MOST_ITEMS) else {
        return Ok(Frozen::TooMany);
    };
    let left_out = match choice {
        Choice::Matching(_) => 0,
        Choice::Named(named) => (named.len() as u64).saturating_sub(jobs),
    };
    let (items, left_out) = (row::column(items), i32::try_from(left_out).unwrap_or(i32::MAX));
    let parameters: [(&(dyn ToSql + Sync), Type); 4] =
        [(&new.id, Type::UUID), (&items, Type::INT4), (&charged, Type::NUMERIC), (&left_out, Type::INT4)];
    let rows = transaction.query_typed(FILLED, &parameters).await?;
    Ok(Frozen::Made(read_action(&rows[0])?))
}

/// Whether it was added.
async fn add(transaction: &Transaction<'_>, new: &NewAction) -> Result<bool, Error> {
    let key = new.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
    let hash = new.idempotency.as_ref().map(|idempotency| &idempotency.request_hash[..]);
    let [rate, canary, percent] = [new.rate, new.canary, new.pause_above_percent].map(row::column);
    let parameters: [(&(dyn ToSql + Sync), Type); 12] = [
        (&new.id, Type::UUID),
        (&new.actor, Type::TEXT),
        (&new.request_id, Type::TEXT),
        (&new.reason, Type::TEXT),
        (&key, Type::TEXT),
        (&hash, Type::BYTEA),
        (&new.deed.as_str(), Type::TEXT),
        (&new.filter, Type::JSONB),
        (&rate, Type::INT4),
        (&canary, Type::INT4),
        (&percent, Type::INT4),
        (&new.key, Type::UUID),
    ];
    Ok(!transaction.query_typed(ADD, &parameters).await?.is_empty())
}

async fn repeated(transaction: &Transaction<'_>, new: &NewAction) -> Result<Frozen, Error> {
    let Some(Idempotency { key, request_hash }) = &new.idempotency else { return Ok(Frozen::KeyReused) };
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&new.actor, Type::TEXT), (&key.as_str(), Type::TEXT)];
    let rows = transaction.query_typed(REPEATED, &parameters).await?;
    let Some(row) = rows.first() else { return Ok(Frozen::KeyReused) };
    let is_same = row.try_get::<_, &[u8]>("request_hash")? == request_hash;
    Ok(if is_same { Frozen::Repeated(read_action(row)?) } else { Frozen::KeyReused })
}

/// How many, and what was taken for them; one more than [`MOST_ITEMS`] if there are too many.
async fn fill_matching(
    transaction: &Transaction<'_>,
    action: Uuid,
    filter: &Filter,
) -> Result<(u64, Decimal), Error> {
    let (asked, most) = (Asked::new(filter), i64::from(MOST_ITEMS) + 1);
    let mut parameters = asked.parameters();
    parameters.extend::<[(&(dyn ToSql + Sync), Type); 2]>([(&action, Type::UUID), (&most, Type::INT8)]);
    let rows = transaction.query_typed(FILL_MATCHING, &parameters).await?;
    Ok((row::large_count(&rows[0], "jobs")?, rows[0].try_get("charged")?))
}

async fn fill_named(
    transaction: &Transaction<'_>,
    action: Uuid,
    named: &[(JobId, Option<u32>)],
) -> Result<(u64, Decimal), Error> {
    let jobs: Vec<Uuid> = named.iter().map(|(job, _)| job.0).collect();
    let runs: Vec<Option<i32>> = named.iter().map(|(_, run)| run.map(row::column)).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&action, Type::UUID), (&jobs, Type::UUID_ARRAY), (&runs, Type::INT4_ARRAY)];
    let rows = transaction.query_typed(FILL_NAMED, &parameters).await?;
    Ok((row::large_count(&rows[0], "jobs")?, rows[0].try_get("charged")?))
}
