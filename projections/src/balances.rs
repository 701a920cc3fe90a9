//! `account_balances`: what each account holds, for lists of accounts. One account's balance at this very
//! moment is read from the log itself (`ledger::read::account`).
//!
//! A lot or a hold whose time is over counts here until somebody writes that down: `lapsed` tells the sweeper
//! of which accounts.

use crate::batch::AccountChange;
use crate::error::Error;
use crate::row::{self, column_of};
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::{AccountId, Credits, UserId};
use rust_decimal::Decimal;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBalance {
    /// The account.
    pub account_id: AccountId,
    /// Its owner; `None` if no event has told.
    pub user: Option<UserId>,
    /// The sum of its lots: credits that can be spent, and those that can only be spent later.
    pub balance: Credits,
    /// Credits set aside by its open holds; not in the balance.
    pub held: Credits,
    /// When its next lot or hold lapses; in the past where that is not written down yet.
    pub next_lapse_at: Option<DateTime<Utc>>,
    /// Version of its stream that this shows.
    pub version: i64,
    /// When that event happened.
    pub updated_at: DateTime<Utc>,
}

/// An account, and the moment at which something of it lapses next.
pub type Lapse = (DateTime<Utc>, AccountId);

pub(crate) const HEADS: &str = r"
select asked.account_id, asked.stream_id, kept.version
from unnest($1::uuid[], $2::uuid[]) as asked(account_id, stream_id)
cross join lateral (select version from account_balances where account_id = asked.account_id limit 1) kept";

const WRITE: &str = r"
insert into account_balances as kept
    (account_id, user_id, balance, held, next_lapse_at, version, last_position, updated_at)
select * from unnest($1::uuid[], $2::text[], $3::numeric[], $4::numeric[], $5::timestamptz[], $6::bigint[],
    $7::bigint[], $8::timestamptz[])
on conflict (account_id) do update set
    user_id = coalesce(excluded.user_id, kept.user_id), balance = excluded.balance, held = excluded.held,
    next_lapse_at = excluded.next_lapse_at, version = excluded.version, last_position = excluded.last_position,
    updated_at = excluded.updated_at
where kept.version < excluded.version";

const LIST: &str = r"
select account_id, user_id, balance, held, next_lapse_at, version, updated_at
from account_balances
where user_id >= $1 and user_id <= $2 and user_id > $3
order by user_id limit $4";

const GET: &str = r"
select account_id, user_id, balance, held, next_lapse_at, version, updated_at
from account_balances where account_id = $1";

const LAPSED: &str = r"
select next_lapse_at, account_id from account_balances
where next_lapse_at <= $1 and (next_lapse_at, account_id) > ($2, $3)
order by next_lapse_at, account_id limit $4";

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("balances: heads", HEADS),
    ("balances: write", WRITE),
    ("balances: list", LIST),
    ("balances: get", GET),
    ("balances: lapsed", LAPSED),
];

/// Accounts in order of user id, after a user id, whose user id begins with `search`.
pub async fn list(
    client: &impl GenericClient,
    search: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<AccountBalance>, Error> {
    let from = search.unwrap_or_default();
    // No text that begins with `from` sorts after `from` and the last character there is.
    let to = format!("{from}{}", char::MAX);
    let after = after.unwrap_or_default();
    let text = Type::TEXT;
    let rows = client
        .query_typed(
            LIST,
            &[(&from, text.clone()), (&to, text.clone()), (&after, text), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// One account; `None` if nothing of it has been seen.
pub async fn get(client: &impl GenericClient, account: AccountId) -> Result<Option<AccountBalance>, Error> {
    let rows = client.query_typed(GET, &[(&account.0, Type::UUID)]).await?;
    rows.first().map(read).transpose()
}

/// Accounts of which something has lapsed at `now` and is not written down yet, as far as this read model has
/// come, with the moment of the first such lapse: longest ago first, after one that was seen already.
pub async fn lapsed(
    client: &impl GenericClient,
    now: DateTime<Utc>,
    after: Option<Lapse>,
    limit: i64,
) -> Result<Vec<Lapse>, Error> {
    let (moment, account) = after.unwrap_or((DateTime::UNIX_EPOCH, AccountId(Uuid::nil())));
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
        (&now, Type::TIMESTAMPTZ),
        (&moment, Type::TIMESTAMPTZ),
        (&account.0, Type::UUID),
        (&limit, Type::INT8),
    ];
    let rows = client.query_typed(LAPSED, &parameters).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, AccountId(row.try_get(1)?)))).collect()
}

pub(crate) async fn write(transaction: &Transaction<'_>, accounts: &[&AccountChange]) -> Result<(), Error> {
    if accounts.is_empty() {
        return Ok(());
    }
    let ids = column_of!(accounts: Uuid, account => account.account_id.0);
    let users = column_of!(accounts: Option<&str>, account => account.user.as_ref().map(UserId::as_str));
    let balances = column_of!(accounts: Decimal, account => account.state.balance.get());
    let held = column_of!(accounts: Decimal, account => account.state.held.get());
    let lapses = column_of!(accounts: Option<DateTime<Utc>>, account => account.state.next_lapse());
    let versions = column_of!(accounts: i64, account => account.last().version);
    let positions = column_of!(accounts: i64, account => account.last().position.0);
    let updated = column_of!(accounts: DateTime<Utc>, account => account.last().occurred_at);
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(&statement, &[&ids, &users, &balances, &held, &lapses, &versions, &positions, &updated])
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<AccountBalance, Error> {
    Ok(AccountBalance {
        account_id: AccountId(row.try_get("account_id")?),
        user: row::user(row, "user_id")?,
        balance: row::credits(row, "balance")?,
        held: row::credits(row, "held")?,
        next_lapse_at: row.try_get("next_lapse_at")?,
        version: row.try_get("version")?,
        updated_at: row.try_get("updated_at")?,
    })
}
