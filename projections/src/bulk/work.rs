//! What the one duty writes that performs actions. Every statement shows the fencing number of its lease, so that a duty
//! that slept through the end of its lease changes nothing any more.
//!
//! A job is `begun` before the ledger is asked, and settled afterwards. Between the two a crash leaves it begun: whoever takes
//! over asks the ledger again, which refuses a second time by the run, and the log tells whether it was this action. Once a
//! person has stopped the action, only the log is asked, and what it does not know of waits again.

use super::action::{Action, Item, Outcome, Tally, action_columns, item_columns, read_action, read_item};
use super::read::items;
use crate::error::Error;
use crate::row;
use ledger::Position;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{Json, ToSql, Type};
use uuid::Uuid;

pub(super) const OPEN: &str = concat!(
    "select ",
    action_columns!(),
    " from bulk_actions where tally is null and (
        state <> 'paused' or exists (
            select from bulk_items where action = bulk_actions.id and outcome in ('begun', 'queued')
        )
    )
    order by state not in ('canary', 'running'), state = 'paused', created_at, id limit $1"
);

pub(super) const CLAIM: &str =
    "update bulk_actions set fencing = $2 where id = $1 and fencing <= $2 returning id";

/// Holds the row of the action, as whoever pauses or ends it does: after their answer nothing is begun.
pub(super) const BEGIN: &str = concat!(
    "with allowed as (
        select id from bulk_actions where id = $1 and fencing = $2 and state in ('canary', 'running') for update
    ), next as (
        select action, ordinal from bulk_items
        where action = (select id from allowed) and outcome = 'waiting' order by ordinal limit $3
    ), moved as (
        update bulk_items item set outcome = 'begun' from next
        where item.action = next.action and item.ordinal = next.ordinal returning item.*
    )
    select ",
    item_columns!(),
    " from moved order by ordinal"
);

pub(super) const SETTLE: &str = r"
update bulk_items item
set outcome = told.outcome, code = told.code, position = told.position, settled_at = statement_timestamp()
from unnest($3::int[], $4::text[], $5::text[], $6::bigint[]) as told (ordinal, outcome, code, position)
where item.action = $1 and item.ordinal = told.ordinal and item.outcome = 'begun'
    and exists (select from bulk_actions where id = $1 and fencing = $2)
returning item.ordinal";

pub(super) const PUT_BACK: &str = r"
update bulk_items set outcome = 'waiting'
where action = $1 and ordinal = any($3) and outcome = 'begun'
    and exists (select from bulk_actions where id = $1 and fencing = $2)
returning ordinal";

/// Looks at some jobs that were retried, in order, and notes which have ended. One that is two runs on has died in between.
pub(super) const FOLLOW: &str = r"
with looked as (
    select ordinal, account_id, job_id, run from bulk_items
    where action = $1 and outcome = 'queued' and ordinal > $3 order by ordinal limit $4
), ended as (
    select looked.ordinal, case
        when job.run > looked.run + 1 or job.status in ('dead', 'failed', 'discarded') then 'failed'
        else job.status
    end as outcome
    from looked join generations job on job.job_id = looked.job_id and job.account_id = looked.account_id
    where job.run > looked.run + 1 or (job.run = looked.run + 1 and job.status not in ('queued', 'running'))
), moved as (
    update bulk_items item set outcome = ended.outcome, settled_at = statement_timestamp() from ended
    where item.action = $1 and item.ordinal = ended.ordinal and item.outcome = 'queued'
        and exists (select from bulk_actions where id = $1 and fencing = $2)
    returning item.ordinal
)
select (select max(ordinal) from looked) as last, (select count(*) from looked) as looked,
    (select count(*) from moved) as moved";

pub(super) const PAUSE: &str = r"
update bulk_actions set state = 'paused', cause = $3
where id = $1 and fencing = $2 and state in ('canary', 'running') returning id";

pub(super) const PASS_CANARY: &str = r"
update bulk_actions set state = 'running', canary_over = true
where id = $1 and fencing = $2 and state in ('canary', 'running') returning id";

pub(super) const END: &str = r"
update bulk_actions set state = 'done', ended_at = statement_timestamp()
where id = $1 and fencing = $2 and state in ('canary', 'running')
    and not exists (select from bulk_items where action = $1 and outcome in ('waiting', 'begun'))
returning id";

pub(super) const CLOSE: &str = r"
update bulk_actions set tally = $3
where id = $1 and fencing = $2 and state in ('done', 'aborted') returning id";

/// What became of a job that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub ordinal: u32,
    /// What.
    pub outcome: Outcome,
    /// Why it was left alone or refused.
    pub code: Option<String>,
    /// The event that says so.
    pub position: Option<Position>,
}

/// The actions on which something is left to do or to be waited for: first those that go on, last those that are paused, oldest
/// first. A paused one of which nothing was begun that has not ended is left out: somebody may have forgotten it.
pub async fn open(client: &impl GenericClient, limit: i64) -> Result<Vec<Action>, Error> {
    client.query_typed(OPEN, &[(&limit, Type::INT8)]).await?.iter().map(read_action).collect()
}

/// Takes an action over from the duty that worked on it before. [`Error::Fenced`] if a later one has it.
pub async fn claim(client: &impl GenericClient, id: Uuid, fencing: i64) -> Result<(), Error> {
    let rows = client.query_typed(CLAIM, &[(&id, Type::UUID), (&fencing, Type::INT8)]).await?;
    if rows.is_empty() { Err(Error::Fenced) } else { Ok(()) }
}

/// The next jobs, at most `most`, which are begun from now on; none if the action may not go on.
pub async fn begin(
    client: &impl GenericClient,
    id: Uuid,
    fencing: i64,
    most: u32,
) -> Result<Vec<Item>, Error> {
    let most = i64::from(most);
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&id, Type::UUID), (&fencing, Type::INT8), (&most, Type::INT8)];
    client.query_typed(BEGIN, &parameters).await?.iter().map(read_item).collect()
}

/// The jobs that were begun and not settled.
pub async fn begun(client: &impl GenericClient, id: Uuid) -> Result<Vec<Item>, Error> {
    items(client, id, Some(Outcome::Begun), 0, i64::MAX).await
}

/// Notes what became of jobs that were begun. One that is settled already stays as it is.
pub async fn settle(
    client: &impl GenericClient,
    id: Uuid,
    fencing: i64,
    settled: &[Settled],
) -> Result<(), Error> {
    let ordinals: Vec<i32> = settled.iter().map(|one| row::column(one.ordinal)).collect();
    let outcomes: Vec<&str> = settled.iter().map(|one| one.outcome.as_str()).collect();
    let codes: Vec<Option<&str>> = settled.iter().map(|one| one.code.as_deref()).collect();
    let positions: Vec<Option<i64>> = settled.iter().map(|one| one.position.map(|at| at.0)).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&id, Type::UUID),
        (&fencing, Type::INT8),
        (&ordinals, Type::INT4_ARRAY),
        (&outcomes, Type::TEXT_ARRAY),
        (&codes, Type::TEXT_ARRAY),
        (&positions, Type::INT8_ARRAY),
    ];
    client.query_typed(SETTLE, &parameters).await?;
    Ok(())
}

/// Lets jobs wait again that were begun and of which nothing became.
pub async fn put_back(
    client: &impl GenericClient,
    id: Uuid,
    fencing: i64,
    ordinals: &[u32],
) -> Result<(), Error> {
    let ordinals: Vec<i32> = ordinals.iter().map(|ordinal| row::column(*ordinal)).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&id, Type::UUID), (&fencing, Type::INT8), (&ordinals, Type::INT4_ARRAY)];
    client.query_typed(PUT_BACK, &parameters).await?;
    Ok(())
}

/// Notes which of the next `limit` retried jobs after that ordinal have ended. Answers where to go on, 0 for the beginning, and
/// how many have.
pub async fn follow(
    client: &impl GenericClient,
    id: Uuid,
    fencing: i64,
    after: u32,
    limit: i64,
) -> Result<(u32, u64), Error> {
    let after = row::column(after);
    let parameters: [(&(dyn ToSql + Sync), Type); 4] =
        [(&id, Type::UUID), (&fencing, Type::INT8), (&after, Type::INT4), (&limit, Type::INT8)];
    let rows = client.query_typed(FOLLOW, &parameters).await?;
    let is_last = rows[0].try_get::<_, i64>("looked")? < limit;
    let last = if is_last { 0 } else { row::count(&rows[0], "last")? };
    Ok((last, row::large_count(&rows[0], "moved")?))
}

/// Pauses an action for a cause; `false` if it was not going on.
pub async fn pause(client: &impl GenericClient, id: Uuid, fencing: i64, cause: &str) -> Result<bool, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&id, Type::UUID), (&fencing, Type::INT8), (&cause, Type::TEXT)];
    Ok(!client.query_typed(PAUSE, &parameters).await?.is_empty())
}

/// Notes that the canary is over; `false` if the action was not going on.
pub async fn pass_canary(client: &impl GenericClient, id: Uuid, fencing: i64) -> Result<bool, Error> {
    Ok(!client.query_typed(PASS_CANARY, &[(&id, Type::UUID), (&fencing, Type::INT8)]).await?.is_empty())
}

/// Notes that every job was begun; `false` if the action was not going on.
pub async fn end(client: &impl GenericClient, id: Uuid, fencing: i64) -> Result<bool, Error> {
    Ok(!client.query_typed(END, &[(&id, Type::UUID), (&fencing, Type::INT8)]).await?.is_empty())
}

/// Keeps the counts of an action that is over, once no job of it has an end to come: from here on it is left alone.
pub async fn close(client: &impl GenericClient, id: Uuid, fencing: i64, tally: &Tally) -> Result<(), Error> {
    let tally = Json(tally);
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&id, Type::UUID), (&fencing, Type::INT8), (&tally, Type::JSONB)];
    client.query_typed(CLOSE, &parameters).await?;
    Ok(())
}
