//! `POST /v1/generations/batch`: buy up to a hundred generations, all or none.

use super::generations::NewGeneration;
use super::purchase::{execute, quoted};
use super::quote::{BatchQuote, left};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::body::{Items, Strict, Tried, body};
use crate::serve::declared::{Answer, Purchase};
use crate::serve::idempotency;
use crate::serve::parameter::Header;
use crate::serve::problem::{FieldError, Problem};
use crate::words::generation::Generation;
use crate::words::scalars::Amount;
use ledger::{Action, MAX_JOBS_PER_COMMAND, NewJob};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

body! {
    /// Generations to buy together.
    struct NewBatch {
        /// Each as it would be bought alone.
        items: Items<NewGeneration, MAX_JOBS_PER_COMMAND>,
    }
}

/// The generations of a batch, and the balance after it.
#[derive(Debug, Object)]
struct PaidBatch {
    /// In the order in which they were asked for.
    items: Vec<Generation>,
    /// Credits that can be spent now.
    balance: Amount,
}

/// The answer to a batch.
#[derive(ApiResponse)]
enum Bought {
    /// What it would cost (`dry_run`). Nothing was written, and an `Idempotency-Key` is still unused.
    #[oai(status = 200)]
    Quoted(
        Json<BatchQuote>,
        /// `true` if it was bought before, under the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// All are paid for and queued.
    #[oai(status = 202)]
    Queued(
        Json<PaidBatch>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// See the module.
pub(crate) struct Batch;

#[OpenApi(tag = "Tag::Generations")]
impl Batch {
    /// Buy many generations at once
    ///
    /// All or none: if the credits do not cover them all, nothing is taken and nothing queued.
    #[oai(path = "/v1/generations/batch", method = "post", operation_id = "createBatch")]
    async fn create(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<NewBatch>>,
    ) -> Answer<Bought, Purchase> {
        let Tried { body, dry_run } = body.0;
        let jobs = priced(&app, body)?;
        let asked: Vec<_> = jobs.iter().map(|job| &job.request).collect();
        let idempotency = idempotency::of(key.0, "createBatch", &asked)?;
        let action = Action::Queue { jobs };
        if dry_run {
            let outcome = quoted(&app, &caller, idempotency, action).await?;
            let quote = BatchQuote::of(&outcome)?;
            return Ok(Bought::Quoted(Json(quote), outcome.replayed.then_some(true)));
        }
        let outcome = execute(&app, &caller, idempotency, action).await?;
        let items = outcome.jobs.iter().map(|(job, state)| Generation::of_state(*job, state)).collect();
        let paid = PaidBatch { items, balance: left(&outcome)? };
        let position = outcome.position.map(|position| position.0);
        Ok(Bought::Queued(Json(paid), position, outcome.replayed.then_some(true)))
    }
}

/// Prices every item; problems of all of them are told at once.
fn priced(app: &App, batch: NewBatch) -> Result<Vec<NewJob>, Problem> {
    let (Items(items), catalogue) = (batch.items, app.catalogue());
    let mut jobs = Vec::with_capacity(items.len());
    let mut refused: Option<Problem> = None;
    for (index, item) in items.into_iter().enumerate() {
        match item.priced(&catalogue) {
            Ok(job) => jobs.push(job),
            Err(mut problem) => {
                let errors = std::mem::take(&mut problem.errors);
                let placed = errors.into_iter().map(|error| at(index, error));
                refused.get_or_insert(problem).errors.extend(placed);
            }
        }
    }
    refused.map_or(Ok(jobs), Err)
}

fn at(index: usize, error: FieldError) -> FieldError {
    FieldError { field: format!("items[{index}].{}", error.field), ..error }
}
