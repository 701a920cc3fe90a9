//! `/v1/credits`: what the caller holds, and how it came to that.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, ReadAt, ReadList};
use crate::serve::freshness;
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Header, Query};
use crate::serve::problem::Problem;
use crate::words::as_of;
use crate::words::as_of::Positions;
use crate::words::holdings::Balance;
use crate::words::scalars::{
    Age, Amount, AsOf, GenerationId, HoldNumber, Instant, Limit, LogPosition, SignedAmount, Term, page_size,
};
use ledger::{AccountId, Position};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::history::{self, HistoryEntry};

/// What the caller holds, and whether it will do for long.
#[derive(Debug, Object)]
#[oai(rename = "Balance")]
struct OwnBalance {
    #[oai(flatten)]
    holds: Balance,
    /// Below so many available credits a balance is low.
    low_below: Amount,
    /// Whether this one is.
    is_low: bool,
    /// Where there are more credits to be had; left out if this service does not know.
    #[oai(skip_serializing_if_is_none)]
    top_up_url: Option<String>,
}

/// One change of the balance.
#[derive(Debug, Object)]
struct BalanceChange {
    /// Its place in the log.
    position: LogPosition,
    /// What happened, such as `credits.debited`.
    #[oai(rename = "type")]
    kind: String,
    /// By how much the balance changed; of a capture that is what came back of its hold.
    amount: SignedAmount,
    /// What was spent for good, negative where it was given back; null where nothing was.
    spent: Option<SignedAmount>,
    /// The balance after it: the sum of the lots, without what is set aside.
    balance_after: Amount,
    /// The hold that it is about, if any.
    hold: Option<HoldNumber>,
    /// The generation that it was for, if any.
    generation_id: Option<GenerationId>,
    /// Why, if a reason was given.
    reason: Option<String>,
    /// When.
    occurred_at: Instant,
}

/// A page of changes, newest first.
#[derive(Debug, Object)]
struct HistoryPage {
    items: Vec<BalanceChange>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// The changes of a balance.
struct Changes {
    account: AccountId,
    kind: Option<String>,
}

impl Walk for Changes {
    type Item = BalanceChange;
    type Place = Position;

    async fn page(
        &self,
        app: &App,
        before: Option<Position>,
        limit: i64,
    ) -> Result<Part<BalanceChange, Position>, Problem> {
        let client = app.reader().await?;
        let rows = history::list(&**client, self.account, self.kind.as_deref(), before, limit + 1).await?;
        let (shown, next) = split(&rows, limit, |last| last.position);
        Ok(Part::new(shown.iter().map(BalanceChange::from).collect(), next))
    }
}

/// See the module.
pub(crate) struct CreditsApi;

#[OpenApi(tag = "Tag::Credits")]
impl CreditsApi {
    /// Your balance
    ///
    /// Read from the log, so it is never stale, and any moment of the past can be asked for.
    #[oai(path = "/v1/credits", method = "get", operation_id = "getCredits")]
    async fn get(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// How it was at this instant, or right after the event of yours at this position of the log.
        as_of: Query<Option<AsOf>>,
        /// How soon a lot must expire to be in `expiring_soon`; `7d` if left out.
        expiring_within: Query<Option<Age>>,
    ) -> Answer<Json<OwnBalance>, ReadAt> {
        let moment = as_of.0.map(|as_of| as_of.0);
        let viewed = as_of::view(&app, caller.account, moment, Positions::OfAccount).await?;
        let holds = Balance::of(&app, caller.account, viewed, expiring_within.0, false).await?;
        let low_below = app.low_balance();
        let is_low = holds.available.0 < low_below;
        let top_up_url = app.top_up_url.clone();
        Ok(Json(OwnBalance { holds, low_below: Amount(low_below), is_low, top_up_url }))
    }

    /// How your balance came about
    ///
    /// Newest first.
    #[oai(path = "/v1/credits/history", method = "get", operation_id = "getCreditHistory")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn history(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only changes of this type, such as `credits.granted`.
        #[oai(name = "type")]
        kind: Query<Option<Term>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Listed<HistoryPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let kind = kind.0.map(|kind| kind.0);
        let list = List::new("history", &(caller.account, &kind));
        let before = list.place(cursor.0.as_ref())?;
        freshness::wait(&app, position.0).await?;
        let changes = Changes { account: caller.account, kind };
        let page = |items, next_cursor| HistoryPage { items, next_cursor };
        let place = (&list, before, page_size(limit.0));
        Ok(listed((&app, &caller), ("credit-history", form), changes, place, page).await?)
    }
}

impl From<&HistoryEntry> for BalanceChange {
    fn from(entry: &HistoryEntry) -> BalanceChange {
        BalanceChange {
            position: LogPosition(entry.position),
            kind: entry.kind.clone(),
            amount: SignedAmount(entry.amount),
            spent: entry.spent.map(SignedAmount),
            hold: entry.hold.map(HoldNumber),
            balance_after: Amount(entry.balance_after),
            generation_id: entry.job_id.map(GenerationId),
            reason: entry.reason.clone(),
            occurred_at: Instant(entry.occurred_at),
        }
    }
}
