//! What else of this service has to do with a generation.

use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::bulk::{BulkId, DeedName};
use crate::words::scalars::Instant;
use ledger::job::{JobState, Status};
use ledger::{JobId, RecordedEvent};
use poem_openapi::Object;
use projections::bulk;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most causes that are looked up: the newest.
const MOST_CAUSES: usize = 100;

/// An action on many dead letters that did something to this one.
#[derive(Debug, Object)]
#[oai(rename = "GenerationBulkAction")]
struct ActedOn {
    /// Its name.
    id: BulkId,
    /// What it did.
    action: DeedName,
    /// Why.
    reason: String,
    /// Who ordered it.
    ordered_by: String,
    /// When it was ordered.
    created_at: Instant,
    /// Where to look at it.
    url: String,
}

/// What it leads to.
#[derive(Debug, Object)]
#[oai(rename = "GenerationLinks")]
pub(super) struct Links {
    /// The page of this generation, for a browser.
    page: String,
    /// The dead letter that it is now; null unless it is one.
    dead_letter: Option<String>,
    /// Actions on many that retried or discarded it, oldest first.
    bulk_actions: Vec<ActedOn>,
}

pub(super) async fn links(
    app: &App,
    id: JobId,
    job: &JobState,
    life: &[RecordedEvent],
) -> Result<Links, Problem> {
    let is_dead = job.status == Status::Dead;
    Ok(Links {
        page: format!("/admin/jobs/{id}"),
        dead_letter: is_dead.then(|| format!("/admin/dlq/messages/{id}")),
        bulk_actions: acted_on(app, life).await?,
    })
}

/// An action is the cause of every event that it leads to.
async fn acted_on(app: &App, life: &[RecordedEvent]) -> Result<Vec<ActedOn>, Problem> {
    let led_to = |recorded: &&RecordedEvent| matches!(recorded.event.name(), "job.retried" | "job.discarded");
    let causes: BTreeSet<Uuid> =
        life.iter().rev().filter(led_to).filter_map(|event| event.causation_id).take(MOST_CAUSES).collect();
    if causes.is_empty() {
        return Ok(Vec::new());
    }
    let causes: Vec<Uuid> = causes.into_iter().collect();
    let actions = bulk::named(&**app.reader().await?, &causes).await?;
    let told = actions.into_iter().map(|action| ActedOn {
        id: BulkId(action.id),
        action: DeedName(action.deed),
        reason: action.reason,
        ordered_by: action.actor,
        created_at: Instant(action.created_at),
        url: format!("/admin/dlq/bulk-actions/{}", action.id),
    });
    Ok(told.collect())
}
