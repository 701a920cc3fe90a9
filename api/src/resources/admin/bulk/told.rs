//! How an action in the background and its generations are told.

use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::api_keys::KeyId;
use crate::words::bulk::{BulkId, BulkOutcomeName, BulkStateName, DeedName};
use crate::words::scalars::{Amount, GenerationId, Instant, Total};
use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::Object;
use poem_openapi::types::Any;
use projections::bulk::{self, Action, Item, Outcome, State, Tally};
use rust_decimal::Decimal;
use serde_json::Value;

/// An action on many dead letters, and how far it is.
#[derive(Debug, Object)]
pub(super) struct BulkRun {
    /// Its name; the `causation_id` of every event that it leads to.
    pub id: BulkId,
    /// What is done.
    pub action: DeedName,
    /// Where it is: `canary` waits for the ends of the first, `done` has begun them all, and `aborted` leaves alone what it
    /// had not begun.
    pub state: BulkStateName,
    /// Why it paused by itself; null otherwise.
    pub cause: Option<String>,
    /// Why it was ordered.
    pub reason: String,
    /// Who ordered it.
    pub ordered_by: String,
    /// By which API key; null if by a token.
    pub key_id: Option<KeyId>,
    /// The filter that was asked for; null if they were named.
    pub filter: Option<Any<Value>>,
    /// Most a second.
    pub rate: u32,
    /// So many are done first.
    pub canary: u32,
    /// It pauses by itself once more of a hundred ended badly.
    pub pause_above_percent: u32,
    /// How many generations are where.
    pub counts: BulkCounts,
    /// What was taken for them.
    pub credits: BulkCredits,
    /// When it was ordered.
    pub created_at: Instant,
    /// When the last will be begun at this rate; null unless it goes on.
    pub done_by: Option<Instant>,
    /// When nothing was left to be begun; null before.
    pub ended_at: Option<Instant>,
}

/// Generations of an action by what became of them.
#[derive(Debug, Object)]
pub(super) struct BulkCounts {
    /// All of them.
    pub all: u64,
    /// Named and no part of it: they were not dead, or in another run than the one that was seen.
    pub left_out: u64,
    /// Not begun; of an aborted action, left alone.
    pub waiting: u64,
    /// Being done now.
    pub begun: u64,
    /// Retried, and not ended since.
    pub queued: u64,
    /// Retried, and succeeded.
    pub succeeded: u64,
    /// Retried, and failed or died again.
    pub failed: u64,
    /// Retried, and cancelled by the user.
    pub cancelled: u64,
    /// Given up and refunded.
    pub discarded: u64,
    /// Left as they were, since somebody else was faster.
    pub changed: u64,
    /// Refused; `code` of the item says why.
    pub refused: u64,
}

/// What was taken for the generations of an action.
#[derive(Debug, Object)]
pub(super) struct BulkCredits {
    /// For all of them.
    pub all: Total,
    /// For those that were not begun.
    pub waiting: Total,
    /// For those that were retried, which stays taken.
    pub retried: Total,
    /// For those that were given up: given back.
    pub given_back: Total,
}

/// A generation of an action.
#[derive(Debug, Object)]
pub(super) struct BulkItem {
    /// Its place among them, from 1; what died first comes first.
    pub ordinal: u32,
    /// The generation.
    pub id: GenerationId,
    /// The run that was dead when the action was ordered.
    pub run: u32,
    /// What was taken for it.
    pub charged: Amount,
    /// What became of it.
    pub outcome: BulkOutcomeName,
    /// Why it was left as it was, or refused; null otherwise.
    pub code: Option<String>,
    /// Where the log tells of it; null if nothing was done.
    pub position: Option<i64>,
}

impl BulkRun {
    /// The action with its counts as they are now.
    pub(super) async fn read(app: &App, action: Action) -> Result<BulkRun, Problem> {
        let tally = match &action.tally {
            Some(tally) => tally.clone(),
            None => bulk::counts(&**app.reader().await?, action.id, action.judged_from).await?,
        };
        Ok(BulkRun::told(action, &tally, app.now()))
    }

    fn told(action: Action, tally: &Tally, now: DateTime<Utc>) -> BulkRun {
        let goes_on = matches!(action.state, State::Canary | State::Running);
        let waiting = tally.of(Outcome::Waiting).jobs;
        let left = TimeDelta::seconds(waiting.div_ceil(u64::from(action.rate.max(1))) as i64);
        BulkRun {
            id: BulkId(action.id),
            action: DeedName(action.deed),
            state: BulkStateName(action.state),
            cause: action.cause,
            reason: action.reason,
            ordered_by: action.actor.strip_prefix("admin:").unwrap_or(&action.actor).to_owned(),
            key_id: action.key.map(KeyId),
            filter: Some(action.filter).filter(|filter| !filter.is_null()).map(Any),
            rate: action.rate,
            canary: action.canary,
            pause_above_percent: action.pause_above_percent,
            counts: BulkCounts::of(action.items, action.left_out, tally),
            credits: BulkCredits::of(action.charged, tally),
            created_at: Instant(action.created_at),
            done_by: goes_on.then_some(Instant(now + left)),
            ended_at: action.ended_at.map(Instant),
        }
    }
}

impl BulkCounts {
    fn of(all: u32, left_out: u32, tally: &Tally) -> BulkCounts {
        let count = |outcome| tally.of(outcome).jobs;
        BulkCounts {
            all: all.into(),
            left_out: left_out.into(),
            waiting: count(Outcome::Waiting),
            begun: count(Outcome::Begun),
            queued: count(Outcome::Queued),
            succeeded: count(Outcome::Succeeded),
            failed: count(Outcome::Failed),
            cancelled: count(Outcome::Cancelled),
            discarded: count(Outcome::Discarded),
            changed: count(Outcome::Changed),
            refused: count(Outcome::Refused),
        }
    }
}

impl BulkCredits {
    fn of(all: Decimal, tally: &Tally) -> BulkCredits {
        let total = |sum: Decimal| Total(sum.normalize().to_string());
        let retried = [Outcome::Queued, Outcome::Succeeded, Outcome::Failed, Outcome::Cancelled];
        BulkCredits {
            all: total(all),
            waiting: total(tally.of(Outcome::Waiting).charged),
            retried: total(retried.iter().map(|outcome| tally.of(*outcome).charged).sum()),
            given_back: total(tally.of(Outcome::Discarded).charged),
        }
    }
}

impl From<&Item> for BulkItem {
    fn from(item: &Item) -> BulkItem {
        BulkItem {
            ordinal: item.ordinal,
            id: GenerationId(item.job_id),
            run: item.run,
            charged: Amount(item.charged),
            outcome: BulkOutcomeName(item.outcome),
            code: item.code.clone(),
            position: item.position.map(|position| position.0),
        }
    }
}
