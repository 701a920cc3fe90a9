//! What is asked of many dead letters: which, what, and how fast.

use crate::serve::body::{self, Items, Place, Readable, body};
use crate::words::bulk::{CanarySize, Percent, RatePerSecond};
use crate::words::scalars::{
    ClassName, GenerationId, Instant, KindName, PastAge, Reason, RunNumber, Term, UserName,
};
use chrono::{DateTime, Utc};
use ledger::JobId;
use poem_openapi::Enum;
use poem_openapi::types::ToJSON;
use projections::bulk::{self, Choice};
use projections::dead_letters::Filter;
use serde_json::{Map, Value};
use std::time::Duration;

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
    /// Which dead letters; everything that is set must hold.
    #[derive(Default)]
    pub(super) struct DeadFilter {
        /// Of this user.
        user: Option<UserName>,
        /// Of this kind.
        kind: Option<KindName>,
        /// Made by this model.
        model: Option<Term>,
        /// Whose failure is of this class.
        class: Option<ClassName>,
        /// With this failure code.
        code: Option<Term>,
        /// That died at this instant or later.
        since: Option<Instant>,
        /// That died before this instant.
        until: Option<Instant>,
        /// That died at least so long ago.
        older_than: Option<PastAge>,
    }
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
    then BulkAction::consistent
}

impl BulkAction {
    /// Looks at how the fields go together.
    fn consistent(self, object: &mut body::Object<'_>) -> Option<BulkAction> {
        if self.ids.is_some() == self.filter.is_some() {
            object.refuse("ids", "or `filter` must be given, and not both");
        }
        let ids = self.ids.as_ref().map(|ids| ids.0.len());
        if self.runs.as_ref().is_some_and(|runs| Some(runs.0.len()) != ids) {
            object.refuse("runs", "must have one run for each of `ids`");
        }
        Some(self)
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

/// How an action in the background goes.
pub(super) struct Pace {
    pub reason: Option<String>,
    pub rate: u32,
    pub canary: u32,
    pub pause_above_percent: u32,
}

impl BulkAction {
    /// The first field that goes with an action in the background alone.
    pub(super) fn paced(&self) -> Option<&'static str> {
        [
            ("reason", self.reason.is_some()),
            ("rate", self.rate.is_some()),
            ("canary", self.canary.is_some()),
            ("pause_above_percent", self.pause_above_percent.is_some()),
        ]
        .into_iter()
        .find_map(|(name, is_there)| is_there.then_some(name))
    }

    pub(super) fn pace(&self) -> Pace {
        Pace {
            reason: self.reason.as_ref().map(|reason| reason.0.clone()),
            rate: self.rate.as_ref().map_or(USUAL_RATE, |rate| rate.0),
            canary: self.canary.as_ref().map_or(USUAL_CANARY, |canary| canary.0),
            pause_above_percent: self.pause_above_percent.as_ref().map_or(USUAL_LIMIT, |limit| limit.0),
        }
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

/// An age counts from now: what grows old enough meanwhile is for the next request, or paging would not end.
pub(super) fn fixed(filter: Filter, now: DateTime<Utc>) -> Filter {
    let Some(age) = filter.older_than else { return filter };
    let then = chrono::TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
    let until = [filter.until, then].into_iter().flatten().min();
    Filter { until, older_than: None, ..filter }
}

impl From<DeadFilter> for Filter {
    fn from(filter: DeadFilter) -> Filter {
        let older_than: Option<Duration> = filter.older_than.map(|age| age.0);
        Filter {
            user: filter.user.map(|user| user.0),
            kind: filter.kind.map(|kind| kind.0),
            model: filter.model.map(|model| model.0),
            class: filter.class.map(|class| class.0),
            code: filter.code.map(|code| code.0),
            since: filter.since.map(|since| since.0),
            until: filter.until.map(|until| until.0),
            older_than,
        }
    }
}
