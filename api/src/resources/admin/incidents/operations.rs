//! The operations on incidents.

use super::order::{Deciding, Ignoring, decide, unknown};
use super::told::{IncidentChange, IncidentStory, IncidentView};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::Strict;
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, OrderOnOne, ReadList, ReadOne};
use crate::serve::freshness;
use crate::serve::listing::{Asking, ListForm, Listed, export_rows, split};
use crate::serve::parameter::{Header, Path, Query};
use crate::words::incidents::{IncidentId, IncidentStateName};
use crate::words::scalars::{Instant, Limit, LogPosition, Term, page_size};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::incidents::{self, Deed, Incident, Rank};

/// Changes that are told of an incident.
const HISTORY: i64 = 100;

/// A page of incidents.
#[derive(Debug, Object)]
struct IncidentPage {
    items: Vec<IncidentView>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// How many there are on all pages.
    total: u64,
    /// Whether there are more than a thousand, of which nothing is told.
    total_is_more: bool,
    /// When a generation last used up its attempts, whatever became of it since; null if none ever did.
    last_failure_at: Option<Instant>,
    /// How many that were dead are on their way again, among the last thousand retries.
    running_again: u64,
    /// Whether dead letters that an older release has written down are in no incident yet: after an upgrade, for a while.
    is_being_named: bool,
}

/// See the module.
pub(crate) struct Incidents;

#[OpenApi(tag = "Tag::DeadLetters")]
impl Incidents {
    /// List incidents
    ///
    /// Dead letters that share a cause: kind, provider, model, class, code, and message without ids, numbers, addresses and
    /// quoted values. What matters comes first: `regressed`, `open`, `ignored`, `resolved`; then what is rising, and what has most
    /// credits at stake. An incident of which no dead letter waits is told while it is among the two hundred that were decided
    /// about last.
    #[oai(path = "/admin/dlq/incidents", method = "get", operation_id = "listIncidents")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only those that stand so.
        state: Query<Option<IncidentStateName>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Listed<IncidentPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let state = state.0.map(|state| state.0);
        let list = List::new("incidents", &state.map(incidents::State::as_str));
        let after: Option<Rank> = list.place(cursor.0.as_ref())?;
        freshness::wait(&app, position.0).await?;
        let client = app.reader().await?;
        let found = incidents::list(&**client, app.now()).await?;
        let of_state = |incident: &Incident| state.is_none_or(|state| incident.state == state);
        let all: Vec<Incident> = found.all.into_iter().filter(of_state).collect();
        if let Some(form) = form {
            // All of them are in memory for a page too: their order is made here.
            let rows = all.iter().map(IncidentView::from).collect();
            return Ok(Listed::File(export_rows(&app, &caller, "incidents", form, rows, found.is_cut)?));
        }
        let calm = incidents::calm(&**client).await?;
        let total = all.len() as u64;
        let is_later = |incident: &Incident| after.as_ref().is_none_or(|after| incident.rank() > *after);
        let rest: Vec<Incident> = all.into_iter().filter(is_later).collect();
        let (shown, next) = split(&rest, page_size(limit.0), Incident::rank);
        Ok(Listed::Page(IncidentPage {
            items: shown.iter().map(IncidentView::from).collect(),
            next_cursor: next.map(|next| list.cursor(&next)),
            total,
            total_is_more: found.is_cut,
            last_failure_at: calm.last_failure_at.map(Instant),
            running_again: calm.running_again,
            is_being_named: calm.is_being_named,
        }))
    }

    /// Look at an incident
    ///
    /// With what was decided about it, by whom and when.
    #[oai(path = "/admin/dlq/incidents/:incident", method = "get", operation_id = "getIncident")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The incident.
        incident: Path<IncidentId>,
    ) -> Answer<Json<IncidentStory>, ReadOne> {
        let client = app.reader().await?;
        let found = incidents::get(&**client, &incident.0.0, app.now()).await?.ok_or_else(unknown)?;
        let history = incidents::history(&**client, &found.id, HISTORY).await?;
        Ok(Json(IncidentStory {
            incident: (&found).into(),
            history: history.iter().map(IncidentChange::from).collect(),
        }))
    }

    /// Ignore an incident for a while
    ///
    /// Until an instant, or until so many more that died of it wait; then it is open again by itself. Harmless to repeat.
    #[oai(path = "/admin/dlq/incidents/:incident/ignore", method = "post", operation_id = "ignoreIncident")]
    async fn ignore(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The incident.
        incident: Path<IncidentId>,
        body: Strict<Ignoring>,
    ) -> Answer<Json<IncidentView>, OrderOnOne> {
        let deed = body.0.deed(app.now())?;
        let after = decide(&app, &caller, &incident.0.0, deed, body.0.into()).await?;
        Ok(Json((&after).into()))
    }

    /// Say that an incident is mended
    ///
    /// Its dead letters stay; retry or give them up with a bulk action. The next generation that dies of it makes it `regressed`.
    /// Harmless to repeat.
    #[oai(path = "/admin/dlq/incidents/:incident/resolve", method = "post", operation_id = "resolveIncident")]
    async fn resolve(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The incident.
        incident: Path<IncidentId>,
        body: Strict<Deciding>,
    ) -> Answer<Json<IncidentView>, OrderOnOne> {
        let after = decide(&app, &caller, &incident.0.0, Deed::Resolve, body.0).await?;
        Ok(Json((&after).into()))
    }

    /// Take an incident up again
    ///
    /// One that is ignored or resolved is open from now on. Harmless to repeat.
    #[oai(path = "/admin/dlq/incidents/:incident/reopen", method = "post", operation_id = "reopenIncident")]
    async fn reopen(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The incident.
        incident: Path<IncidentId>,
        body: Strict<Deciding>,
    ) -> Answer<Json<IncidentView>, OrderOnOne> {
        let after = decide(&app, &caller, &incident.0.0, Deed::Reopen, body.0).await?;
        Ok(Json((&after).into()))
    }
}
