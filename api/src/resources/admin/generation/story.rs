//! The whole story of one generation, put together from its events and those of its account.

use super::attempts::{Attempt, attempts};
use super::links::{Links, links};
use super::money::{LedgerLine, Money, money};
use super::outputs::StoredOutput;
use super::runs::{Run, bought_at, runs};
use super::standing::{Deadlines, deadlines, in_words};
use super::timeline::TimelineEvent;
use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::generation::{Generation, GenerationParams};
use crate::words::scalars::{GenerationId, Instant, KindName, RunNumber, StatusName, UserName};
use ledger::job::JobState;
use ledger::{AccountId, Event, JobId, Position, RecordedEvent, UserId, read};
use poem_openapi::Object;

/// The newest so many of each list are told. Only a generation that was run again and again has more.
const MOST_TOLD: usize = 500;

/// Everything that is known of a generation.
#[derive(Debug, Object)]
pub(super) struct GenerationStory {
    /// Its id.
    id: GenerationId,
    /// Whose it is; null if no event has told.
    user: Option<UserName>,
    /// What it makes.
    kind: KindName,
    /// The model that makes it.
    model: String,
    /// What was asked for.
    prompt: String,
    /// How many outputs.
    count: u32,
    /// Wishes that were given.
    params: GenerationParams,
    /// Where it is in its life.
    status: StatusName,
    /// The same in a sentence for people.
    state: String,
    /// The run that it is in, or ended with: name it when you retry or discard it.
    run: RunNumber,
    /// Attempts of this run that count.
    attempts_used: u32,
    /// When it was first queued.
    created_at: Instant,
    /// When the newest run that was paid for was queued.
    bought_at: Instant,
    /// When it finished, if it has.
    finished_at: Option<Instant>,
    /// How long its customer waited, in milliseconds, from `bought_at` to its end; null before that.
    waited_milliseconds: Option<u64>,
    /// Sums of what it took and gave back.
    money: Money,
    /// What happens by itself, and when.
    deadlines: Deadlines,
    /// What was made.
    outputs: Vec<StoredOutput>,
    /// What its user reads at this moment: the answer of `GET /v1/generations/{id}`.
    customer_reads: Generation,
    /// Its runs, in order.
    runs: Vec<Run>,
    /// Its attempts, in order.
    attempts: Vec<Attempt>,
    /// Its events, in order.
    events: Vec<TimelineEvent>,
    /// What happened to its account because of it, in order.
    ledger_lines: Vec<LedgerLine>,
    /// How many earlier runs, attempts, events and lines are left out: each list has 500 at most, the newest.
    left_out: u64,
    /// What else has to do with it.
    links: Links,
}

/// A story, and the position of the newest event in it.
pub(super) struct Told {
    pub story: GenerationStory,
    pub newest: Position,
}

/// What the log says of a generation.
struct Life {
    job: JobState,
    events: Vec<RecordedEvent>,
    credits: Vec<RecordedEvent>,
    owner: Option<UserId>,
}

impl Life {
    /// `None` if the account has no such generation.
    async fn read(app: &App, account: AccountId, id: JobId) -> Result<Option<Life>, Problem> {
        let client = app.reader().await?;
        let events = read::stream(&**client, account, id.into()).await?;
        let job = events.iter().fold(None, |state, recorded| match &recorded.event {
            Event::Job(event) => JobState::apply(state, event, recorded.version, recorded.occurred_at),
            Event::Account(_) => state,
        });
        let Some(job) = job else { return Ok(None) };
        let credits = read::job_credits(&**client, account, id, &events).await?;
        let owner = read::account(&**client, account).await?.and_then(|(account, _)| account.user);
        Ok(Some(Life { job, events, credits, owner }))
    }

    fn newest(&self) -> Position {
        let all = self.events.iter().chain(&self.credits);
        all.map(|event| event.position).max().unwrap_or(Position::START)
    }
}

/// Tells all of a generation; `None` if there is none.
pub(super) async fn told(app: &App, account: AccountId, id: JobId) -> Result<Option<Told>, Problem> {
    let Some(life) = Life::read(app, account, id).await? else { return Ok(None) };
    let (job, request) = (&life.job, &life.job.request);
    let (all_runs, all_attempts) = (runs(&life.events), attempts(&life.events));
    let bought_at = bought_at(&all_runs).unwrap_or(job.created_at);
    let waited = job.finished_at.map(|finished_at| (finished_at - bought_at).num_milliseconds());
    let events = life.events.iter().map(TimelineEvent::of).collect::<Result<Vec<_>, _>>()?;
    let lines = life.credits.iter().map(LedgerLine::of).collect::<Result<Vec<_>, _>>()?;
    let mut left_out = 0;
    let story = GenerationStory {
        id: GenerationId(id),
        user: life.owner.clone().map(UserName),
        kind: KindName(request.kind),
        model: request.model.clone(),
        prompt: request.prompt.clone(),
        count: request.count,
        params: request.params.into(),
        status: StatusName(job.status),
        state: in_words(job).to_owned(),
        run: RunNumber(job.run),
        attempts_used: job.attempts,
        created_at: Instant(job.created_at),
        bought_at: Instant(bought_at),
        finished_at: job.finished_at.map(Instant),
        waited_milliseconds: waited.and_then(|waited| u64::try_from(waited).ok()),
        money: money(job, &life.credits)?,
        deadlines: deadlines(job, &app.catalogue(), app.keep_outputs),
        outputs: job.outputs.iter().map(|output| StoredOutput::of(id, output)).collect(),
        customer_reads: Generation::of_state(id, job),
        runs: newest(all_runs, &mut left_out),
        attempts: newest(all_attempts, &mut left_out),
        events: newest(events, &mut left_out),
        ledger_lines: newest(lines, &mut left_out),
        left_out,
        links: links(app, id, job, &life.events).await?,
    };
    Ok(Some(Told { story, newest: life.newest() }))
}

/// The end of a list, and one more count of what is not in it.
fn newest<T>(mut all: Vec<T>, left_out: &mut u64) -> Vec<T> {
    let first = all.len().saturating_sub(MOST_TOLD);
    *left_out += first as u64;
    all.split_off(first)
}

#[cfg(test)]
mod tests {
    use super::{MOST_TOLD, newest};

    #[test]
    fn of_a_long_list_the_end_is_told_and_the_rest_counted() {
        let mut left_out = 1;
        assert_eq!(newest(vec![1, 2], &mut left_out), [1, 2]);
        let long = newest((0..MOST_TOLD + 7).collect(), &mut left_out);
        assert_eq!((long.len(), long[0], left_out), (MOST_TOLD, 7, 8));
    }
}
