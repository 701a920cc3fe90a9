//! `/admin/accounts`: every account, and what it holds.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, ReadList, ReadOneAt};
use crate::serve::freshness;
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::Problem;
use crate::words::as_of;
use crate::words::as_of::Positions;
use crate::words::holdings::Balance;
use crate::words::scalars::{Age, Amount, AsOf, Instant, Limit, LogPosition, Term, UserName, page_size};
use ledger::{UserId, read};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::balances::{self, AccountBalance};

/// An account in a list.
#[derive(Debug, Object)]
struct AccountRow {
    /// Its owner; null if no event has told.
    user: Option<UserName>,
    /// Its id: UUIDv5 of the user.
    account_id: String,
    /// The sum of its lots: credits that can be spent now or later.
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

/// An account as it is, or was.
#[derive(Debug, Object)]
struct AccountDetail {
    /// Its owner.
    user: UserName,
    /// Its id: UUIDv5 of the user.
    account_id: String,
    /// The sum of its lots: what is available and what is pending.
    balance: Amount,
    #[oai(flatten)]
    holds: Balance,
    /// How many events its stream has.
    events: i64,
}

/// The accounts whose users begin like this.
struct Sought {
    search: Option<String>,
}

impl Walk for Sought {
    type Item = AccountRow;
    type Place = UserId;

    async fn page(
        &self,
        app: &App,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Part<AccountRow, UserId>, Problem> {
        let (search, after) = (self.search.as_deref(), after.as_ref().map(UserId::as_str));
        let rows = balances::list(&**app.reader().await?, search, after, limit + 1).await?;
        let (shown, next) = split(&rows, limit, |last| last.user.clone());
        Ok(Part::new(shown.iter().map(AccountRow::from).collect(), next.flatten()))
    }
}

/// See the module.
pub(crate) struct Accounts;

#[OpenApi(tag = "Tag::Accounts")]
impl Accounts {
    /// List accounts
    #[oai(path = "/admin/accounts", method = "get", operation_id = "listAccounts")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only users that begin like this.
        search: Query<Option<Term>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Listed<AccountPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let search = search.0.map(|search| search.0);
        let list = List::new("accounts", &search);
        let after = list.place(cursor.0.as_ref())?;
        freshness::wait(&app, position.0).await?;
        let sought = Sought { search };
        let page = |items, next_cursor| AccountPage { items, next_cursor };
        let place = (&list, after, page_size(limit.0));
        Ok(listed((&app, &caller), ("accounts", form), sought, place, page).await?)
    }

    /// Look at an account
    ///
    /// Read from the log, so it is never stale, and any moment of the past can be asked for.
    #[oai(path = "/admin/accounts/:user", method = "get", operation_id = "getAccount")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// How it was at this instant, or right after this position of the log.
        as_of: Query<Option<AsOf>>,
        /// How soon a lot must expire to be in `expiring_soon`; `7d` if left out.
        expiring_within: Query<Option<Age>>,
    ) -> Answer<Json<AccountDetail>, ReadOneAt> {
        let account_id = user.0.0.account();
        let moment = as_of.0.map(|as_of| as_of.0);
        let viewed = as_of::view(&app, account_id, moment, Positions::OfAnybody).await?;
        if viewed.events == 0 && read::account(&**app.reader().await?, account_id).await?.is_none() {
            return Err(
                Problem::not_found("there is no such account; `GET /admin/accounts` lists them").into()
            );
        }
        let (events, balance) = (viewed.events, viewed.state.balance);
        Ok(Json(AccountDetail {
            user: user.0,
            account_id: account_id.to_string(),
            balance: Amount(balance),
            holds: Balance::of(&app, account_id, viewed, expiring_within.0, true).await?,
            events,
        }))
    }
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
