//! `overview_totals`: counts and sums of the whole system, kept as they change so that asking counts nothing.

use crate::batch::{AccountChange, JobChange, View};
use crate::error::Error;
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::account::AccountEvent;
use ledger::job::Status;
use ledger::{Event, Position};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::BTreeMap;
use tokio_postgres::GenericClient;

/// The state of the whole system.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// Accounts with at least one event.
    pub accounts: u64,
    /// Credits that all accounts together can spend, now or later; held ones are not among them. They are what
    /// the sums below leave: granted + adjusted − debited − captured + refunded − held − expired − voided.
    pub credits_outstanding: Decimal,
    /// Credits ever given by grants.
    pub credits_granted: Decimal,
    /// Credits ever given by adjustments, less those that adjustments took.
    pub credits_adjusted: Decimal,
    /// Credits ever debited: prices that were known beforehand.
    pub credits_debited: Decimal,
    /// Credits ever captured of holds: prices that were known only afterwards.
    pub credits_captured: Decimal,
    /// Spent credits that were ever given back. What a hold gives back is not among them: it was never spent.
    pub credits_refunded: Decimal,
    /// Credits set aside by the holds that are open now.
    pub credits_held: Decimal,
    /// Credits that ever lapsed unspent.
    pub credits_expired: Decimal,
    /// Credits ever taken back by voiding their grants.
    pub credits_voided: Decimal,
    /// Jobs by status; a status that no job has is absent.
    pub jobs: BTreeMap<Status, u64>,
    /// When the job that waits longest for a worker became due.
    pub oldest_due_at: Option<DateTime<Utc>>,
    /// Streams that some read model stopped applying: each wants a look and a rebuild.
    pub parked_streams: u64,
    /// Up to where every read model has applied the log.
    pub applied: Position,
}

impl Overview {
    /// Credits spent and not given back.
    pub fn credits_spent(&self) -> Decimal {
        self.credits_debited + self.credits_captured - self.credits_refunded
    }
}

/// The sums are made before the insert, whose checks would refuse a change that is negative by itself. The
/// caller has locked the checkpoint, so nobody else adds meanwhile.
const WRITE: &str = r"
insert into overview_totals (measure, value)
select measure, coalesce(kept.value, 0) + change.value
from unnest($1::text[], $2::numeric[]) as change(measure, value)
left join overview_totals kept using (measure)
on conflict (measure) do update set value = excluded.value";

const TOTALS: &str = "select measure, value from overview_totals";

const SITUATION: &str = r"
select (select min(due_at) from pending_tasks where status = 'queued') as oldest_due_at,
    (select count(*) from (select distinct account_id, stream_id from parked_streams) as parked) as parked,
    (select coalesce(min(position), 0) from projection_checkpoints) as applied";

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] =
    &[("overview: write", WRITE), ("overview: totals", TOTALS), ("overview: situation", SITUATION)];

const STATUSES: [Status; 7] = [
    Status::Queued,
    Status::Running,
    Status::Succeeded,
    Status::Failed,
    Status::Dead,
    Status::Cancelled,
    Status::Discarded,
];

/// The state of the whole system now.
pub async fn get(client: &impl GenericClient) -> Result<Overview, Error> {
    let mut totals: BTreeMap<String, Decimal> = BTreeMap::new();
    for row in client.query_typed(TOTALS, &[]).await? {
        totals.insert(row.try_get("measure")?, row.try_get("value")?);
    }
    let mut sum = |measure: &str| totals.remove(measure).unwrap_or_default();
    let rows = client.query_typed(SITUATION, &[]).await?;
    let situation = &rows[0];
    Ok(Overview {
        accounts: whole(sum("accounts")),
        credits_outstanding: sum("credits_outstanding"),
        credits_granted: sum("credits_granted"),
        credits_adjusted: sum("credits_adjusted_up") - sum("credits_adjusted_down"),
        credits_debited: sum("credits_debited"),
        credits_captured: sum("credits_captured"),
        credits_refunded: sum("credits_refunded"),
        credits_held: sum("credits_held"),
        credits_expired: sum("credits_expired"),
        credits_voided: sum("credits_voided"),
        jobs: STATUSES
            .into_iter()
            .map(|status| (status, whole(sum(measure(status)))))
            .filter(|(_, jobs)| *jobs > 0)
            .collect(),
        oldest_due_at: situation.try_get("oldest_due_at")?,
        parked_streams: u64::try_from(situation.try_get::<_, i64>("parked")?).unwrap_or(0),
        applied: Position(situation.try_get("applied")?),
    })
}

pub(crate) async fn write(transaction: &Transaction<'_>, view: &View<'_>) -> Result<(), Error> {
    let mut changes: BTreeMap<&str, Decimal> = BTreeMap::new();
    view.accounts.iter().for_each(|account| count_account(account, &mut changes));
    view.jobs.iter().for_each(|job| count_job(job, &mut changes));
    if changes.is_empty() {
        return Ok(());
    }
    let measures: Vec<&str> = changes.keys().copied().collect();
    let values: Vec<Decimal> = changes.values().copied().collect();
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction.execute(&statement, &[&measures, &values]).await?;
    Ok(())
}

fn count_account(account: &AccountChange, changes: &mut BTreeMap<&str, Decimal>) {
    let mut add = |measure, change| *changes.entry(measure).or_default() += change;
    if account.first_version == 1 {
        add("accounts", Decimal::ONE);
    }
    for event in &account.events {
        let amount = event.amount.unwrap_or_default();
        add("credits_outstanding", amount);
        if let Event::Account(event) = &event.event {
            count_credits(event, &mut add);
        }
    }
}

/// What an event of an account adds, beside its change of the balance. No measure may become negative, so what
/// adjustments give and take is summed apart.
fn count_credits(event: &AccountEvent, mut add: impl FnMut(&'static str, Decimal)) {
    match event {
        AccountEvent::Granted { amount, .. } => add("credits_granted", amount.get()),
        AccountEvent::Adjusted { change, .. } if change.is_negative() => {
            add("credits_adjusted_down", change.magnitude().get());
        }
        AccountEvent::Adjusted { change, .. } => add("credits_adjusted_up", change.get()),
        AccountEvent::Debited { amount, .. } => add("credits_debited", amount.get()),
        AccountEvent::Refunded { amount, .. } => add("credits_refunded", amount.get()),
        AccountEvent::Held { amount, .. } => add("credits_held", amount.get()),
        AccountEvent::Captured { amount, released, .. } => {
            add("credits_captured", amount.get());
            add("credits_held", -(amount.get() + released.get()));
        }
        AccountEvent::Released { amount, .. } => add("credits_held", -amount.get()),
        AccountEvent::Expired { amount, .. } => add("credits_expired", amount.get()),
        AccountEvent::Voided { amount, .. } => add("credits_voided", amount.get()),
    }
}

/// Each step is counted, even one that the next undoes, so that a measure has a row whether or not its
/// events came in one batch.
fn count_job(job: &JobChange, changes: &mut BTreeMap<&str, Decimal>) {
    for step in &job.steps {
        if let Some(before) = step.status_before {
            *changes.entry(measure(before)).or_default() -= Decimal::ONE;
        }
        *changes.entry(measure(step.status_after)).or_default() += Decimal::ONE;
    }
}

fn measure(status: Status) -> &'static str {
    match status {
        Status::Queued => "jobs_queued",
        Status::Running => "jobs_running",
        Status::Succeeded => "jobs_succeeded",
        Status::Failed => "jobs_failed",
        Status::Dead => "jobs_dead",
        Status::Cancelled => "jobs_cancelled",
        Status::Discarded => "jobs_discarded",
    }
}

fn whole(value: Decimal) -> u64 {
    value.to_u64().unwrap_or(0)
}
