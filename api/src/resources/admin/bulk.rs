//! Retrying or giving up many dead letters at once: `POST /admin/dlq/bulk-actions` and `/admin/dlq/cleanup`.
//!
//! Each job is one command of its own, so stopping anywhere leaves nothing half done and the same request can
//! simply be sent again. The work is spawned: an admin who closes the browser does not stop it. It stops by
//! itself before the request's deadline and says how many remain.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{self, Items, Place, Readable, Strict, body};
use crate::serve::declared::{Answer, BulkOrder};
use crate::serve::problem::Problem;
use crate::words::scalars::{
    Amount, ClassName, GenerationId, Instant, KindName, PastAge, RunNumber, Term, UserName,
};
use futures::StreamExt;
use futures::stream;
use ledger::job::JobCommand;
use ledger::{Action, Command, Context, Credits, ExecuteError, JobId, Position};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use projections::dead_letters::{self, Cursor, DeadLetter, Filter};
use std::time::Duration;
use tokio::time::Instant as Clock;

/// Most dead letters of one request.
const MAX_JOBS: usize = 10_000;

/// Commands in work at once: enough to fill the lanes' batches, few enough to leave room for users.
const AT_ONCE: usize = 64;

/// Dead letters read at a time.
const PAGE: i64 = 500;

/// Refusals that are listed; the rest is only counted, by what is neither done nor remaining.
const MAX_REFUSALS: usize = 1_000;

/// Share of the deadline that the work may take.
const SHARE: f64 = 0.6;

/// What to do with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Deed {
    /// Queue them again, at no cost.
    Retry,
    /// Give them up and refund their users.
    Discard,
}

body! {
    /// Which dead letters; everything that is set must hold.
    #[derive(Default)]
    struct DeadFilter {
        /// Of this user.
        user: Option<UserName>,
        /// Of this kind.
        kind: Option<KindName>,
        /// Made by this model.
        model: Option<Term>,
        /// Whose failure is of this class.
        class: Option<ClassName>,
        /// With this failure code.
        code: Option<Term>,
        /// That died at this instant or later.
        since: Option<Instant>,
        /// That died before this instant.
        until: Option<Instant>,
        /// That died at least so long ago.
        older_than: Option<PastAge>,
    }
}

body! {
    /// An action on many dead letters: those with these ids, or all that match.
    struct BulkAction {
        /// What to do.
        action: Deed,
        /// These; either this or `filter`.
        ids: Option<Items<GenerationId, MAX_JOBS>>,
        /// The `run` of each of `ids` that was looked at, in the same order: those that have been run again since are left
        /// alone as `run_stale`.
        runs: Option<Items<RunNumber, MAX_JOBS>>,
        /// All that match; either this or `ids`. An empty filter matches every dead letter.
        filter: Option<DeadFilter>,
        /// Only say what would be done.
        #[oai(default)]
        dry_run: bool,
    }
    then BulkAction::consistent
}

impl BulkAction {
    /// Looks at how the fields go together.
    fn consistent(self, object: &mut body::Object<'_>) -> Option<BulkAction> {
        if self.ids.is_some() == self.filter.is_some() {
            object.refuse("ids", "or `filter` must be given, and not both");
        }
        let ids = self.ids.as_ref().map(|ids| ids.0.len());
        if self.runs.as_ref().is_some_and(|runs| Some(runs.0.len()) != ids) {
            object.refuse("runs", "must have one run for each of `ids`");
        }
        Some(self)
    }
}

impl Readable for Deed {
    fn take(place: Place<'_>) -> Option<Deed> {
        place.one_of(&[Deed::Retry, Deed::Discard], |deed| match deed {
            Deed::Retry => "retry",
            Deed::Discard => "discard",
        })
    }
}

/// Each job once, with the run that was seen where that was said.
fn seen(ids: Vec<GenerationId>, runs: Option<Vec<RunNumber>>) -> Vec<(JobId, Option<u32>)> {
    let runs = runs.into_iter().flatten().map(|run| Some(run.0)).chain(std::iter::repeat(None));
    let mut seen: Vec<_> = ids.into_iter().map(|id| id.0).zip(runs).collect();
    seen.sort_unstable();
    seen.dedup_by_key(|(id, _)| *id);
    seen
}

body! {
    /// Dead letters to give up by their age.
    struct Cleanup {
        /// Those that died at least so long ago, such as `7d`.
        older_than: PastAge,
        /// Only say what would be done.
        #[oai(default)]
        dry_run: bool,
    }
}

/// A dead letter that was left as it is.
#[derive(Debug, Clone, Object)]
struct LeftAlone {
    /// The generation.
    id: GenerationId,
    /// Why, as in a problem document.
    code: String,
}

/// What was done, or would be.
#[derive(Debug, Clone, Object)]
struct BulkOutcome {
    /// How many match.
    matched: u64,
    /// How many were done.
    done: u64,
    /// Those that were not, at most a thousand of them.
    refused: Vec<LeftAlone>,
    /// Credits held by those that were done, or would be: given back by a discard, spent again by a retry.
    credits: Amount,
    /// How many match and were not looked at yet; send the same again to go on.
    remaining: u64,
    /// Whether nothing was done because nothing was to be done.
    dry_run: bool,
    /// The newest event of those that were done.
    #[oai(skip)]
    position: Option<Position>,
}

/// The answer to an action on many.
#[derive(ApiResponse)]
enum Acted {
    /// What was done, or would be.
    #[oai(status = 200)]
    Done(
        Json<BulkOutcome>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
    ),
}

/// See the module.
pub(crate) struct Bulk;

#[OpenApi(tag = "Tag::DeadLetters")]
impl Bulk {
    /// Retry or give up many dead letters
    ///
    /// At most 10,000 a request. Harmless to repeat: what was done already does not match any more.
    #[oai(path = "/admin/dlq/bulk-actions", method = "post", operation_id = "actOnDeadLetters")]
    async fn act(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        body: Strict<BulkAction>,
    ) -> Answer<Acted, BulkOrder> {
        let BulkAction { action, ids, runs, filter, dry_run } = body.0;
        let choice = match ids {
            Some(ids) => Choice::Ids(seen(ids.0, runs.map(|runs| runs.0))),
            None => Choice::Matching(filter.unwrap_or_default().into()),
        };
        Ok(run(&app, &caller, choice, action, dry_run).await?)
    }

    /// Give up old dead letters
    ///
    /// Refunds their users. Nothing is deleted from the log.
    #[oai(path = "/admin/dlq/cleanup", method = "post", operation_id = "cleanUpDeadLetters")]
    async fn clean_up(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        body: Strict<Cleanup>,
    ) -> Answer<Acted, BulkOrder> {
        let filter = Filter { older_than: Some(body.0.older_than.0), ..Filter::default() };
        Ok(run(&app, &caller, Choice::Matching(filter), Deed::Discard, body.0.dry_run).await?)
    }
}

enum Choice {
    Ids(Vec<(JobId, Option<u32>)>),
    Matching(Filter),
}

async fn run(
    app: &App,
    caller: &Caller<AdminOnly>,
    choice: Choice,
    deed: Deed,
    dry_run: bool,
) -> Result<Acted, Problem> {
    let until = Clock::now() + app.limits.deadline.mul_f64(SHARE);
    let work = Work { app: app.clone(), context: caller.context(), deed, dry_run, until };
    let task = tokio::spawn(async move {
        match choice {
            Choice::Ids(ids) => work.by_id(ids).await,
            Choice::Matching(filter) => work.matching(filter).await,
        }
    });
    let outcome = task.await.map_err(|error| Problem::internal(error.to_string()))??;
    let position = outcome.position.map(|position| position.0);
    Ok(Acted::Done(Json(outcome), position))
}

struct Work {
    app: App,
    context: Context,
    deed: Deed,
    dry_run: bool,
    until: Clock,
}

impl Work {
    async fn by_id(&self, ids: Vec<(JobId, Option<u32>)>) -> Result<BulkOutcome, Problem> {
        let mut outcome = self.nothing_yet();
        let mut ids = ids.into_iter();
        let client = self.app.reader().await?;
        let mut jobs = Vec::new();
        for (id, seen) in ids.by_ref() {
            if Clock::now() >= self.until {
                outcome.remaining = 1 + ids.len() as u64;
                break;
            }
            match dead_letters::get(&**client, id).await? {
                Some(job) if seen.is_some_and(|seen| seen != job.run) => {
                    outcome.refuse(job.job_id, "run_stale")
                }
                Some(job) => jobs.push(job),
                None => outcome.refuse(id, "not_found"),
            }
        }
        drop(client);
        outcome.matched = jobs.len() as u64 + outcome.remaining;
        self.all(jobs, &mut outcome).await;
        Ok(outcome)
    }

    async fn matching(&self, filter: Filter) -> Result<BulkOutcome, Problem> {
        let filter = fixed(filter, self.app.now());
        let mut outcome = self.nothing_yet();
        outcome.matched = dead_letters::count(&**self.app.reader().await?, &filter).await?.jobs;
        let (mut seen, mut before) = (0, None);
        while seen < MAX_JOBS && Clock::now() < self.until {
            let limit = PAGE.min((MAX_JOBS - seen) as i64);
            let page = dead_letters::list(&**self.app.reader().await?, &filter, before, limit).await?;
            let Some(last) = page.last() else { break };
            before = Some(Cursor { died_at: last.died_at, job_id: last.job_id });
            seen += page.len();
            self.all(page, &mut outcome).await;
        }
        outcome.remaining += outcome.matched.saturating_sub(seen as u64);
        Ok(outcome)
    }

    fn nothing_yet(&self) -> BulkOutcome {
        BulkOutcome {
            matched: 0,
            done: 0,
            refused: Vec::new(),
            credits: Amount(Credits::ZERO),
            remaining: 0,
            dry_run: self.dry_run,
            position: None,
        }
    }

    async fn all(&self, jobs: Vec<DeadLetter>, outcome: &mut BulkOutcome) {
        let mut results = stream::iter(jobs)
            .map(|job| async move {
                let result = self.one(&job).await;
                (job, result)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((job, result)) = results.next().await {
            match result {
                Ok(position) => outcome.count(&job, position),
                Err(Left::Refused(code)) => outcome.refuse(job.job_id, code),
                Err(Left::OutOfTime) => outcome.remaining += 1,
            }
        }
    }

    /// Where it was written; nowhere in a dry run.
    async fn one(&self, job: &DeadLetter) -> Result<Option<Position>, Left> {
        if self.dry_run {
            return Ok(None);
        }
        if Clock::now() >= self.until {
            return Err(Left::OutOfTime);
        }
        let run = Some(job.run);
        let command = match self.deed {
            Deed::Retry => JobCommand::Retry { run, reason: None },
            Deed::Discard => JobCommand::Discard { run, reason: None },
        };
        let command = Command {
            account: job.account_id,
            context: self.context.clone(),
            idempotency: None,
            action: Action::Job { job_id: job.job_id, command },
        };
        match self.app.ledger.execute(command).await {
            // It was given up already, and so not by this request.
            Ok(outcome) if outcome.position.is_none() => Err(Left::Refused("job_status")),
            Ok(outcome) => Ok(outcome.position),
            Err(ExecuteError::Refused(refusal)) => Err(Left::Refused(refusal.code())),
            Err(ExecuteError::Failed(error)) => {
                let problem = Problem::from(error);
                tracing::warn!(code = problem.code, cause = problem.cause, "a dead letter was left alone");
                Err(Left::Refused(problem.code))
            }
        }
    }
}

/// Why a dead letter was left as it is.
enum Left {
    Refused(&'static str),
    OutOfTime,
}

/// An age counts from now: what grows old enough meanwhile is for the next request, or paging would not end.
fn fixed(filter: Filter, now: chrono::DateTime<chrono::Utc>) -> Filter {
    let Some(age) = filter.older_than else { return filter };
    let then = chrono::TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
    let until = [filter.until, then].into_iter().flatten().min();
    Filter { until, older_than: None, ..filter }
}

impl BulkOutcome {
    fn count(&mut self, job: &DeadLetter, position: Option<Position>) {
        self.done += u64::from(position.is_some());
        self.position = self.position.max(position);
        // Ten thousand jobs stay far below the largest amount unless each costs a hundred million.
        self.credits = Amount(self.credits.0.checked_add(job.charged).unwrap_or(self.credits.0));
    }

    fn refuse(&mut self, id: JobId, code: &str) {
        if self.refused.len() < MAX_REFUSALS {
            self.refused.push(LeftAlone { id: GenerationId(id), code: code.to_owned() });
        }
    }
}

impl From<DeadFilter> for Filter {
    fn from(filter: DeadFilter) -> Filter {
        let older_than: Option<Duration> = filter.older_than.map(|age| age.0);
        Filter {
            user: filter.user.map(|user| user.0),
            kind: filter.kind.map(|kind| kind.0),
            model: filter.model.map(|model| model.0),
            class: filter.class.map(|class| class.0),
            code: filter.code.map(|code| code.0),
            since: filter.since.map(|since| since.0),
            until: filter.until.map(|until| until.0),
            older_than,
        }
    }
}
