//! `/admin/dlq/messages/{id}`: a generation that used up its attempts, with its whole story; run it again or give it up. The list is
//! in `dead_letter_list`. A browser that comes to that gets the page instead; see `pages`.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::generation::found::account_of;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::declared::{Answer, Change, ReadOne};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::Problem;
use crate::words::failure::GenerationFailure;
use crate::words::incidents::IncidentId;
use crate::words::scalars::{Amount, GenerationId, Instant, KindName, RunNumber, StatusName, UserName};
use ledger::job::{JobCommand, JobState, Status};
use ledger::{AccountId, Action, Command, Credits, JobId, RecordedEvent, UserId, read};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi};
use projections::dead_letters::{self, DeadLetter};
use serde_json::Value;
use std::sync::Arc;

/// A generation that used up its attempts.
#[derive(Debug, Object)]
pub(super) struct DeadGeneration {
    /// The generation.
    id: GenerationId,
    /// Whose it is; null if no event has told.
    user: Option<UserName>,
    /// What it makes.
    kind: KindName,
    /// The model.
    model: String,
    /// What was asked for.
    prompt: String,
    /// How many outputs.
    count: u32,
    /// What one run costs, or at most costs.
    cost: Amount,
    /// What is taken or set aside for it, and comes back when it is discarded.
    charged: Amount,
    /// Whether that is only set aside: nothing is spent unless a retry succeeds.
    on_hold: bool,
    /// Attempts of the run that died.
    attempts: u32,
    /// Which run died, from 1.
    run: u32,
    /// Why the last attempt failed.
    failure: GenerationFailure,
    /// The provider that was asked last; null where the log does not tell, and in the story of one that died just now.
    provider: Option<String>,
    /// The incident that it is part of; null for a moment in which that is not worked out.
    incident: Option<IncidentId>,
    /// When it was first queued.
    created_at: Instant,
    /// When its attempts were used up.
    died_at: Instant,
}

/// One event in the life of a generation.
#[derive(Debug, Object)]
struct LifeEvent {
    /// What happened, such as `job.attempt_failed`.
    #[oai(rename = "type")]
    kind: String,
    /// Its place in the life of the generation, from 1.
    version: i64,
    /// When.
    occurred_at: Instant,
    /// Who acted.
    actor: String,
    /// What else the event says.
    detail: Any<Value>,
}

/// One of them with its whole story.
#[derive(Debug, Object)]
struct DeadStory {
    #[oai(flatten)]
    generation: DeadGeneration,
    /// Everything that happened to it, every attempt of every run, in order.
    events: Vec<LifeEvent>,
}

/// What became of it.
#[derive(Debug, Object)]
struct Revived {
    /// The generation.
    id: GenerationId,
    /// Where it is now.
    status: StatusName,
}

/// What became of it, and what its user got back.
#[derive(Debug, Object)]
struct GivenUp {
    /// The generation.
    id: GenerationId,
    /// Where it is now.
    status: StatusName,
    /// Credits given back by this request.
    refunded: Amount,
}

/// The answer to a retry.
#[derive(ApiResponse)]
enum Retried {
    /// It is queued again, at no cost: it was paid for.
    #[oai(status = 202)]
    Queued(
        Json<Revived>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
    ),
}

/// The answer to a discard.
#[derive(ApiResponse)]
enum Discarded {
    /// It is given up and refunded. Its events stay in the log.
    #[oai(status = 200)]
    Done(
        Json<GivenUp>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
    ),
}

/// See the module.
pub(crate) struct DeadLetters;

#[OpenApi(tag = "Tag::DeadLetters")]
impl DeadLetters {
    /// Look at a dead letter
    ///
    /// With every event of its life, and so with why each attempt failed.
    #[oai(path = "/admin/dlq/messages/:id", method = "get", operation_id = "getDeadLetter")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
    ) -> Answer<Json<DeadStory>, ReadOne> {
        let (account, job) = found(&app, id.0.0).await?;
        if job.status != Status::Dead {
            return Err(not_dead().into());
        }
        let client = app.reader().await?;
        let owner = read::account(&**client, account).await?.and_then(|(account, _)| account.user);
        let events = read::stream(&**client, account, id.0.0.into()).await?;
        let row = dead_letters::get(&**client, id.0.0).await?.filter(|row| row.run == job.run);
        Ok(Json(DeadStory {
            generation: DeadGeneration::of_job(id.0.0, owner, &job, row.as_ref())?,
            events: events.iter().map(LifeEvent::from).collect(),
        }))
    }

    /// Run a dead letter again
    #[oai(path = "/admin/dlq/messages/:id/retry", method = "post", operation_id = "retryDeadLetter")]
    async fn retry(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// The `run` that was looked at: if it has been run again since, nothing is done and the answer is `run_stale`. Left
        /// out, it is the run that is dead now, whichever that is.
        run: Query<Option<RunNumber>>,
    ) -> Answer<Retried, Change> {
        let run = run.0.map(|run| run.0);
        let (account, _) = found(&app, id.0.0).await?;
        let (after, position) =
            order(&app, &caller, account, id.0.0, JobCommand::Retry { run, reason: None }).await?;
        Ok(Retried::Queued(Json(Revived { id: id.0, status: StatusName(after.status) }), position))
    }

    /// Give up a dead letter
    ///
    /// Refunds its user. Nothing is deleted from the log. Harmless to repeat.
    #[oai(path = "/admin/dlq/messages/:id", method = "delete", operation_id = "discardDeadLetter")]
    async fn discard(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// The `run` that was looked at: if it has been run again since, nothing is done and the answer is `run_stale`. Left
        /// out, it is the run that is dead now, whichever that is.
        run: Query<Option<RunNumber>>,
    ) -> Answer<Discarded, Change> {
        let run = run.0.map(|run| run.0);
        let (account, before) = found(&app, id.0.0).await?;
        let (after, position) =
            order(&app, &caller, account, id.0.0, JobCommand::Discard { run, reason: None }).await?;
        let came_back = before.charged.checked_sub(after.charged).filter(|_| position.is_some());
        let refunded = Amount(came_back.unwrap_or(Credits::ZERO));
        Ok(Discarded::Done(Json(GivenUp { id: id.0, status: StatusName(after.status), refunded }), position))
    }
}

fn not_dead() -> Problem {
    Problem::not_found("there is no such dead letter; `GET /admin/dlq/messages` lists them")
}

/// Whose job it is, and how it is now by the log.
async fn found(app: &App, job: JobId) -> Result<(AccountId, JobState), Problem> {
    let account = account_of(app, job).await?.ok_or_else(not_dead)?;
    let state = read::job(&**app.reader().await?, account, job).await?.ok_or_else(not_dead)?;
    Ok((account, state))
}

/// Executes an admin's order: the job after it, and its position if anything was written.
async fn order(
    app: &App,
    caller: &Caller<AdminOnly>,
    account: AccountId,
    job_id: JobId,
    command: JobCommand,
) -> Result<(Arc<JobState>, Option<i64>), Problem> {
    let action = Action::Job { job_id, command };
    let command = Command { account, context: caller.context(), idempotency: None, action };
    let outcome = app.ledger.execute(command).await?;
    let position = outcome.position.map(|position| position.0);
    let job = outcome.jobs.into_iter().next().map(|(_, job)| job);
    Ok((job.ok_or_else(|| Problem::internal("a command on a job answered without it"))?, position))
}

impl DeadGeneration {
    /// A dead job as the log tells of it, which needs no read model to have come to it; `row` tells what it is part of.
    fn of_job(
        id: JobId,
        owner: Option<UserId>,
        job: &JobState,
        row: Option<&DeadLetter>,
    ) -> Result<DeadGeneration, Problem> {
        let failure = job.failure.as_ref();
        let failure = failure.ok_or_else(|| Problem::internal("a generation died without a failure"))?;
        Ok(DeadGeneration {
            id: GenerationId(id),
            user: owner.map(UserName),
            kind: KindName(job.request.kind),
            model: job.request.model.clone(),
            prompt: job.request.prompt.clone(),
            count: job.request.count,
            cost: Amount(job.cost),
            charged: Amount(job.charged),
            on_hold: job.on_hold,
            attempts: job.attempts,
            run: job.run,
            failure: failure.into(),
            provider: row.and_then(|row| row.provider.clone()),
            incident: row.and_then(|row| row.incident.clone()).map(IncidentId),
            created_at: Instant(job.created_at),
            died_at: Instant(job.finished_at.unwrap_or(job.run_queued_at)),
        })
    }
}

impl From<&DeadLetter> for DeadGeneration {
    fn from(row: &DeadLetter) -> DeadGeneration {
        DeadGeneration {
            id: GenerationId(row.job_id),
            user: row.user.clone().map(UserName),
            kind: KindName(row.request.kind),
            model: row.request.model.clone(),
            prompt: row.request.prompt.clone(),
            count: row.request.count,
            cost: Amount(row.cost),
            charged: Amount(row.charged),
            on_hold: row.on_hold,
            attempts: row.attempts,
            run: row.run,
            failure: (&row.failure).into(),
            provider: row.provider.clone(),
            incident: row.incident.clone().map(IncidentId),
            created_at: Instant(row.created_at),
            died_at: Instant(row.died_at),
        }
    }
}

impl From<&RecordedEvent> for LifeEvent {
    fn from(recorded: &RecordedEvent) -> LifeEvent {
        // The payload was JSON when it was hashed; the type is told beside it.
        let mut detail: Value = serde_json::from_str(&recorded.payload).unwrap_or_default();
        if let Some(fields) = detail.as_object_mut() {
            fields.remove("type");
        }
        LifeEvent {
            kind: recorded.event.name().to_owned(),
            version: recorded.version,
            occurred_at: Instant(recorded.occurred_at),
            actor: recorded.actor.clone(),
            detail: Any(detail),
        }
    }
}
