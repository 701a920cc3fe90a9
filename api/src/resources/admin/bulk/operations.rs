//! The operations that act on many dead letters, and the list of the actions that go on by themselves.

use super::filter::fixed;
use super::order::{AtMost, BulkAction, Cleanup, Deed};
use super::outcome::BulkOutcome;
use super::told::BulkRun;
use super::{at_once, later};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::Strict;
use crate::serve::cursor::{List, Moment};
use crate::serve::declared::{Answer, BulkOrder, ReadList};
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Header, Query};
use crate::serve::preference;
use crate::serve::problem::Problem;
use crate::words::scalars::{Limit, Term, page_size};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use projections::bulk::{self, Choice};
use projections::dead_letters::Filter;
use uuid::Uuid;

/// The answer to an action on many.
#[derive(ApiResponse)]
#[expect(clippy::large_enum_variant, reason = "made once and written at once")]
enum Acted {
    /// What was done, or would be.
    #[oai(status = 200)]
    Done(
        Json<BulkOutcome>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
    ),
    /// It is written down, with the generations that it is about, and goes on by itself (`Prefer: respond-async`).
    #[oai(status = 202)]
    Ordered(
        Json<BulkRun>,
        /// Where to see how far it is.
        #[oai(header = "Location")]
        String,
        /// `respond-async`.
        #[oai(header = "Preference-Applied")]
        String,
        /// `true` if this repeats an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// A page of actions, newest first.
#[derive(Debug, Object)]
struct BulkRunPage {
    items: Vec<BulkRun>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// All actions.
struct Actions;

impl Walk for Actions {
    type Item = BulkRun;
    type Place = (Moment, Uuid);

    async fn page(
        &self,
        app: &App,
        after: Option<(Moment, Uuid)>,
        limit: i64,
    ) -> Result<Part<BulkRun, (Moment, Uuid)>, Problem> {
        let before = after.map(|(Moment(at), id)| (at, id));
        let actions = bulk::list(&**app.reader().await?, before, limit + 1).await?;
        let (shown, next) = split(&actions, limit, |last| (Moment(last.created_at), last.id));
        let mut items = Vec::with_capacity(shown.len());
        for action in shown.iter().cloned() {
            items.push(BulkRun::read(app, action).await?);
        }
        Ok(Part::new(items, next))
    }
}

/// The answer to a clean-up.
#[derive(ApiResponse)]
enum CleanedUp {
    /// What was done, or would be.
    #[oai(status = 200)]
    Done(
        Json<BulkOutcome>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
    ),
}

/// See the module.
pub(crate) struct Bulk;

#[OpenApi(tag = "Tag::DeadLetters")]
impl Bulk {
    /// Retry or give up many dead letters
    ///
    /// With `Prefer: respond-async`, which is the way to go: those that match now, and no others, are written down, and a
    /// worker goes through them at `rate` a second, first the `canary`; see how far it is at its `Location`. Without, at most
    /// 10,000 at once, inside the request; harmless to repeat, since what was done already does not match any more. By a
    /// `filter` that takes whatever matches while it goes on: name `ids` and `runs` to act on what you looked at, or `at_most`.
    #[oai(path = "/admin/dlq/bulk-actions", method = "post", operation_id = "actOnDeadLetters")]
    async fn act(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Makes a repeat harmless: the same key and request find the same action. Goes with `Prefer: respond-async`.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        /// `respond-async`: a worker does it, and the answer tells where to look.
        #[oai(name = "Prefer")]
        prefer: Header<Option<String>>,
        body: Strict<BulkAction>,
    ) -> Answer<Acted, BulkOrder> {
        let order = body.0;
        if !preference::responds_async(prefer.0.as_deref()) {
            let paced = order.paced();
            if !paced.is_empty() {
                return Err(Problem::values(paced).into());
            }
            let (at_most, deed, dry_run) = (order.at_most(), order.action, order.dry_run);
            let choice = order.choice(app.now());
            let outcome = at_once::run(&app, &caller, choice, at_most, deed, dry_run).await?;
            let position = outcome.position.map(|position| position.0);
            return Ok(Acted::Done(Json(outcome), position));
        }
        if order.dry_run {
            return Ok(Acted::Done(Json(later::plan(&app, order).await?), None));
        }
        let (action, is_repeat) = later::order(&app, &caller, key.0, order).await?;
        let location = format!("/admin/dlq/bulk-actions/{}", action.id.0);
        let (applied, replayed) = ("respond-async".to_owned(), is_repeat.then_some(true));
        Ok(Acted::Ordered(Json(action), location, applied, replayed))
    }

    /// List actions on many dead letters
    ///
    /// Newest first: those ordered with `Prefer: respond-async`.
    #[oai(path = "/admin/dlq/bulk-actions", method = "get", operation_id = "listBulkActions")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<BulkRunPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let list = List::new("bulk_actions", &());
        let place = list.place(cursor.0.as_ref())?;
        let page = |items, next_cursor| BulkRunPage { items, next_cursor };
        let place = (&list, place, page_size(limit.0));
        Ok(listed((&app, &caller), ("bulk-actions", form), Actions, place, page).await?)
    }

    /// Give up old dead letters
    ///
    /// Refunds their users. Nothing is deleted from the log. At most 10,000 at once, inside the request; for more, order an
    /// action that discards those that are `older_than`, with `Prefer: respond-async`.
    #[oai(path = "/admin/dlq/cleanup", method = "post", operation_id = "cleanUpDeadLetters")]
    async fn clean_up(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        body: Strict<Cleanup>,
    ) -> Answer<CleanedUp, BulkOrder> {
        let filter = Filter { older_than: Some(body.0.older_than.0), ..Filter::default() };
        let choice = Choice::Matching(fixed(filter, app.now()));
        let dry_run = body.0.dry_run;
        let outcome = at_once::run(&app, &caller, choice, AtMost::ANY, Deed::Discard, dry_run).await?;
        let position = outcome.position.map(|position| position.0);
        Ok(CleanedUp::Done(Json(outcome), position))
    }
}
