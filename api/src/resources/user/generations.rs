//! `/v1/generations`: buy one, list them, look at one, stop it, run it again.
//!
//! Buying executes one statement: the ledger's INSERT. The token is checked, the price made and the answer written
//! without asking the database.

use super::cancelled::{CancelledGeneration, Stopped, came_back};
use super::purchase::{Bought, Created, FinishedOrQuoted, bought, execute, paid, quoted, unknown, waited};
use super::quote::PurchaseQuote;
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::body::{Strict, Tried, body};
use crate::serve::conditional::{is_known, state_tag};
use crate::serve::cursor::{List, Moment};
use crate::serve::declared::{Answer, Change, PaidChange, Purchase, ReadList, ReadOne};
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, export, split};
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::{FieldError, Problem};
use crate::serve::{freshness, idempotency, preference};
use crate::words::generation::{Generation, GenerationParams};
use crate::words::scalars::{
    Amount, Boundary, Count, GenerationId, Instant, KindName, Limit, LogPosition, ModelId, PromptText,
    SearchText, StatusName, Term, page_size,
};
use crate::words::zones::instant_of;
use chrono_tz::Tz;
use ledger::catalogue::{Catalogue, QuoteError};
use ledger::job::{JobCommand, JobRequest, Kind};
use ledger::{AccountId, Action, JobId, NewJob, Position, read};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use projections::generation_list::{self, Cursor, Filter};

body! {
    /// A generation to buy.
    pub(crate) struct NewGeneration {
        /// The model, from `GET /v1/models`.
        pub model: ModelId,
        /// What to make. Taken as it is, blanks and all.
        pub prompt: PromptText,
        /// What the model makes; only to be sure.
        pub kind: Option<KindName>,
        /// How many outputs; 1 if left out.
        pub count: Option<Count>,
        /// Optional wishes.
        pub params: Option<GenerationParams>,
    }
}

impl NewGeneration {
    /// A job of the request with its defaults, its price, and the terms under which it is bought.
    pub(crate) fn priced(self, catalogue: &Catalogue) -> Result<NewJob, Problem> {
        let known = catalogue.get(&self.model.0).map(|model| model.kind);
        let request = JobRequest {
            kind: self.kind.map(|kind| kind.0).or(known).unwrap_or(Kind::Image),
            model: self.model.0,
            prompt: self.prompt.0,
            count: self.count.map_or(1, |count| count.0),
            params: self.params.unwrap_or_default().into(),
        };
        let price = catalogue.quote(&request).map_err(refused)?;
        let late_cancel = catalogue.late_cancel(&request.model);
        Ok(NewJob { job_id: JobId::generate(), request: request.into(), price, late_cancel })
    }
}

fn refused(error: QuoteError) -> Problem {
    match error {
        QuoteError::UnknownModel { .. } => {
            let message = format!("is not on offer: {error}; see GET /v1/models");
            Problem::unprocessable("model_unknown", error.to_string()).naming("model", message)
        }
        QuoteError::OutOfRange(wrong) => {
            Problem::values(wrong.into_iter().map(|wrong| FieldError::new(wrong.field, wrong.problem)))
        }
    }
}

/// A page of generations, newest first.
#[derive(Debug, Object)]
pub(crate) struct GenerationPage {
    items: Vec<Generation>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// Everything that was bought since then was looked at, and older ones were not: one answer compares 10,000 generations at
    /// most, and `next_cursor` goes on from there. Left out if nothing was cut short.
    #[oai(skip_serializing_if_is_none)]
    searched_until: Option<Instant>,
}

/// The generations of an account that are looked for.
struct Sought {
    account: AccountId,
    filter: Filter,
}

impl Walk for Sought {
    type Item = Generation;
    type Place = (Moment, JobId);

    async fn page(
        &self,
        app: &App,
        after: Option<(Moment, JobId)>,
        limit: i64,
    ) -> Result<Part<Generation, (Moment, JobId)>, Problem> {
        let before = after.map(|(Moment(created_at), job_id)| Cursor { created_at, job_id });
        let client = app.reader().await?;
        let found = generation_list::list(&**client, self.account, &self.filter, before, limit + 1).await?;
        let (shown, next) = split(&found.generations, limit, |last| (Moment(last.created_at), last.id));
        let part = Part::new(shown.iter().map(Generation::of_row).collect(), next);
        Ok(part.stopped_at(found.cut.map(|cut| (Moment(cut.created_at), cut.job_id))))
    }
}

/// One generation.
#[derive(ApiResponse)]
#[expect(clippy::large_enum_variant, reason = "made once and written at once")]
enum One {
    /// The generation as it is now.
    #[oai(status = 200)]
    Current(
        Json<Generation>,
        /// Names this state of it.
        #[oai(header = "ETag")]
        String,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        i64,
    ),
    /// Nothing has changed since the state in `If-None-Match`.
    #[oai(status = 304)]
    Unchanged(
        /// Names this state of it.
        #[oai(header = "ETag")]
        String,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        i64,
    ),
}

/// See the module.
pub(crate) struct Generations;

#[OpenApi(tag = "Tag::Generations")]
impl Generations {
    /// Buy a generation
    ///
    /// Takes the price and queues the work, or does neither. A price that depends on what is made is only set aside:
    /// `cost` is the most that it can be, and what it was is taken when the generation is done.
    #[oai(path = "/v1/generations", method = "post", operation_id = "createGeneration")]
    async fn create(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        /// `wait=N`: wait up to N seconds (at most 30) for the end.
        #[oai(name = "Prefer")]
        prefer: Header<Option<String>>,
        body: Strict<Tried<NewGeneration>>,
    ) -> Answer<Created, Purchase> {
        let Tried { body, dry_run } = body.0;
        let job = body.priced(&app.catalogue())?;
        let idempotency = idempotency::of(key.0, "createGeneration", &*job.request)?;
        let action = Action::Queue { jobs: vec![job] };
        if dry_run {
            let outcome = quoted(&app, &caller, idempotency, action).await?;
            let quote = Json(FinishedOrQuoted::Quoted(PurchaseQuote::of(&outcome)?));
            return Ok(Created::Done(quote, None, None, outcome.replayed.then_some(true)));
        }
        let outcome = execute(&app, &caller, idempotency, action).await?;
        Ok(bought(&app, &caller, outcome, preference::wait(prefer.0.as_deref())).await?.into())
    }

    /// List your generations
    ///
    /// Newest first. All filters that are given must hold.
    #[oai(path = "/v1/generations", method = "get", operation_id = "listGenerations")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn list(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only those in this status.
        status: Query<Option<StatusName>>,
        /// Only those of this kind.
        kind: Query<Option<KindName>>,
        /// Only those made by this model.
        model: Query<Option<Term>>,
        /// Only those bought since then: a day (UTC) or an instant.
        from: Query<Option<Boundary>>,
        /// Only those bought before then: a day (UTC) or an instant.
        until: Query<Option<Boundary>>,
        /// Only those with this text in their prompt; small letters and capitals are the same, beyond ASCII in the ways people write them.
        q: Query<Option<SearchText>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Listed<GenerationPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let filter = Filter {
            status: status.0.map(|status| status.0),
            kind: kind.0.map(|kind| kind.0),
            model: model.0.map(|model| model.0),
            from: from.0.map(|from| instant_of(from.0, Tz::UTC)),
            until: until.0.map(|until| instant_of(until.0, Tz::UTC)),
            text: q.0.map(|text| text.0),
        };
        if filter.from.zip(filter.until).is_some_and(|(from, until)| from >= until) {
            let message = "must be before `until`, which does not belong to the range";
            return Err(Problem::parameter("from", message).into());
        }
        let Filter { status, kind, model, from, until, text } = &filter;
        // Without the newer filters a cursor is the one that the release before gives out.
        let list = if from.is_none() && until.is_none() && text.is_none() {
            List::new("generations", &(caller.account, status, kind, model))
        } else {
            List::new("generations", &(caller.account, status, kind, model, from, until, text))
        };
        let place = list.place(cursor.0.as_ref())?;
        freshness::wait(&app, position.0).await?;
        let sought = Sought { account: caller.account, filter };
        if let Some(form) = form {
            return Ok(Listed::File(export(&app, &caller, "generations", form, sought).await?));
        }
        let Part { items, next, is_cut } = sought.page(&app, place, page_size(limit.0)).await?;
        Ok(Listed::Page(GenerationPage {
            items,
            next_cursor: next.as_ref().map(|next| list.cursor(next)),
            searched_until: next.filter(|_| is_cut).map(|(Moment(at), _)| Instant(at)),
        }))
    }

    /// Look at a generation
    ///
    /// Read from the log, so it is never stale.
    #[oai(path = "/v1/generations/:id", method = "get", operation_id = "getGeneration")]
    async fn get(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// `wait=N`: wait up to N seconds (at most 30) for the end.
        #[oai(name = "Prefer")]
        prefer: Header<Option<String>>,
        /// The `ETag` of the state that is known already.
        #[oai(name = "If-None-Match")]
        known: Header<Option<String>>,
    ) -> Answer<One, ReadOne> {
        let job = id.0.0;
        let found = match preference::wait(prefer.0.as_deref()) {
            Some(wait) => waited(&app, &caller, job, wait).await?,
            None => None,
        };
        let (state, Position(newest)) = match found {
            Some(found) => found,
            None => {
                let found = read::job_at(&**app.reader().await?, caller.account, job).await?;
                found.ok_or_else(unknown)?
            }
        };
        let generation = Generation::of_state(job, &state);
        let etag = state_tag(&generation);
        let is_known = is_known(known.0.as_deref(), &etag);
        Ok(if is_known { One::Unchanged(etag, newest) } else { One::Current(Json(generation), etag, newest) })
    }

    /// Cancel a generation
    ///
    /// Stops it if it has not ended, and gives the credits back. Once its provider has begun, a part of the price may be
    /// kept: `late_cancel` of the model says how much, `cancel_keeps` of the generation what it comes to now. Harmless to
    /// repeat.
    #[oai(path = "/v1/generations/:id/cancel", method = "post", operation_id = "cancelGeneration")]
    async fn cancel(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// The most that may be kept, such as the `cancel_keeps` that a person was shown: if it would be more by now,
        /// nothing is done and the answer is `cancel_keeps_more`. Left out, whatever the terms say is accepted.
        max_kept: Query<Option<Amount>>,
    ) -> Answer<Stopped, Change> {
        let command = JobCommand::CancelByUser { max_kept: max_kept.0.map(|most| most.0) };
        let action = Action::Job { job_id: id.0.0, command };
        let outcome = execute(&app, &caller, None, action).await?;
        let position = outcome.position.map(|position| position.0);
        let came_back = came_back(&outcome);
        let cancelled = CancelledGeneration::of(paid(&app, &caller, outcome).await?, came_back);
        Ok(Stopped::Done(Json(cancelled), position))
    }

    /// Run a generation again
    ///
    /// For one that failed, was cancelled or was given up, and so was refunded: debits its price again and queues
    /// it. One that used up its attempts is paid for and waits for an operator.
    #[oai(path = "/v1/generations/:id/retry", method = "post", operation_id = "retryGeneration")]
    async fn retry(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// Makes a repeat harmless.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        /// `wait=N`: wait up to N seconds (at most 30) for the end.
        #[oai(name = "Prefer")]
        prefer: Header<Option<String>>,
    ) -> Answer<Bought, PaidChange> {
        let job_id = id.0.0;
        let idempotency = idempotency::of(key.0, "retryGeneration", &job_id)?;
        let action = Action::Job { job_id, command: JobCommand::Rerun };
        let outcome = execute(&app, &caller, idempotency, action).await?;
        Ok(bought(&app, &caller, outcome, preference::wait(prefer.0.as_deref())).await?)
    }
}
