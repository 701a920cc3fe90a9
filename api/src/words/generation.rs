//! A generation as it reads everywhere: in answers, lists, events and behind `Prefer: wait`.

use crate::serve::body::body;
use crate::words::failure::GenerationFailure;
use crate::words::scalars::{Amount, GenerationId, Instant, KindName, StatusName};
use ledger::job::{Failure, JobRequest, JobState, Output, Params, Status};
use ledger::{Credits, JobId};
use poem_openapi::{Enum, Object};

/// A generation.
#[derive(Debug, Clone, Object)]
pub(crate) struct Generation {
    /// Its id.
    pub id: GenerationId,
    /// What it makes.
    pub kind: KindName,
    /// The model that makes it.
    pub model: String,
    /// What was asked for.
    pub prompt: String,
    /// How many outputs.
    pub count: u32,
    /// Wishes that were given.
    pub params: GenerationParams,
    /// Where it is in its life.
    pub status: StatusName,
    /// What one run costs, in credits.
    pub cost: Amount,
    /// Whether it costs that, or at most that.
    pub cost_is: CostIs,
    /// What was taken or is set aside for it now, and was not given back.
    pub charged: Amount,
    /// The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there is none.
    #[oai(skip_serializing_if_is_none)]
    pub kept: Option<Amount>,
    /// What cancelling it now would keep of its price, because its provider has begun; left out if all would come back.
    #[oai(skip_serializing_if_is_none)]
    pub cancel_keeps: Option<Amount>,
    /// Whether that is only set aside: the price is known when the generation is done.
    pub on_hold: bool,
    /// Attempts of this run.
    pub attempts: u32,
    /// Why it failed, if it did.
    pub failure: Option<GenerationFailure>,
    /// What was made.
    pub outputs: Vec<GenerationOutput>,
    /// When it was first queued.
    pub created_at: Instant,
    /// When it finished, if it has.
    pub finished_at: Option<Instant>,
}

/// What a price says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum CostIs {
    /// It is the price.
    Exact,
    /// It is the most that it can be; what it is depends on what is made.
    AtMost,
}

impl CostIs {
    /// Of a price that may depend on the seconds that are made.
    pub(crate) fn of(per_second: Option<Credits>) -> CostIs {
        if per_second.is_some() { CostIs::AtMost } else { CostIs::Exact }
    }
}

body! {
    /// Optional wishes; what is absent is the model's own default.
    #[derive(Default)]
    pub(crate) struct GenerationParams {
        /// Width of an output, in pixels.
        #[oai(skip_serializing_if_is_none, validator(minimum(value = "64")))]
        pub width: Option<u32>,
        /// Height of an output, in pixels.
        #[oai(skip_serializing_if_is_none, validator(minimum(value = "64")))]
        pub height: Option<u32>,
        /// The same seed and prompt give the same output.
        #[oai(skip_serializing_if_is_none)]
        pub seed: Option<u32>,
        /// Length of a clip, in seconds; video models only.
        #[oai(skip_serializing_if_is_none, validator(minimum(value = "1")))]
        pub seconds: Option<u32>,
    }
}

/// One output.
#[derive(Debug, Clone, Object)]
pub(crate) struct GenerationOutput {
    /// Its place, from 0.
    pub index: u32,
    /// Where its bytes are; the same token is needed.
    pub url: String,
    /// Its MIME type.
    pub content_type: String,
    /// Width in pixels; 0 for a clip whose file does not tell.
    pub width: u32,
    /// Height in pixels; 0 for a clip whose file does not tell.
    pub height: u32,
    /// SHA-256 of its bytes, in lower-case hexadecimal; older outputs have none.
    #[oai(skip_serializing_if_is_none)]
    pub sha256: Option<String>,
    /// Where a small copy is, if there is one; the same token is needed.
    #[oai(skip_serializing_if_is_none)]
    pub thumbnail_url: Option<String>,
}

impl Generation {
    /// From the log.
    pub(crate) fn of_state(id: JobId, job: &JobState) -> Generation {
        Generation {
            status: StatusName(job.status),
            cost: Amount(job.cost),
            cost_is: CostIs::of(job.per_second),
            charged: Amount(job.charged_in_all()),
            kept: something(job.kept_in_all()),
            cancel_keeps: something(job.cancel_keeps()),
            on_hold: job.on_hold,
            attempts: job.attempts,
            failure: shown(job.status, job.failure.as_ref()),
            outputs: outputs(id, &job.outputs),
            created_at: Instant(job.created_at),
            finished_at: job.finished_at.map(Instant),
            ..Generation::asked(id, &job.request)
        }
    }

    /// From the read model.
    pub(crate) fn of_row(row: &projections::generations::Generation) -> Generation {
        Generation {
            status: StatusName(row.status),
            cost: Amount(row.cost),
            cost_is: CostIs::of(row.per_second),
            charged: Amount(row.charged),
            kept: something(row.kept),
            cancel_keeps: something(row.cancel_keeps),
            on_hold: row.on_hold,
            attempts: row.attempts,
            failure: shown(row.status, row.failure.as_ref()),
            outputs: outputs(row.id, &row.outputs),
            created_at: Instant(row.created_at),
            finished_at: row.finished_at.map(Instant),
            ..Generation::asked(row.id, &row.request)
        }
    }

    /// What was asked for; the rest is filled in by the two above.
    fn asked(id: JobId, request: &JobRequest) -> Generation {
        Generation {
            id: GenerationId(id),
            kind: KindName(request.kind),
            model: request.model.clone(),
            prompt: request.prompt.clone(),
            count: request.count,
            params: request.params.into(),
            status: StatusName(Status::Queued),
            cost: Amount(Credits::ZERO),
            cost_is: CostIs::Exact,
            charged: Amount(Credits::ZERO),
            kept: None,
            cancel_keeps: None,
            on_hold: false,
            attempts: 0,
            failure: None,
            outputs: Vec::new(),
            created_at: Instant(chrono::DateTime::UNIX_EPOCH),
            finished_at: None,
        }
    }

    /// Where it is.
    pub(crate) fn location(&self) -> String {
        location(self.id.0)
    }
}

fn something(amount: Credits) -> Option<Amount> {
    Some(amount).filter(|amount| !amount.is_zero()).map(Amount)
}

/// The address of a generation.
pub(crate) fn location(id: JobId) -> String {
    format!("/v1/generations/{id}")
}

/// The failure of an attempt is shown while it is tried again; of one that was cancelled it is beside the point.
fn shown(status: Status, failure: Option<&Failure>) -> Option<GenerationFailure> {
    match status {
        Status::Succeeded | Status::Cancelled => None,
        Status::Queued | Status::Running | Status::Failed | Status::Dead | Status::Discarded => {
            failure.map(|failure| GenerationFailure::for_its_user(failure, status))
        }
    }
}

fn output_url(id: JobId, output: &Output) -> String {
    format!("{}/outputs/{}", location(id), output.index)
}

fn outputs(id: JobId, outputs: &[Output]) -> Vec<GenerationOutput> {
    let shown = outputs.iter().map(|output| GenerationOutput {
        index: output.index,
        url: output_url(id, output),
        content_type: output.content_type.clone(),
        width: output.width,
        height: output.height,
        sha256: output.sha256.clone(),
        thumbnail_url: output.thumbnail.as_ref().map(|_| format!("{}/thumbnail", output_url(id, output))),
    });
    shown.collect()
}

impl From<Params> for GenerationParams {
    fn from(params: Params) -> GenerationParams {
        let Params { width, height, seed, seconds } = params;
        GenerationParams { width, height, seed, seconds }
    }
}

impl From<GenerationParams> for Params {
    fn from(params: GenerationParams) -> Params {
        let GenerationParams { width, height, seed, seconds } = params;
        Params { width, height, seed, seconds }
    }
}
