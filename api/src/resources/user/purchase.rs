//! What every purchase and change of a user's generation has in common: handing it to the ledger, waiting for its
//! end where that is preferred, and the answer with the balance.

use super::quote::PurchaseQuote;
use crate::app::App;
use crate::resources::user::feed::until_finished;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::problem::{NO_GENERATION, Problem};
use crate::words::as_of;
use crate::words::generation::Generation;
use crate::words::scalars::Amount;
use ledger::job::JobState;
use ledger::{Action, Command, Credits, Idempotency, JobId, Outcome, Position};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, Union};
use std::time::Duration;

/// A generation, and the balance after what was done.
#[derive(Debug, Object)]
pub(crate) struct PaidGeneration {
    #[oai(flatten)]
    pub generation: Generation,
    /// Credits that can be spent now.
    pub balance: Amount,
}

/// The answer to a purchase.
#[derive(ApiResponse)]
pub(crate) enum Bought {
    /// It ended while the request waited for it (`Prefer: wait`).
    #[oai(status = 200)]
    Finished(
        Json<PaidGeneration>,
        /// Where the generation is.
        #[oai(header = "Location")]
        String,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// It is paid for and queued.
    #[oai(status = 202)]
    Queued(
        Json<PaidGeneration>,
        /// Where the generation is.
        #[oai(header = "Location")]
        String,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// The answer to a purchase that may only be tried.
#[derive(ApiResponse)]
pub(crate) enum Created {
    /// It ended while the request waited for it (`Prefer: wait`), or was only tried (`dry_run`): then it has no id,
    /// nothing was written, and an `Idempotency-Key` is still unused.
    #[oai(status = 200)]
    Done(
        Json<FinishedOrQuoted>,
        /// Where the generation is.
        #[oai(header = "Location")]
        Option<String>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// It is paid for and queued.
    #[oai(status = 202)]
    Queued(
        Json<PaidGeneration>,
        /// Where the generation is.
        #[oai(header = "Location")]
        String,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// A generation that ended, or what one would cost.
#[derive(Debug, Union)]
#[expect(clippy::large_enum_variant, reason = "there is one of it for each answer, on its way out")]
pub(crate) enum FinishedOrQuoted {
    /// One that ended.
    Finished(PaidGeneration),
    /// One that was only tried.
    Quoted(PurchaseQuote),
}

impl From<Bought> for Created {
    fn from(bought: Bought) -> Created {
        match bought {
            Bought::Finished(Json(paid), location, position, replayed) => {
                let paid = Json(FinishedOrQuoted::Finished(paid));
                Created::Done(paid, Some(location), position, replayed)
            }
            Bought::Queued(paid, location, position, replayed) => {
                Created::Queued(paid, location, position, replayed)
            }
        }
    }
}

/// What a purchase of the caller would cost; nothing is written.
pub(crate) async fn quoted(
    app: &App,
    caller: &Caller<UserOnly>,
    idempotency: Option<Idempotency>,
    action: Action,
) -> Result<Outcome, Problem> {
    let command = Command { account: caller.account, context: caller.context(), idempotency, action };
    Ok(app.ledger.preview(command).await?)
}

/// Hands a command of the caller to the ledger. From there on it runs to its end, whoever stops waiting.
pub(crate) async fn execute(
    app: &App,
    caller: &Caller<UserOnly>,
    idempotency: Option<Idempotency>,
    action: Action,
) -> Result<Outcome, Problem> {
    let command = Command { account: caller.account, context: caller.context(), idempotency, action };
    Ok(app.ledger.execute(command).await?)
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found(NO_GENERATION)
}

pub(crate) async fn bought(
    app: &App,
    caller: &Caller<UserOnly>,
    outcome: Outcome,
    wait: Option<Duration>,
) -> Result<Bought, Problem> {
    let position = outcome.position.map(|position| position.0);
    let replayed = outcome.replayed.then_some(true);
    let job = outcome.jobs.first().map(|(job, _)| *job);
    let mut paid = paid(app, caller, outcome).await?;
    let found = match (job, wait) {
        (Some(job), Some(wait)) => waited(app, caller, job, wait).await?.map(|found| (job, found)),
        _ => None,
    };
    if let Some((job, (state, Position(newest)))) = found {
        paid.generation = Generation::of_state(job, &state);
        if state.status.is_finished() {
            // What ended may have been refunded.
            paid.balance = Amount(balance(app, caller).await?);
            let location = paid.generation.location();
            return Ok(Bought::Finished(Json(paid), location, Some(newest), replayed));
        }
    }
    let location = paid.generation.location();
    Ok(Bought::Queued(Json(paid), location, position, replayed))
}

/// The job at its end or when the time is up; `None` without a wait if too many are waiting already.
pub(crate) async fn waited(
    app: &App,
    caller: &Caller<UserOnly>,
    job: JobId,
    wait: Duration,
) -> Result<Option<(JobState, Position)>, Problem> {
    // Waiting is a preference: when all places are taken, the answer is simply what it is now.
    let Ok(_place) = app.waits.try_acquire() else { return Ok(None) };
    tokio::select! {
        found = until_finished(app, caller.account, job, wait) => found,
        () = app.shutdown.cancelled() => Ok(None),
    }
}

pub(crate) async fn paid(
    app: &App,
    caller: &Caller<UserOnly>,
    outcome: Outcome,
) -> Result<PaidGeneration, Problem> {
    let (job, state) =
        outcome.jobs.first().ok_or_else(|| Problem::internal("a command on a job answered without it"))?;
    let generation = Generation::of_state(*job, state);
    let balance = match outcome.account {
        Some(account) => account.available(outcome.at),
        None => balance(app, caller).await?,
    };
    Ok(PaidGeneration { generation, balance: Amount(balance) })
}

async fn balance(app: &App, caller: &Caller<UserOnly>) -> Result<Credits, Problem> {
    let viewed = as_of::current(app, caller.account).await?;
    Ok(viewed.state.available(viewed.at))
}
