//! `GET /v1/usage`: what the caller did and spent, by day and model.
//!
//! Days of UTC are kept as sums, so they are quick for anybody. Those of another zone are summed when they are asked.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::declared::{Answer, ReadList};
use crate::serve::freshness;
use crate::serve::listing::{Asking, ListForm, Listed, export_rows};
use crate::serve::parameter::{Header, Query};
use crate::serve::problem::Problem;
use crate::words::scalars::{Day, KindName, LogPosition, Total};
use crate::words::zones::{ZoneName, starts_of};
use chrono::{Days, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use ledger::job::Kind;
use ledger::read::{self, AsOf};
use ledger::{AccountId, Position};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use projections::spending::{self, Kept, Spending};
use projections::usage::{self, UsageDay};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tokio_postgres::GenericClient;

/// Longest range of one request, in days.
const MAX_DAYS: i64 = 366;

/// Range of a request that names none, in days.
const DEFAULT_DAYS: i64 = 30;

/// Most changes of a balance that are summed for one answer.
const MAX_CHANGES: i64 = 100_000;

/// What was done with one model on one day.
#[derive(Debug, Object)]
struct DayUsage {
    /// The day, in the time zone that was asked for.
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
    /// Credits charged: debited, or captured of what was held.
    spent: Total,
    /// Charged credits that were given back.
    refunded: Total,
    /// Charged credits that late cancels kept on this day.
    kept: Total,
}

/// Usage by day and model, oldest first.
#[derive(Debug, Object)]
struct UsageReport {
    /// First day.
    from: Day,
    /// Last day.
    to: Day,
    /// Whose days they are.
    zone: ZoneName,
    items: Vec<DayUsage>,
}

/// See the module.
pub(crate) struct UsageApi;

#[OpenApi(tag = "Tag::Credits")]
impl UsageApi {
    /// What you used
    ///
    /// By day, kind and model; the last 30 days unless a range of at most 366 days is named. `spent` less `refunded` is what
    /// your balance lost to generations; what is only set aside is not in it.
    #[oai(path = "/v1/usage", method = "get", operation_id = "getUsage")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn get(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        asking: Asking,
        /// First day.
        from: Query<Option<Day>>,
        /// Last day.
        to: Query<Option<Day>>,
        /// Whose days: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out.
        zone: Query<Option<ZoneName>>,
        /// The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Listed<UsageReport>, ReadList> {
        let form = asking.file_of_one_page(format.0)?;
        let zone = zone.0.map_or(Tz::UTC, |zone| zone.0);
        let to = to.0.map_or_else(|| app.now().with_timezone(&zone).date_naive(), |day| day.0);
        let from = from.0.map_or_else(|| to - TimeDelta::days(DEFAULT_DAYS - 1), |day| day.0);
        if from > to {
            return Err(Problem::parameter("from", "must not be after `to`").into());
        }
        if (to - from).num_days() >= MAX_DAYS {
            let message = format!("must be at most {MAX_DAYS} days before `to`");
            return Err(Problem::parameter("from", message).into());
        }
        freshness::wait(&app, position.0).await?;
        let client = app.reader().await?;
        let rows = summed(&**client, caller.account, (from, to), zone).await?;
        let items: Vec<DayUsage> = rows.into_iter().map(DayUsage::from).collect();
        if let Some(form) = form {
            return Ok(Listed::File(export_rows(&app, &caller, "usage", form, items, false)?));
        }
        Ok(Listed::Page(UsageReport { from: Day(from), to: Day(to), zone: ZoneName(zone), items }))
    }
}

/// A day of a model.
type Key = (NaiveDate, Kind, String);

/// What happened on it.
#[derive(Default)]
struct Sums {
    generations: u64,
    succeeded: u64,
    failed: u64,
    spent: Decimal,
    refunded: Decimal,
    kept: Decimal,
}

async fn summed(
    client: &impl GenericClient,
    account: AccountId,
    (from, to): (NaiveDate, NaiveDate),
    zone: Tz,
) -> Result<BTreeMap<Key, Sums>, Problem> {
    let (starts, end) = starts_of(from, to, zone);
    let opening = read::account_at(client, account, AsOf::Before(starts[0])).await?;
    let closing = read::account_at(client, account, AsOf::Before(end)).await?;
    let at = |end: &Option<read::AccountAt>| {
        end.as_ref().map_or((0, Position::START), |end| (end.version, end.position))
    };
    let ((first, after), (_, until)) = (at(&opening), at(&closing));
    let days = spending::Days { starts, end, after, until };
    let mut rows = if zone == Tz::UTC {
        of_utc(usage::daily(client, account, from, to).await?)
    } else if let changes = newest(client, account).await? - first
        && changes > MAX_CHANGES
    {
        let message = format!(
            "is {changes} changes of your balance ago, and {MAX_CHANGES} are the most; ask for later days, or for those of UTC"
        );
        return Err(Problem::parameter("from", message));
    } else {
        of_zone(from, spending::spent(client, account, &days).await?)
    };
    for Kept { day, kind, model, kept } in spending::kept(client, account, &days).await? {
        rows.entry((day_after(from, day), kind, model)).or_default().kept = kept;
    }
    Ok(rows)
}

/// The version of what happened last.
async fn newest(client: &impl GenericClient, account: AccountId) -> Result<i64, Problem> {
    let newest = read::account_at(client, account, AsOf::Position(Position(i64::MAX))).await?;
    Ok(newest.map_or(0, |newest| newest.version))
}

fn of_utc(days: Vec<UsageDay>) -> BTreeMap<Key, Sums> {
    let row = |UsageDay { day, kind, model, usage }| {
        let sums = Sums {
            generations: usage.generations,
            succeeded: usage.succeeded,
            failed: usage.failed,
            spent: usage.credits_spent,
            refunded: usage.credits_refunded,
            kept: Decimal::ZERO,
        };
        ((day, kind, model), sums)
    };
    days.into_iter().map(row).collect()
}

fn of_zone(from: NaiveDate, days: Vec<Spending>) -> BTreeMap<Key, Sums> {
    let row = |spent: Spending| {
        let key = (day_after(from, spent.day), spent.kind, spent.model);
        let sums = Sums {
            generations: spent.generations,
            succeeded: spent.succeeded,
            failed: spent.failed,
            spent: spent.charged,
            refunded: spent.refunded,
            kept: Decimal::ZERO,
        };
        (key, sums)
    };
    days.into_iter().map(row).collect()
}

/// The day that comes so many after the first.
fn day_after(first: NaiveDate, days: usize) -> NaiveDate {
    first + Days::new(days as u64)
}

impl From<(Key, Sums)> for DayUsage {
    fn from(((day, kind, model), sums): (Key, Sums)) -> DayUsage {
        let total = |sum: Decimal| Total(sum.normalize().to_string());
        DayUsage {
            day: Day(day),
            kind: KindName(kind),
            model,
            generations: sums.generations,
            succeeded: sums.succeeded,
            failed: sums.failed,
            spent: total(sums.spent),
            refunded: total(sums.refunded),
            kept: total(sums.kept),
        }
    }
}
