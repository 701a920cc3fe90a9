//! `GET /admin/overview`: the whole system in a few numbers.

use super::Tag;
use crate::app::App;
use crate::auth::{AdminOnly, Caller};
use crate::declared::{Answer, Read};
use crate::scalars::{Instant, LogPosition, Total};
use ledger::job::Status;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::overview;

/// Generations by where they are in their life.
#[derive(Debug, Object)]
struct StatusCounts {
    queued: u64,
    running: u64,
    succeeded: u64,
    failed: u64,
    dead: u64,
    cancelled: u64,
    discarded: u64,
}

/// The state of the whole system.
#[derive(Debug, Object)]
struct Overview {
    /// Accounts with at least one event.
    accounts: u64,
    /// Generations by status.
    generations: StatusCounts,
    /// Credits that all accounts together can spend.
    credits_outstanding: Total,
    /// Credits ever granted.
    credits_granted: Total,
    /// Credits ever debited.
    credits_debited: Total,
    /// Credits ever given back.
    credits_refunded: Total,
    /// When the generation that waits longest became due; null if none waits.
    oldest_due_at: Option<Instant>,
    /// Streams that a read model stopped applying; anything but 0 wants a look.
    parked_streams: u64,
    /// Up to where every read model has applied the log.
    applied: LogPosition,
}

/// See the module.
pub(crate) struct OverviewApi;

#[OpenApi(tag = "Tag::Accounts")]
impl OverviewApi {
    /// The whole system at a glance
    #[oai(path = "/admin/overview", method = "get", operation_id = "getOverview")]
    async fn get(&self, _caller: Caller<AdminOnly>, app: Data<&App>) -> Answer<Json<Overview>, Read> {
        let overview = overview::get(&**app.reader().await?).await?;
        let count = |status: Status| overview.jobs.get(&status).copied().unwrap_or_default();
        Ok(Json(Overview {
            accounts: overview.accounts,
            generations: StatusCounts {
                queued: count(Status::Queued),
                running: count(Status::Running),
                succeeded: count(Status::Succeeded),
                failed: count(Status::Failed),
                dead: count(Status::Dead),
                cancelled: count(Status::Cancelled),
                discarded: count(Status::Discarded),
            },
            credits_outstanding: Total(overview.credits_outstanding.normalize().to_string()),
            credits_granted: Total(overview.credits_granted.normalize().to_string()),
            credits_debited: Total(overview.credits_debited.normalize().to_string()),
            credits_refunded: Total(overview.credits_refunded.normalize().to_string()),
            oldest_due_at: overview.oldest_due_at.map(Instant),
            parked_streams: overview.parked_streams,
            applied: LogPosition(overview.applied),
        }))
    }
}
