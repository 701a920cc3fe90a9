//! Baseline (c): the conventional application, as an ORM writes it: 18 statements for a purchase.
//!
//! Every statement is parsed anew, as drivers do that know of no prepared statements (behind a transaction
//! pooler none are possible), but costs one round trip only. Tables have the keys and indexes that such an
//! application has. In order:
//!
//!  1. `begin`
//!  2. the user by the id in the token
//!  3. the user's account
//!  4. the subscription with its plan: may this plan use the model?
//!  5. the model with its price
//!  6. the idempotency key: was this request answered before?
//!  7. a record of the idempotency key
//!  8. the account's lots that still hold credits, locked, in burn order
//!  9. each lot that is burnt from (one here, because every lot holds enough)
//! 10. the ledger entry
//! 11. the account's balance
//! 12. the job
//! 13. the job's first event
//! 14. the message in the outbox
//! 15. the job, read back for the answer
//! 16. the balance, read back for the answer
//! 17. the answer, kept with the idempotency key
//! 18. `commit`

use super::connections;
use crate::case::ACCOUNTS;
use crate::commands::MODEL;
use crate::crowd::Caller;
use anyhow::{Result, ensure};
use ledger::Database;
use measure::orders::{COST, FUNDS, PROMPT};
use rust_decimal::Decimal;
use serde_json::json;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

const TABLES: &str = include_str!("conventional.sql");

/// Its tables, with users, accounts, plans and lots in them.
pub(crate) fn schema() -> String {
    let last = ACCOUNTS - 1;
    format!(
        r"{TABLES}
insert into conventional.plans values ('pro', array['{MODEL}']);
insert into conventional.models values ('{MODEL}', {COST}, true);
insert into conventional.users select n, 'user-' || n from generate_series(0, {last}) n;
insert into conventional.subscriptions (user_id, plan, status)
    select n, 'pro', 'active' from generate_series(0, {last}) n;
insert into conventional.accounts select n, n, {FUNDS} from generate_series(0, {last}) n;
insert into conventional.lots (account_id, amount, remaining, priority)
    select n, {FUNDS} / 2, {FUNDS} / 2, lot from generate_series(0, {last}) n, generate_series(1, 2) lot"
    )
}

/// So many callers, each with a connection of its own.
pub(crate) async fn callers(database: &Database, callers: usize) -> Result<Vec<Application>> {
    let clients = connections(database, callers).await?;
    Ok(clients.into_iter().map(|client| Application { client }).collect())
}

/// A caller: one request of the application after the other.
pub(crate) struct Application {
    client: Client,
}

/// What the first reads of a request found.
struct Buyer {
    user: i32,
    account: i32,
    price: Decimal,
}

impl Caller for Application {
    async fn call(&mut self, account: usize) -> Result<()> {
        let (key, job) = (Uuid::now_v7().to_string(), Uuid::now_v7());
        self.client.batch_execute("begin").await?;
        let buyer = self.buyer(&format!("user-{account}")).await?;
        self.claim_key(&buyer, &key).await?;
        self.burn(&buyer).await?;
        self.book(&buyer, job).await?;
        self.queue(&buyer, job).await?;
        self.answer(&buyer, job, &key).await?;
        self.client.batch_execute("commit").await?;
        Ok(())
    }
}

impl Application {
    /// Statements 2 to 5.
    async fn buyer(&self, external_id: &str) -> Result<Buyer> {
        let sql = "select id, external_id, created_at from conventional.users where external_id = $1";
        let user: i32 = self.one(sql, &[(&external_id, Type::TEXT)]).await?.try_get(0)?;
        let sql = "select id, balance, updated_at from conventional.accounts where user_id = $1";
        let row = self.one(sql, &[(&user, Type::INT4)]).await?;
        let (account, balance): (i32, Decimal) = (row.try_get(0)?, row.try_get(1)?);
        let sql = "select p.name, p.models from conventional.subscriptions s \
            join conventional.plans p on p.name = s.plan where s.user_id = $1 and s.status = 'active'";
        let models: Vec<String> = self.one(sql, &[(&user, Type::INT4)]).await?.try_get(1)?;
        let sql = "select name, price, enabled from conventional.models where name = $1";
        let price: Decimal = self.one(sql, &[(&MODEL, Type::TEXT)]).await?.try_get(1)?;
        ensure!(models.iter().any(|model| model == MODEL), "the plan does not include the model");
        ensure!(balance >= price, "the account ran dry");
        Ok(Buyer { user, account, price })
    }

    /// Statements 6 and 7.
    async fn claim_key(&self, buyer: &Buyer, key: &str) -> Result<()> {
        let sql = "select response from conventional.idempotency_keys where user_id = $1 and key = $2";
        let earlier = self.all(sql, &[(&buyer.user, Type::INT4), (&key, Type::TEXT)]).await?;
        ensure!(earlier.is_empty(), "the key was used before");
        let sql =
            "insert into conventional.idempotency_keys (user_id, key, request_hash) values ($1, $2, $3)";
        let hash = [7_u8; 32].as_slice();
        self.all(sql, &[(&buyer.user, Type::INT4), (&key, Type::TEXT), (&hash, Type::BYTEA)]).await?;
        Ok(())
    }

    /// Statements 8 and 9.
    async fn burn(&self, buyer: &Buyer) -> Result<()> {
        let sql = "select id, remaining from conventional.lots where account_id = $1 and remaining > 0 \
            and (expires_at is null or expires_at > now()) \
            order by priority, expires_at nulls last, id for update";
        let mut owed = buyer.price;
        for lot in self.all(sql, &[(&buyer.account, Type::INT4)]).await? {
            let (id, remaining): (i64, Decimal) = (lot.try_get(0)?, lot.try_get(1)?);
            let taken = owed.min(remaining);
            if taken.is_zero() {
                break;
            }
            let sql = "update conventional.lots set remaining = $2, updated_at = now() where id = $1";
            self.all(sql, &[(&id, Type::INT8), (&(remaining - taken), Type::NUMERIC)]).await?;
            owed -= taken;
        }
        ensure!(owed.is_zero(), "the lots ran dry");
        Ok(())
    }

    /// Statements 10 and 11.
    async fn book(&self, buyer: &Buyer, job: Uuid) -> Result<()> {
        let sql = "insert into conventional.ledger_entries (account_id, type, amount, job_id) \
            values ($1, 'debit', $2, $3) returning id";
        let amount = -buyer.price;
        self.one(sql, &[(&buyer.account, Type::INT4), (&amount, Type::NUMERIC), (&job, Type::UUID)]).await?;
        let sql = "update conventional.accounts set balance = balance - $2, updated_at = now() where id = $1";
        self.all(sql, &[(&buyer.account, Type::INT4), (&buyer.price, Type::NUMERIC)]).await?;
        Ok(())
    }

    /// Statements 12 to 14.
    async fn queue(&self, buyer: &Buyer, job: Uuid) -> Result<()> {
        let sql = "insert into conventional.jobs (id, user_id, account_id, status, model, prompt, params, cost) \
            values ($1, $2, $3, 'queued', $4, $5, $6, $7)";
        let params = json!({});
        let values: [(&(dyn ToSql + Sync), Type); 7] = [
            (&job, Type::UUID),
            (&buyer.user, Type::INT4),
            (&buyer.account, Type::INT4),
            (&MODEL, Type::TEXT),
            (&PROMPT, Type::TEXT),
            (&params, Type::JSONB),
            (&buyer.price, Type::NUMERIC),
        ];
        self.all(sql, &values).await?;
        let detail = json!({ "model": MODEL, "by": "user" });
        let sql = "insert into conventional.job_events (job_id, type, detail) values ($1, 'queued', $2)";
        self.all(sql, &[(&job, Type::UUID), (&detail, Type::JSONB)]).await?;
        let message = json!({ "job_id": job });
        let sql = "insert into conventional.outbox (topic, message) values ('jobs', $1)";
        self.all(sql, &[(&message, Type::JSONB)]).await?;
        Ok(())
    }

    /// Statements 15 to 17.
    async fn answer(&self, buyer: &Buyer, job: Uuid, key: &str) -> Result<()> {
        let sql = "select id, status, model, prompt, params, cost, created_at from conventional.jobs \
            where id = $1";
        let status: String = self.one(sql, &[(&job, Type::UUID)]).await?.try_get(1)?;
        let sql = "select balance from conventional.accounts where id = $1";
        let balance: Decimal = self.one(sql, &[(&buyer.account, Type::INT4)]).await?.try_get(0)?;
        let response = json!({ "id": job, "status": status, "balance": balance });
        let sql = "update conventional.idempotency_keys set response = $3, answered_at = now() \
            where user_id = $1 and key = $2";
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&buyer.user, Type::INT4), (&key, Type::TEXT), (&response, Type::JSONB)];
        self.all(sql, &values).await?;
        Ok(())
    }

    /// Parsed, bound and executed in one round trip.
    async fn all(&self, sql: &str, values: &[(&(dyn ToSql + Sync), Type)]) -> Result<Vec<Row>> {
        Ok(self.client.query_typed(sql, values).await?)
    }

    async fn one(&self, sql: &str, values: &[(&(dyn ToSql + Sync), Type)]) -> Result<Row> {
        let mut rows = self.all(sql, values).await?;
        ensure!(rows.len() == 1, "{} rows instead of one: {sql}", rows.len());
        Ok(rows.remove(0))
    }
}
