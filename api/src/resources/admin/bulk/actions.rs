//! `/admin/dlq/bulk-actions/{id}`: how far an action is that a worker performs, and pausing, resuming and ending it.

use super::told::{BulkItem, BulkRun};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, Change, ReadFile, ReadOne};
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::Problem;
use crate::words::bulk::{BulkId, BulkOutcomeName};
use crate::words::scalars::{Limit, Term, page_size};
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::bulk;
use uuid::Uuid;

/// A page of the generations of an action, in its order.
#[derive(Debug, Object)]
struct BulkItemPage {
    items: Vec<BulkItem>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// The generations of an action of which something became.
struct Items {
    id: Uuid,
    outcome: Option<bulk::Outcome>,
}

impl Walk for Items {
    type Item = BulkItem;
    type Place = u32;

    async fn page(&self, app: &App, after: Option<u32>, limit: i64) -> Result<Part<BulkItem, u32>, Problem> {
        let (client, after) = (app.reader().await?, after.unwrap_or(0));
        let items = bulk::items(&**client, self.id, self.outcome, after, limit + 1).await?;
        let (shown, next) = split(&items, limit, |last| last.ordinal);
        Ok(Part::new(shown.iter().map(BulkItem::from).collect(), next))
    }
}

/// See the module.
pub(crate) struct BulkActions;

#[OpenApi(tag = "Tag::DeadLetters")]
impl BulkActions {
    /// See how far an action is
    #[oai(path = "/admin/dlq/bulk-actions/:id", method = "get", operation_id = "getBulkAction")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The action.
        id: Path<BulkId>,
    ) -> Answer<Json<BulkRun>, ReadOne> {
        let action = bulk::get(&**app.reader().await?, id.0.0).await?.ok_or_else(unknown)?;
        Ok(Json(BulkRun::read(&app, action).await?))
    }

    /// List the generations of an action
    ///
    /// In its order: what died first comes first.
    #[oai(path = "/admin/dlq/bulk-actions/:id/items", method = "get", operation_id = "listBulkActionItems")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn items(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The action.
        id: Path<BulkId>,
        /// Only those of which this became.
        outcome: Query<Option<BulkOutcomeName>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<BulkItemPage>, ReadFile> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let (id, outcome) = (id.0.0, outcome.0.map(|outcome| outcome.0));
        let list = List::new("bulk_items", &(id, outcome));
        let after = list.place(cursor.0.as_ref())?;
        bulk::get(&**app.reader().await?, id).await?.ok_or_else(unknown)?;
        let all = Items { id, outcome };
        let page = |items, next_cursor| BulkItemPage { items, next_cursor };
        let place = (&list, after, page_size(limit.0));
        Ok(listed((&app, &caller), ("bulk-action-items", form), all, place, page).await?)
    }

    /// Pause an action
    ///
    /// From the answer on, nothing more of it is begun. Harmless to repeat.
    #[oai(path = "/admin/dlq/bulk-actions/:id/pause", method = "post", operation_id = "pauseBulkAction")]
    async fn pause(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The action.
        id: Path<BulkId>,
    ) -> Answer<Json<BulkRun>, Change> {
        Ok(Json(change(&app, &caller, id.0.0, bulk::Change::Pause).await?))
    }

    /// Go on with an action that is paused
    ///
    /// One that paused by itself goes on past its canary, and only what ends badly from here on counts. Harmless to repeat.
    #[oai(path = "/admin/dlq/bulk-actions/:id/resume", method = "post", operation_id = "resumeBulkAction")]
    async fn resume(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The action.
        id: Path<BulkId>,
    ) -> Answer<Json<BulkRun>, Change> {
        Ok(Json(change(&app, &caller, id.0.0, bulk::Change::Resume).await?))
    }

    /// End an action
    ///
    /// What was not begun is left alone; what was done stays done. Harmless to repeat.
    #[oai(path = "/admin/dlq/bulk-actions/:id/abort", method = "post", operation_id = "abortBulkAction")]
    async fn abort(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The action.
        id: Path<BulkId>,
    ) -> Answer<Json<BulkRun>, Change> {
        Ok(Json(change(&app, &caller, id.0.0, bulk::Change::Abort).await?))
    }
}

fn unknown() -> Problem {
    Problem::not_found("there is no such action; `GET /admin/dlq/bulk-actions` lists them")
}

async fn change(
    app: &App,
    caller: &Caller<AdminOnly>,
    id: Uuid,
    change: bulk::Change,
) -> Result<BulkRun, Problem> {
    let changed = bulk::change(&**app.operator().await?, id, change).await?.ok_or_else(unknown)?;
    match changed {
        Ok(action) => {
            tracing::info!(action = %id, state = action.state.as_str(), request_id = caller.context().request_id, "a bulk action was changed");
            BulkRun::read(app, action).await
        }
        Err(action) => {
            let detail = format!("the action is {}, so nothing of it can be changed", action.state.as_str());
            Err(Problem::new(StatusCode::CONFLICT, "action_over", "The action is over", detail))
        }
    }
}
