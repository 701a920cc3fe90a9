//! `/admin/accounts`: every account, and the credits that an admin gives or corrects.

use super::Tag;
use crate::app::App;
use crate::auth::{AdminOnly, Caller};
use crate::body::{Body, Fields, Strict, change, credits, text};
use crate::cursor::List;
use crate::declared::{Answer, Order, Read, ReadOne};
use crate::problem::Problem;
use crate::scalars::{Amount, Instant, Limit, LogPosition, SignedAmount, Term, UserName, page_size};
use crate::{freshness, idempotency};
use ledger::{Action, Change, Command, Outcome, UserId, read};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use projections::balances::{self, AccountBalance};

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// An account in a list.
#[derive(Debug, Object)]
struct AccountRow {
    /// Its owner; null if no event has told.
    user: Option<UserName>,
    /// Its id: UUIDv5 of the user.
    account_id: String,
    /// Credits that can be spent.
    balance: Amount,
    /// Credits set aside.
    held: Amount,
    /// When it last changed.
    updated_at: Instant,
}

/// A page of accounts, in order of their users.
#[derive(Debug, Object)]
struct AccountPage {
    items: Vec<AccountRow>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// An account as it is now.
#[derive(Debug, Object)]
struct AccountDetail {
    /// Its owner.
    user: UserName,
    /// Its id: UUIDv5 of the user.
    account_id: String,
    /// Credits that can be spent.
    balance: Amount,
    /// Credits set aside.
    held: Amount,
    /// How many events its stream has.
    events: i64,
}

/// Credits to give.
#[derive(Debug, Object)]
struct NewGrant {
    /// How many; more than zero.
    amount: Amount,
    /// Why; the user reads it in the history.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: String,
}

impl Body for NewGrant {
    fn read(fields: &mut Fields) -> Option<NewGrant> {
        let amount = fields.required("amount", credits).map(Amount);
        let reason = fields.required("reason", text(1..=MAX_REASON_CHARS));
        Some(NewGrant { amount: amount?, reason: reason? })
    }
}

/// A correction of the balance.
#[derive(Debug, Object)]
struct NewAdjustment {
    /// By how much, with a sign; not zero.
    amount: SignedAmount,
    /// Why; the user reads it in the history.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: String,
}

impl Body for NewAdjustment {
    fn read(fields: &mut Fields) -> Option<NewAdjustment> {
        let amount = fields.required("amount", change).map(SignedAmount);
        let reason = fields.required("reason", text(1..=MAX_REASON_CHARS));
        Some(NewAdjustment { amount: amount?, reason: reason? })
    }
}

/// A grant or an adjustment that was made.
#[derive(Debug, Object)]
struct MadeChange {
    /// The account's owner.
    user: UserName,
    /// By how much the balance changed.
    amount: SignedAmount,
    /// The balance after it.
    balance: Amount,
}

/// The answer to a grant or an adjustment.
#[derive(ApiResponse)]
enum Made {
    /// It is in the log.
    #[oai(status = 201)]
    Made(
        Json<MadeChange>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// See the module.
pub(crate) struct Accounts;

#[OpenApi(tag = "Tag::Accounts")]
impl Accounts {
    /// List accounts
    #[oai(path = "/admin/accounts", method = "get", operation_id = "listAccounts")]
    async fn list(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Only users that begin like this.
        search: Query<Option<Term>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Json<AccountPage>, Read> {
        let search = search.0.map(|search| search.0);
        let list = List::new("accounts", &search);
        let after: Option<UserId> = list.place(cursor.0.as_ref().map(|cursor| cursor.0.as_str()))?;
        freshness::wait(&app, position.0).await?;
        let limit = page_size(limit.0);
        let after = after.as_ref().map(UserId::as_str);
        let rows = balances::list(&**app.reader().await?, search.as_deref(), after, limit + 1).await?;
        let shown = &rows[..rows.len().min(limit as usize)];
        let last = shown.last().filter(|_| rows.len() > shown.len());
        Ok(Json(AccountPage {
            items: shown.iter().map(AccountRow::from).collect(),
            next_cursor: last.and_then(|last| last.user.as_ref()).map(|user| list.cursor(user)),
        }))
    }

    /// Look at an account
    ///
    /// Read from the log, so it is never stale.
    #[oai(path = "/admin/accounts/:user", method = "get", operation_id = "getAccount")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
    ) -> Answer<Json<AccountDetail>, ReadOne> {
        let account_id = user.0.0.account();
        let account = read::account(&**app.reader().await?, account_id).await?;
        let (account, events) = account.ok_or_else(|| Problem::not_found("there is no such account"))?;
        Ok(Json(AccountDetail {
            user: user.0,
            account_id: account_id.to_string(),
            balance: Amount(account.balance),
            held: Amount(account.held),
            events,
        }))
    }

    /// Grant credits
    ///
    /// Opens the account if need be.
    #[oai(path = "/admin/accounts/:user/grants", method = "post", operation_id = "grantCredits")]
    async fn grant(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<NewGrant>,
    ) -> Answer<Made, Order> {
        let (user, NewGrant { amount: Amount(amount), reason }) = (user.0.0, body.0);
        let idempotency = idempotency::of(key.0, "grantCredits", &(amount, &reason))?;
        let action = Action::Grant { user: user.clone(), amount, reason };
        let command = Command { account: user.account(), context: caller.context(), idempotency, action };
        Ok(made(user, Change::up(amount), app.ledger.execute(command).await?)?)
    }

    /// Correct a balance
    ///
    /// Up or down; opens the account if need be.
    #[oai(path = "/admin/accounts/:user/adjustments", method = "post", operation_id = "adjustCredits")]
    async fn adjust(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<NewAdjustment>,
    ) -> Answer<Made, Order> {
        let (user, NewAdjustment { amount: SignedAmount(change), reason }) = (user.0.0, body.0);
        let idempotency = idempotency::of(key.0, "adjustCredits", &(change, &reason))?;
        let action = Action::Adjust { user: user.clone(), change, reason };
        let command = Command { account: user.account(), context: caller.context(), idempotency, action };
        Ok(made(user, change, app.ledger.execute(command).await?)?)
    }
}

fn made(user: UserId, change: Change, outcome: Outcome) -> Result<Made, Problem> {
    let account =
        outcome.account.ok_or_else(|| Problem::internal("a change of a balance answered without it"))?;
    let made =
        MadeChange { user: UserName(user), amount: SignedAmount(change), balance: Amount(account.balance) };
    let position = outcome.position.map(|position| position.0);
    Ok(Made::Made(Json(made), position, outcome.replayed.then_some(true)))
}

impl From<&AccountBalance> for AccountRow {
    fn from(row: &AccountBalance) -> AccountRow {
        AccountRow {
            user: row.user.clone().map(UserName),
            account_id: row.account_id.to_string(),
            balance: Amount(row.balance),
            held: Amount(row.held),
            updated_at: Instant(row.updated_at),
        }
    }
}
