//! Ordering an action that a worker performs, and telling what it would be about.

use super::order::BulkAction;
use super::outcome::{BulkOutcome, BulkPlan, DeadGroup};
use super::told::BulkRun;
use crate::app::App;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::idempotency;
use crate::serve::problem::Problem;
use crate::words::scalars::{Amount, GenerationId, Instant, Total};
use ledger::{AccountId, Credits, JobId, Refusal};
use poem_openapi::types::ToJSON;
use projections::bulk::{Choice, Frozen, MOST_ITEMS, NewAction, freeze};
use projections::dead_letters::{self, DeadLetter, Filter, Group, Order, Tally};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How many are shown before they are acted on.
const SAMPLES: usize = 10;

/// Writes an action down with the jobs that it is about; with whether that was done before, under the same key.
pub(super) async fn order(
    app: &App,
    caller: &Caller<AdminOnly>,
    key: Option<String>,
    order: BulkAction,
) -> Result<(BulkRun, bool), Problem> {
    let idempotency = idempotency::of(key, "actOnDeadLetters", &order.to_json())?;
    let (context, pace) = (caller.context(), order.pace());
    let Some(reason) = pace.reason else {
        return Err(Problem::value("reason", "must say why, for whoever reads the log later"));
    };
    let new = NewAction {
        id: Uuid::now_v7(),
        actor: context.actor.to_string(),
        request_id: context.request_id,
        key: context.causation_id,
        reason,
        idempotency,
        deed: order.action.into(),
        filter: order.shown_filter(),
        rate: pace.rate,
        canary: pace.canary,
        pause_above_percent: pace.pause_above_percent,
    };
    let (at_most, choice) = (order.at_most(), order.choice(app.now()));
    let mut client = app.operator().await?;
    let transaction = client.transaction().await.map_err(ledger::Error::from)?;
    let frozen = freeze(&transaction, &new, &choice).await?;
    let (action, is_repeat) = match frozen {
        Frozen::Made(action) => {
            at_most.allow(action.items.into())?;
            (action, false)
        }
        Frozen::Repeated(action) => (action, true),
        Frozen::KeyReused => return Err(Refusal::KeyReused.into()),
        Frozen::TooMany => {
            let message =
                format!("matches more than {MOST_ITEMS}; narrow it, for example with `since` or `code`");
            return Err(Problem::value("filter", message));
        }
    };
    transaction.commit().await.map_err(ledger::Error::from)?;
    if !is_repeat {
        tracing::info!(action = %action.id, kind = action.deed.as_str(), jobs = action.items, "a bulk action was ordered");
    }
    Ok((BulkRun::read(app, action).await?, is_repeat))
}

/// What an action would be about. Changes nothing.
pub(super) async fn plan(app: &App, order: BulkAction) -> Result<BulkOutcome, Problem> {
    let rate = u64::from(order.pace().rate.max(1));
    let mut outcome = BulkOutcome { dry_run: true, ..BulkOutcome::default() };
    let (tally, groups, samples) = match order.choice(app.now()) {
        Choice::Matching(filter) => matching(app, &filter).await?,
        Choice::Named(named) => by_name(app, named, &mut outcome).await?,
    };
    outcome.matched = tally.jobs;
    let credits = tally.charged.normalize().to_string();
    // What is larger than an amount may be is told by the plan alone.
    outcome.credits = Amount(credits.parse().unwrap_or(Credits::ZERO));
    outcome.plan = Some(BulkPlan {
        people: tally.people,
        credits: Total(credits),
        groups: groups.into_iter().map(DeadGroup::from).collect(),
        samples: samples.into_iter().map(GenerationId).collect(),
        seconds: tally.jobs.div_ceil(rate),
    });
    Ok(outcome)
}

type Found = (Tally, Vec<Group>, Vec<JobId>);

async fn matching(app: &App, filter: &Filter) -> Result<Found, Problem> {
    let client = app.reader().await?;
    let tally = dead_letters::count(&**client, filter).await?;
    let groups = dead_letters::groups(&**client, filter).await?;
    let some = dead_letters::list(&**client, filter, Order::Newest, None, SAMPLES as i64).await?;
    Ok((tally, groups, some.jobs.into_iter().map(|job| job.job_id).collect()))
}

async fn by_name(
    app: &App,
    named: Vec<(JobId, Option<u32>)>,
    outcome: &mut BulkOutcome,
) -> Result<Found, Problem> {
    let client = app.reader().await?;
    let mut jobs = Vec::new();
    for (id, seen) in named {
        match dead_letters::get(&**client, id).await? {
            Some(job) if seen.is_some_and(|seen| seen != job.run) => outcome.refuse(id, "run_stale"),
            Some(job) => jobs.push(job),
            None => outcome.refuse(id, "not_found"),
        }
    }
    let charged: Decimal = jobs.iter().map(|job| job.charged.get()).sum();
    let people: BTreeSet<AccountId> = jobs.iter().map(|job| job.account_id).collect();
    let tally = Tally { jobs: jobs.len() as u64, people: people.len() as u64, charged };
    let samples = jobs.iter().take(SAMPLES).map(|job| job.job_id).collect();
    Ok((tally, grouped(&jobs), samples))
}

fn grouped(jobs: &[DeadLetter]) -> Vec<Group> {
    let mut groups: BTreeMap<(&str, &str), Group> = BTreeMap::new();
    for job in jobs {
        let (code, model) = (job.failure.code.as_str(), job.request.model.as_str());
        let group = groups.entry((code, model)).or_insert_with(|| Group {
            code: code.to_owned(),
            model: model.to_owned(),
            jobs: 0,
            charged: Decimal::ZERO,
            latest: job.died_at,
        });
        group.jobs += 1;
        group.charged += job.charged.get();
        group.latest = group.latest.max(job.died_at);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.jobs));
    groups
}

impl From<Group> for DeadGroup {
    fn from(group: Group) -> DeadGroup {
        DeadGroup {
            code: group.code,
            model: group.model,
            count: group.jobs,
            credits: Total(group.charged.normalize().to_string()),
            latest: Instant(group.latest),
        }
    }
}
