//! `GET /v1/usage`: what the caller did and spent, by day and model.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::declared::{Answer, Read};
use crate::serve::freshness;
use crate::serve::parameter::{Header, Query};
use crate::serve::problem::Problem;
use crate::words::scalars::{Day, KindName, LogPosition, Total};
use chrono::{TimeDelta, Utc};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::usage::{self, UsageDay};

/// Longest range of one request, in days.
const MAX_DAYS: i64 = 366;

/// Range of a request that names none, in days.
const DEFAULT_DAYS: i64 = 30;

/// What was done with one model on one day.
#[derive(Debug, Object)]
struct DayUsage {
    /// The day, UTC.
    day: Day,
    /// What the model makes.
    kind: KindName,
    /// The model.
    model: String,
    /// Generations bought.
    generations: u64,
    /// Runs that succeeded.
    succeeded: u64,
    /// Runs that failed and were refunded.
    failed: u64,
    /// Credits debited.
    spent: Total,
    /// Credits given back.
    refunded: Total,
}

/// Usage by day and model, oldest first.
#[derive(Debug, Object)]
struct UsageReport {
    items: Vec<DayUsage>,
}

/// See the module.
pub(crate) struct UsageApi;

#[OpenApi(tag = "Tag::Credits")]
impl UsageApi {
    /// What you used
    ///
    /// By UTC day, kind and model; the last 30 days unless a range of at most 366 days is named.
    #[oai(path = "/v1/usage", method = "get", operation_id = "getUsage")]
    async fn get(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// First day.
        from: Query<Option<Day>>,
        /// Last day.
        to: Query<Option<Day>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Json<UsageReport>, Read> {
        let to = to.0.map_or_else(|| Utc::now().date_naive(), |day| day.0);
        let from = from.0.map_or_else(|| to - TimeDelta::days(DEFAULT_DAYS - 1), |day| day.0);
        if from > to {
            return Err(Problem::parameter("from", "must not be after `to`").into());
        }
        if (to - from).num_days() >= MAX_DAYS {
            let message = format!("must be at most {MAX_DAYS} days before `to`");
            return Err(Problem::parameter("from", message).into());
        }
        freshness::wait(&app, position.0).await?;
        let days = usage::daily(&**app.reader().await?, caller.account, from, to).await?;
        Ok(Json(UsageReport { items: days.iter().map(DayUsage::from).collect() }))
    }
}

impl From<&UsageDay> for DayUsage {
    fn from(day: &UsageDay) -> DayUsage {
        DayUsage {
            day: Day(day.day),
            kind: KindName(day.kind),
            model: day.model.clone(),
            generations: day.usage.generations,
            succeeded: day.usage.succeeded,
            failed: day.usage.failed,
            spent: Total(day.usage.credits_spent.normalize().to_string()),
            refunded: Total(day.usage.credits_refunded.normalize().to_string()),
        }
    }
}
