//! `credit_history`: every change of every balance, with the balance after it, for the user to read.

use crate::batch::AccountChange;
use crate::error::Error;
use crate::row::{self, column_of};
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::account::{AccountEvent, HoldId, RefundReason, ReleaseReason};
use ledger::{AccountId, Change, Credits, Event, JobId, Position, RecordedEvent};
use rust_decimal::Decimal;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// One change of a balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Where its event is in the log; also the cursor.
    pub position: Position,
    /// What happened, such as `credits.debited`.
    pub kind: String,
    /// By how much: of a capture, only what came back of its hold.
    pub amount: Change,
    /// What it spent for good: a debit's price, what a capture took of its hold; negative where a refund gave it
    /// back. `None` where nothing was spent. Their sum is what the account has paid.
    pub spent: Option<Change>,
    /// The balance after it.
    pub balance_after: Credits,
    /// The job that it is about, if any.
    pub job_id: Option<JobId>,
    /// The hold that began, was captured or was released, if any.
    pub hold: Option<HoldId>,
    /// Why: the text of a grant, an adjustment, a hold or a void; one word for a refund or a release.
    pub reason: Option<String>,
    /// Who acted.
    pub actor: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

/// The newest version seen of an account's stream.
pub(crate) const HEADS: &str = r"
select asked.account_id, asked.stream_id, newest.version
from unnest($1::uuid[], $2::uuid[]) as asked(account_id, stream_id)
cross join lateral (
    select version from credit_history where account_id = asked.account_id order by position desc limit 1
) newest";

/// Only what a capture spent has a column of its own: elsewhere it is the amount, or nothing.
///
/// A position names one event, so a row that is there already is the same row.
const WRITE: &str = r"
insert into credit_history
    (account_id, position, version, type, amount, captured, balance_after, job_id, hold, reason, actor,
    occurred_at)
select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::numeric[], $6::numeric[],
    $7::numeric[], $8::uuid[], $9::bigint[], $10::text[], $11::text[], $12::timestamptz[])
on conflict (account_id, position) do nothing";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select position, type, amount, balance_after, job_id, hold, reason, actor, occurred_at, \
             case when type in ('credits.debited', 'credits.refunded') then -amount else captured end as spent \
             from credit_history where account_id = $1 and position < $2 ",
            $rest
        )
    };
}

const LIST: &str = select!("order by position desc limit $3");

const LIST_BY_TYPE: &str = select!("and type = $4 order by position desc limit $3");

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("history: heads", HEADS),
    ("history: write", WRITE),
    ("history: list", LIST),
    ("history: list by type", LIST_BY_TYPE),
];

/// Changes of an account's balance before a position, newest first; of one kind, such as `credits.granted`,
/// if asked.
pub async fn list(
    client: &impl GenericClient,
    account: AccountId,
    kind: Option<&str>,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<HistoryEntry>, Error> {
    let before = before.unwrap_or(Position(i64::MAX));
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> =
        vec![(&account.0, Type::UUID), (&before.0, Type::INT8), (&limit, Type::INT8)];
    let rows = match &kind {
        Some(kind) => {
            parameters.push((kind, Type::TEXT));
            client.query_typed(LIST_BY_TYPE, &parameters).await?
        }
        None => client.query_typed(LIST, &parameters).await?,
    };
    rows.iter().map(read).collect()
}

pub(crate) async fn write(transaction: &Transaction<'_>, accounts: &[&AccountChange]) -> Result<(), Error> {
    let events: Vec<&RecordedEvent> = accounts.iter().flat_map(|account| &account.events).collect();
    if events.is_empty() {
        return Ok(());
    }
    let ids = column_of!(events: Uuid, event => event.account_id.0);
    let positions = column_of!(events: i64, event => event.position.0);
    let versions = column_of!(events: i64, event => event.version);
    let types = column_of!(events: &str, event => event.event.name());
    let amounts = column_of!(events: Option<Decimal>, event => event.amount);
    let (holds, captured): (Vec<Option<i64>>, Vec<Option<Decimal>>) =
        events.iter().map(|event| of_hold(&event.event)).unzip();
    let balances = column_of!(events: Option<Decimal>, event => event.balance_after);
    let jobs = column_of!(events: Option<Uuid>, event => event.job_id.map(|job| job.0));
    let reasons = column_of!(events: Option<&str>, event => reason(&event.event));
    let actors = column_of!(events: &str, event => event.actor.as_str());
    let times = column_of!(events: DateTime<Utc>, event => event.occurred_at);
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(
            &statement,
            &[
                &ids, &positions, &versions, &types, &amounts, &captured, &balances, &jobs, &holds, &reasons,
                &actors, &times,
            ],
        )
        .await?;
    Ok(())
}

/// The hold that an event is about, and what was captured of it.
fn of_hold(event: &Event) -> (Option<i64>, Option<Decimal>) {
    match event {
        Event::Account(AccountEvent::Captured { hold, amount, .. }) => (Some(hold.0), Some(amount.get())),
        Event::Account(AccountEvent::Held { hold, .. } | AccountEvent::Released { hold, .. }) => {
            (Some(hold.0), None)
        }
        Event::Account(
            AccountEvent::Granted { .. }
            | AccountEvent::Debited { .. }
            | AccountEvent::Refunded { .. }
            | AccountEvent::Adjusted { .. }
            | AccountEvent::Expired { .. }
            | AccountEvent::Voided { .. },
        )
        | Event::Job(_) => (None, None),
    }
}

fn reason(event: &Event) -> Option<&str> {
    match event {
        Event::Account(
            AccountEvent::Granted { reason, .. }
            | AccountEvent::Adjusted { reason, .. }
            | AccountEvent::Voided { reason, .. },
        ) => Some(reason),
        Event::Account(AccountEvent::Held { reason, .. }) => {
            Some(reason.as_str()).filter(|text| !text.is_empty())
        }
        Event::Account(AccountEvent::Released { reason, .. }) => Some(match reason {
            ReleaseReason::Requested => "requested",
            ReleaseReason::Expired => "expired",
            ReleaseReason::Failed => "failed",
            ReleaseReason::Cancelled => "cancelled",
            ReleaseReason::Discarded => "discarded",
        }),
        Event::Account(AccountEvent::Refunded { reason, .. }) => Some(match reason {
            RefundReason::Failed => "failed",
            RefundReason::Cancelled => "cancelled",
            RefundReason::Discarded => "discarded",
            RefundReason::Goodwill => "goodwill",
        }),
        Event::Account(
            AccountEvent::Debited { .. } | AccountEvent::Captured { .. } | AccountEvent::Expired { .. },
        )
        | Event::Job(_) => None,
    }
}

fn read(row: &Row) -> Result<HistoryEntry, Error> {
    Ok(HistoryEntry {
        position: Position(row.try_get("position")?),
        kind: row.try_get("type")?,
        amount: row::change(row, "amount")?,
        spent: row::optional_change(row, "spent")?,
        balance_after: row::credits(row, "balance_after")?,
        job_id: row.try_get::<_, Option<Uuid>>("job_id")?.map(JobId),
        hold: row.try_get::<_, Option<i64>>("hold")?.map(HoldId),
        reason: row.try_get("reason")?,
        actor: row.try_get("actor")?,
        occurred_at: row.try_get("occurred_at")?,
    })
}
