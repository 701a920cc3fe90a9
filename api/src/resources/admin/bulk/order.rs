//! What is asked of many dead letters: which, what, and how fast.

use super::filter::{DeadFilter, fixed};
use crate::serve::body::{self, Items, Place, Readable, body};
use crate::serve::problem::{FieldError, Problem};
use crate::words::bulk::{CanarySize, MatchCount, Percent, RatePerSecond};
use crate::words::scalars::{GenerationId, PastAge, Reason, RunNumber};
use chrono::{DateTime, Utc};
use ledger::JobId;
use poem_openapi::Enum;
use poem_openapi::types::ToJSON;
use projections::bulk::{self, Choice};
use serde_json::{Map, Value};

/// Most dead letters of one request.
pub(super) const MAX_JOBS: usize = 10_000;

/// How fast an action goes that does not say: slow enough for somebody to see what it does.
const USUAL_RATE: u32 = 10;

/// How many are tried first.
const USUAL_CANARY: u32 = 10;

/// When an action pauses by itself that does not say.
const USUAL_LIMIT: u32 = 50;

/// What to do with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum Deed {
    /// Queue them again, at no cost.
    Retry,
    /// Give them up and refund their users.
    Discard,
}

body! {
    /// An action on many dead letters: those with these ids, or all that match.
    pub(super) struct BulkAction {
        /// What to do.
        pub action: Deed,
        /// These; either this or `filter`.
        ids: Option<Items<GenerationId, MAX_JOBS>>,
        /// The `run` of each of `ids` that was looked at, in the same order: those that have been run again since are left
        /// alone as `run_stale`.
        runs: Option<Items<RunNumber, MAX_JOBS>>,
        /// All that match; either this or `ids`. An empty filter matches every dead letter.
        filter: Option<DeadFilter>,
        /// Do nothing if more than so many match `filter`: what a dry run counted, so that nothing happens to one that nobody saw.
        #[oai(skip_serializing_if_is_none)]
        at_most: Option<MatchCount>,
        /// Only say what would be done.
        #[oai(default)]
        pub dry_run: bool,
        /// Why; written beside every event. Needed with `Prefer: respond-async`, as what follows goes with it alone.
        reason: Option<Reason>,
        /// Most a second; 10 if left out.
        rate: Option<RatePerSecond>,
        /// So many are done first and their ends waited for; 10 if left out, 0 for none.
        canary: Option<CanarySize>,
        /// It pauses by itself once more of a hundred ended badly; 50 if left out, 100 for never.
        pause_above_percent: Option<Percent>,
    }
    together one_choice
}

/// Either `ids` or `filter`, as many `runs` as `ids`, and `at_most` of a filter alone.
fn one_choice(object: &mut body::Object<'_>) {
    if object.has("ids") == object.has("filter") {
        object.refuse("ids", "or `filter` must be given, and not both");
    }
    if object.has("at_most") && !object.has("filter") {
        object.refuse("at_most", "goes with `filter`");
    }
    if object.has("runs") && object.length("runs").is_some() && object.length("runs") != object.length("ids")
    {
        object.refuse("runs", "must have one run for each of `ids`");
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

/// The most that may match, where the order says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtMost(Option<u32>);

impl AtMost {
    pub(super) const ANY: AtMost = AtMost(None);

    /// Refuses an order that is about more than was seen.
    pub(super) fn allow(self, matched: u64) -> Result<(), Problem> {
        match self.0 {
            Some(most) if matched > most.into() => {
                let message = format!("is less than the {matched} that match by now; look again");
                Err(Problem::value("at_most", message))
            }
            _ => Ok(()),
        }
    }
}

/// How an action in the background goes.
pub(super) struct Pace {
    pub reason: Option<String>,
    pub rate: u32,
    pub canary: u32,
    pub pause_above_percent: u32,
}

impl BulkAction {
    /// The fields that are there and go with an action in the background alone, each as what is wrong with it.
    pub(super) fn paced(&self) -> Vec<FieldError> {
        let paced = [
            ("reason", self.reason.is_some()),
            ("rate", self.rate.is_some()),
            ("canary", self.canary.is_some()),
            ("pause_above_percent", self.pause_above_percent.is_some()),
        ];
        let message = "goes with the header `Prefer: respond-async`";
        paced
            .into_iter()
            .filter(|(_, is_there)| *is_there)
            .map(|(name, _)| FieldError::new(name, message))
            .collect()
    }

    pub(super) fn pace(&self) -> Pace {
        Pace {
            reason: self.reason.as_ref().map(|reason| reason.0.clone()),
            rate: self.rate.as_ref().map_or(USUAL_RATE, |rate| rate.0),
            canary: self.canary.as_ref().map_or(USUAL_CANARY, |canary| canary.0),
            pause_above_percent: self.pause_above_percent.as_ref().map_or(USUAL_LIMIT, |limit| limit.0),
        }
    }

    pub(super) fn at_most(&self) -> AtMost {
        AtMost(self.at_most.as_ref().map(|most| most.0))
    }

    /// The filter as it was asked for, without what was left out; null if they were named.
    pub(super) fn shown_filter(&self) -> Value {
        match self.filter.as_ref().and_then(ToJSON::to_json) {
            Some(Value::Object(fields)) => {
                fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
            }
            _ => Value::Null,
        }
    }

    /// Which dead letters, as of now.
    pub(super) fn choice(self, now: DateTime<Utc>) -> Choice {
        match self.ids {
            Some(ids) => Choice::Named(seen(ids.0, self.runs.map(|runs| runs.0))),
            None => Choice::Matching(fixed(self.filter.unwrap_or_default().into(), now)),
        }
    }
}

impl From<Deed> for bulk::Deed {
    fn from(deed: Deed) -> bulk::Deed {
        match deed {
            Deed::Retry => bulk::Deed::Retry,
            Deed::Discard => bulk::Deed::Discard,
        }
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
    pub(super) struct Cleanup {
        /// Those that died at least so long ago, such as `7d`.
        pub older_than: PastAge,
        /// Only say what would be done.
        #[oai(default)]
        pub dry_run: bool,
    }
}
