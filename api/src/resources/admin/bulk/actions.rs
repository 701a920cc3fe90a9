//! `/admin/dlq/bulk-actions/{id}`: how far an action is that a worker performs, and pausing, resuming and ending it.

use super::told::{BulkItem, BulkRun};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, Change, ReadOne};
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
    async fn items(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The action.
        id: Path<BulkId>,
        /// Only those of which this became.
        outcome: Query<Option<BulkOutcomeName>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Json<BulkItemPage>, ReadOne> {
        let (id, outcome) = (id.0.0, outcome.0.map(|outcome| outcome.0));
        let list = List::new("bulk_items", &(id, outcome));
        let after: Option<u32> = list.place(cursor.0.as_ref())?;
        let limit = page_size(limit.0);
        let client = app.reader().await?;
        bulk::get(&**client, id).await?.ok_or_else(unknown)?;
        let items = bulk::items(&**client, id, outcome, after.unwrap_or(0), limit + 1).await?;
        let (shown, next_cursor) = list.page(&items, limit, |last| last.ordinal);
        Ok(Json(BulkItemPage { items: shown.iter().map(BulkItem::from).collect(), next_cursor }))
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
