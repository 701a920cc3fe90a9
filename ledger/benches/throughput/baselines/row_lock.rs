//! Baseline (b): the row lock that most products are built on.
//!
//! Six round trips: `begin; select … for update; update balance; insert entry; insert job; commit`, prepared,
//! statement by statement. No idempotency, no history beyond the entry, no proof. Up to 64 callers have a
//! connection each, more share a pool of 64.

use super::{CONNECTIONS, connections};
use crate::case::ACCOUNTS;
use crate::commands::MODEL;
use crate::crowd::Caller;
use anyhow::{Result, ensure};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use ledger::Database;
use measure::orders::{COST, FUNDS, PROMPT};
use rust_decimal::Decimal;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

/// Its tables, with the accounts in them.
pub(crate) fn schema() -> String {
    format!(
        r"
create schema row_lock;
create table row_lock.accounts (id int primary key, balance numeric not null check (balance >= 0));
create table row_lock.entries (
    id bigint generated always as identity primary key,
    account_id int not null,
    amount numeric not null,
    balance_after numeric not null,
    job_id uuid not null,
    created_at timestamptz not null default now()
);
create index entries_by_account on row_lock.entries (account_id, id);
create table row_lock.jobs (
    id uuid primary key,
    account_id int not null,
    status text not null,
    model text not null,
    prompt text not null,
    cost numeric not null,
    created_at timestamptz not null default now()
);
create index jobs_by_account on row_lock.jobs (account_id, created_at);
insert into row_lock.accounts select n, {FUNDS} from generate_series(0, {ACCOUNTS} - 1) n"
    )
}

const LOCK: &str = "select balance from row_lock.accounts where id = $1 for update";
const DEBIT: &str = "update row_lock.accounts set balance = $2 where id = $1";
const ENTRY: &str = "insert into row_lock.entries (account_id, amount, balance_after, job_id) \
    values ($1, $2, $3, $4)";
const JOB: &str = "insert into row_lock.jobs (id, account_id, status, model, prompt, cost) \
    values ($1, $2, 'queued', $3, $4, $5)";

/// So many callers, each with a connection of its own.
pub(crate) async fn own_callers(database: &Database, callers: usize) -> Result<Vec<Own>> {
    let clients = connections(database, callers).await?;
    let ready = clients.into_iter().map(|client| async {
        let statements = Statements::prepare(&client).await?;
        Ok(Own { client, statements })
    });
    futures::future::try_join_all(ready).await
}

/// So many callers that share a pool, whose connections are all open and prepared.
pub(crate) async fn pooled_callers(url: &str, callers: usize) -> Result<Vec<Pooled>> {
    // Recycling without a question to the server: the verified kind would cost the baseline a round trip.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(url.parse()?, NoTls, recycling);
    let pool = Pool::builder(manager).max_size(CONNECTIONS).build()?;
    let all = futures::future::try_join_all((0..CONNECTIONS).map(|_| pool.get())).await?;
    futures::future::try_join_all(all.iter().map(|client| Statements::cached(client))).await?;
    drop(all);
    Ok(vec![Pooled { pool }; callers])
}

/// A caller with a connection.
pub(crate) struct Own {
    client: Client,
    statements: Statements,
}

impl Caller for Own {
    async fn call(&mut self, account: usize) -> Result<()> {
        purchase(&self.client, &self.statements, account).await
    }
}

/// A caller that waits for a connection.
#[derive(Clone)]
pub(crate) struct Pooled {
    pool: Pool,
}

impl Caller for Pooled {
    async fn call(&mut self, account: usize) -> Result<()> {
        let client = self.pool.get().await?;
        let statements = Statements::cached(&client).await?;
        purchase(&client, &statements, account).await
    }
}

struct Statements {
    lock: Statement,
    debit: Statement,
    entry: Statement,
    job: Statement,
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Statements> {
        Ok(Statements {
            lock: client.prepare(LOCK).await?,
            debit: client.prepare(DEBIT).await?,
            entry: client.prepare(ENTRY).await?,
            job: client.prepare(JOB).await?,
        })
    }

    /// From the second use of a connection on without a word to the server.
    async fn cached(client: &deadpool_postgres::ClientWrapper) -> Result<Statements> {
        Ok(Statements {
            lock: client.prepare_cached(LOCK).await?,
            debit: client.prepare_cached(DEBIT).await?,
            entry: client.prepare_cached(ENTRY).await?,
            job: client.prepare_cached(JOB).await?,
        })
    }
}

async fn purchase(client: &Client, statements: &Statements, account: usize) -> Result<()> {
    let account = i32::try_from(account)?;
    let cost = Decimal::from(COST);
    let job_id = Uuid::now_v7();
    client.batch_execute("begin").await?;
    let balance: Decimal = client.query_one(&statements.lock, &[&account]).await?.try_get(0)?;
    ensure!(balance >= cost, "the account ran dry");
    let left = balance - cost;
    client.execute(&statements.debit, &[&account, &left]).await?;
    client.execute(&statements.entry, &[&account, &-cost, &left, &job_id]).await?;
    client.execute(&statements.job, &[&job_id, &account, &MODEL, &PROMPT, &cost]).await?;
    client.batch_execute("commit").await?;
    Ok(())
}
