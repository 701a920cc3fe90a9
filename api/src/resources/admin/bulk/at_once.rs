//! The way of before: the whole action inside one request, which stops by itself before its deadline and says how many
//! remain.
//!
//! Each job is one command of its own, so stopping anywhere leaves nothing half done and the same request can simply be sent
//! again. The work is spawned: an admin who closes the browser does not stop it.

use super::order::{AtMost, Deed, MAX_JOBS};
use super::outcome::BulkOutcome;
use crate::app::App;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::problem::Problem;
use futures::StreamExt;
use futures::stream;
use ledger::job::JobCommand;
use ledger::{Action, Command, Context, ExecuteError, JobId, Position};
use projections::bulk::Choice;
use projections::dead_letters::{self, DeadLetter, Filter, Order};
use tokio::time::Instant as Clock;

/// Commands in work at once: enough to fill the lanes' batches, few enough to leave room for users.
const AT_ONCE: usize = 64;

/// Dead letters read at a time.
const PAGE: i64 = 500;

/// Share of the deadline that the work may take.
const SHARE: f64 = 0.6;

/// Does it now, or tells what would be done.
pub(super) async fn run(
    app: &App,
    caller: &Caller<AdminOnly>,
    choice: Choice,
    at_most: AtMost,
    deed: Deed,
    dry_run: bool,
) -> Result<BulkOutcome, Problem> {
    let until = Clock::now() + app.limits.deadline.mul_f64(SHARE);
    let work = Work { app: app.clone(), context: caller.context(), deed, dry_run, until };
    let task = tokio::spawn(async move {
        match choice {
            Choice::Named(ids) => work.by_id(ids).await,
            Choice::Matching(filter) => work.matching(filter, at_most).await,
        }
    });
    task.await.map_err(|error| Problem::internal(error.to_string()))?
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

    async fn matching(&self, filter: Filter, at_most: AtMost) -> Result<BulkOutcome, Problem> {
        let mut outcome = self.nothing_yet();
        outcome.matched = dead_letters::count(&**self.app.reader().await?, &filter).await?.jobs;
        at_most.allow(outcome.matched)?;
        let (mut seen, mut after) = (0, None);
        while seen < MAX_JOBS && Clock::now() < self.until {
            let limit = PAGE.min((MAX_JOBS - seen) as i64);
            let client = self.app.reader().await?;
            let page = dead_letters::list(&**client, &filter, Order::Newest, after, limit).await?;
            drop(client);
            after = page.next();
            if after.is_none() {
                break;
            }
            seen += page.jobs.len();
            self.all(page.jobs, &mut outcome).await;
        }
        outcome.remaining += outcome.matched.saturating_sub(seen as u64);
        Ok(outcome)
    }

    fn nothing_yet(&self) -> BulkOutcome {
        BulkOutcome { dry_run: self.dry_run, ..BulkOutcome::default() }
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
