//! `GET /admin/overview`: the whole system in a few numbers.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::declared::{Answer, Read};
use crate::words::scalars::{Instant, LogPosition, Total};
use ledger::job::Status;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::overview;
use rust_decimal::Decimal;

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
    /// Credits that all accounts together can spend, now or later; held ones are not among them.
    credits_outstanding: Total,
    /// Credits ever granted.
    credits_granted: Total,
    /// Credits that adjustments ever gave, less those that they took.
    credits_adjusted: Total,
    /// Credits ever debited: prices that were known beforehand.
    credits_debited: Total,
    /// Credits ever captured of holds: prices that were known only afterwards.
    credits_captured: Total,
    /// Credits ever given back of those debited or captured.
    credits_refunded: Total,
    /// Credits debited or captured and not given back.
    credits_spent: Total,
    /// Credits that open holds set aside now.
    credits_held: Total,
    /// Credits that ever expired unspent.
    credits_expired: Total,
    /// Credits ever taken back by voiding their grants.
    credits_voided: Total,
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
        let total = |sum: Decimal| Total(sum.normalize().to_string());
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
            credits_outstanding: total(overview.credits_outstanding),
            credits_granted: total(overview.credits_granted),
            credits_adjusted: total(overview.credits_adjusted),
            credits_debited: total(overview.credits_debited),
            credits_captured: total(overview.credits_captured),
            credits_refunded: total(overview.credits_refunded),
            credits_spent: total(overview.credits_spent()),
            credits_held: total(overview.credits_held),
            credits_expired: total(overview.credits_expired),
            credits_voided: total(overview.credits_voided),
            oldest_due_at: overview.oldest_due_at.map(Instant),
            parked_streams: overview.parked_streams,
            applied: LogPosition(overview.applied),
        }))
    }
}
