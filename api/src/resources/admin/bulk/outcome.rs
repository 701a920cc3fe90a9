//! What a request says that acts at once, or only tries.

use crate::words::scalars::{Amount, GenerationId, Instant, Total};
use ledger::{Credits, JobId, Position};
use poem_openapi::Object;
use projections::dead_letters::DeadLetter;

/// Refusals that are listed; the rest is only counted, by what is neither done nor remaining.
const MAX_REFUSALS: usize = 1_000;

/// A dead letter that was left as it is.
#[derive(Debug, Clone, Object)]
pub(super) struct LeftAlone {
    /// The generation.
    pub id: GenerationId,
    /// Why, as in a problem document.
    pub code: String,
}

/// What was done, or would be.
#[derive(Debug, Clone, Object)]
pub(super) struct BulkOutcome {
    /// How many match.
    pub matched: u64,
    /// How many were done.
    pub done: u64,
    /// Those that were not, at most a thousand of them.
    pub refused: Vec<LeftAlone>,
    /// Credits held by those that were done, or would be: given back by a discard, spent again by a retry. With a `plan` the
    /// same as its `credits`, or 0 if those are more than an amount may be.
    pub credits: Amount,
    /// How many match and were not looked at yet; send the same again to go on.
    pub remaining: u64,
    /// Whether nothing was done because nothing was to be done.
    pub dry_run: bool,
    /// What an action in the background would be about: with `Prefer: respond-async` and `dry_run`.
    #[oai(skip_serializing_if_is_none)]
    pub plan: Option<BulkPlan>,
    /// The newest event of those that were done.
    #[oai(skip)]
    pub position: Option<Position>,
}

/// What an action in the background would be about.
#[derive(Debug, Clone, Object)]
pub(super) struct BulkPlan {
    /// How many users they belong to.
    pub people: u64,
    /// What was taken for all of them: given back by a discard, spent again by a retry.
    pub credits: Total,
    /// By why they died and where, most first; at most a hundred.
    pub groups: Vec<DeadGroup>,
    /// Some of them, newest first.
    pub samples: Vec<GenerationId>,
    /// How long it would take at its rate, in seconds, the wait for the canary not counted.
    pub seconds: u64,
}

/// Dead letters that share a cause.
#[derive(Debug, Clone, Object)]
pub(super) struct DeadGroup {
    /// The failure code.
    pub code: String,
    /// The model.
    pub model: String,
    /// How many.
    pub count: u64,
    /// What was taken for them.
    pub credits: Total,
    /// When the latest died.
    pub latest: Instant,
}

impl Default for BulkOutcome {
    fn default() -> BulkOutcome {
        BulkOutcome {
            matched: 0,
            done: 0,
            refused: Vec::new(),
            credits: Amount(Credits::ZERO),
            remaining: 0,
            dry_run: false,
            plan: None,
            position: None,
        }
    }
}

impl BulkOutcome {
    pub(super) fn count(&mut self, job: &DeadLetter, position: Option<Position>) {
        self.done += u64::from(position.is_some());
        self.position = self.position.max(position);
        // Ten thousand jobs stay far below the largest amount unless each costs a hundred million.
        self.credits = Amount(self.credits.0.checked_add(job.charged).unwrap_or(self.credits.0));
    }

    pub(super) fn refuse(&mut self, id: JobId, code: &str) {
        if self.refused.len() < MAX_REFUSALS {
            self.refused.push(LeftAlone { id: GenerationId(id), code: code.to_owned() });
        }
    }
}
