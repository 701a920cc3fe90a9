//! `/admin/dlq/messages`: generations that used up their attempts, each with its whole story; run one again or
//! give it up. A browser that comes here gets the page instead; see `pages`.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::cursor::{List, Moment};
use crate::serve::declared::{Answer, Change, Read, ReadOne};
use crate::serve::freshness;
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::Problem;
use crate::words::failure::GenerationFailure;
use crate::words::scalars::{
    Amount, ClassName, GenerationId, Instant, KindName, Limit, LogPosition, RunNumber, StatusName, Term,
    UserName, page_size,
};
use ledger::job::{JobCommand, JobState, Status};
use ledger::{AccountId, Action, Command, Credits, JobId, RecordedEvent, UserId, read};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi};
use projections::dead_letters::{self, Cursor, DeadLetter, Filter};
use projections::generations;
use serde_json::Value;
use std::sync::Arc;

/// The list counts so far: the sum of a long list would cost more than its page.
const MOST_COUNTED: i64 = 10_000;

/// A generation that used up its attempts.
#[derive(Debug, Object)]
struct DeadGeneration {
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
    /// When it was first queued.
    created_at: Instant,
    /// When its attempts were used up.
    died_at: Instant,
}

/// A page of them, newest first.
#[derive(Debug, Object)]
struct DeadPage {
    items: Vec<DeadGeneration>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// How many match on all pages, counted no further than to 10,000.
    total: u64,
    /// Whether more match than `total` says.
    total_is_more: bool,
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
    /// List dead letters
    ///
    /// Newest first.
    #[oai(path = "/admin/dlq/messages", method = "get", operation_id = "listDeadLetters")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn list(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Only those of this user.
        user: Query<Option<UserName>>,
        /// Only those of this kind.
        kind: Query<Option<KindName>>,
        /// Only those made by this model.
        model: Query<Option<Term>>,
        /// Only those whose failure is of this class.
        class: Query<Option<ClassName>>,
        /// Only those with this failure code.
        code: Query<Option<Term>>,
        /// Only those that died at this instant or later.
        since: Query<Option<Instant>>,
        /// Only those that died before this instant.
        until: Query<Option<Instant>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Json<DeadPage>, Read> {
        let filter = Filter {
            user: user.0.map(|user| user.0),
            kind: kind.0.map(|kind| kind.0),
            model: model.0.map(|model| model.0),
            class: class.0.map(|class| class.0),
            code: code.0.map(|code| code.0),
            since: since.0.map(|since| since.0),
            until: until.0.map(|until| until.0),
            older_than: None,
        };
        let list = list_of(&filter);
        let place: Option<(Moment, JobId)> = list.place(cursor.0.as_ref())?;
        let before = place.map(|(Moment(died_at), job_id)| Cursor { died_at, job_id });
        freshness::wait(&app, position.0).await?;
        let limit = page_size(limit.0);
        let client = app.reader().await?;
        let rows = dead_letters::list(&**client, &filter, before, limit + 1).await?;
        let counted = dead_letters::count_up_to(&**client, &filter, MOST_COUNTED + 1).await?;
        let most = MOST_COUNTED.unsigned_abs();
        let (shown, next_cursor) = list.page(&rows, limit, |last| (last.died_at, last.job_id));
        Ok(Json(DeadPage {
            items: shown.iter().map(DeadGeneration::from).collect(),
            next_cursor,
            total: counted.min(most),
            total_is_more: counted > most,
        }))
    }

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
        Ok(Json(DeadStory {
            generation: DeadGeneration::of_job(id.0.0, owner, &job)?,
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

fn list_of(filter: &Filter) -> List {
    let Filter { user, kind, model, class, code, since, until, older_than: _ } = filter;
    List::new("dead_letters", &(user, kind, model, class, code, since, until))
}

/// Whose job it is, and how it is now by the log.
async fn found(app: &App, job: JobId) -> Result<(AccountId, JobState), Problem> {
    let mut account = generations::find_account(&**app.reader().await?, job).await?;
    if account.is_none() {
        // One that was queued and died a moment ago: what knows its account may not have come to it yet.
        let newest = *app.ledger.appended().borrow();
        freshness::wait(app, Some(LogPosition(newest))).await?;
        account = generations::find_account(&**app.reader().await?, job).await?;
    }
    let account = account.ok_or_else(not_dead)?;
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
    /// A dead job as the log tells of it, which needs no read model to have come to it.
    fn of_job(id: JobId, owner: Option<UserId>, job: &JobState) -> Result<DeadGeneration, Problem> {
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
