//! What people decide about incidents. Pure: what was decided last, what is asked for and what time it is give what is written.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Leave it alone until the terms are over.
    Ignore(Terms),
    /// It is mended: the next job that dies of it is a regression.
    Resolve,
    /// Take it up again.
    Reopen,
}

/// For how long an incident is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Until this instant.
    Until(DateTime<Utc>),
    /// Until so many more jobs that died of it wait.
    More(u32),
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A person left it alone for a while.
    Ignored,
    /// A person said that it is mended.
    Resolved,
    /// A person took it up again.
    Reopened,
    /// A job died of it after it was resolved.
    Regressed,
    /// The terms under which it was ignored are over.
    IgnoreOver,
}

impl Event {
    /// Every value.
    pub const ALL: [Event; 5] =
        [Event::Ignored, Event::Resolved, Event::Reopened, Event::Regressed, Event::IgnoreOver];

    /// As it is written in the table and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Ignored => "ignored",
            Event::Resolved => "resolved",
            Event::Reopened => "reopened",
            Event::Regressed => "regressed",
            Event::IgnoreOver => "ignore_over",
        }
    }
}

/// How an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It was resolved, and a job died of it afterwards.
    Regressed,
    /// Somebody should look at it.
    Open,
    /// It is left alone for a while.
    Ignored,
    /// It is mended.
    Resolved,
}

impl State {
    /// Every value.
    pub const ALL: [State; 4] = [State::Regressed, State::Open, State::Ignored, State::Resolved];

    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Regressed => "regressed",
            State::Open => "open",
            State::Ignored => "ignored",
            State::Resolved => "resolved",
        }
    }
}

/// What was decided last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Last<'a> {
    pub revision: u32,
    pub event: Event,
    pub terms: Option<Terms>,
    pub actor: &'a str,
}

/// How an incident stands, of which `died_since` jobs have died since the last decision.
pub(super) fn state(last: Option<Last<'_>>, died_since: u64, now: DateTime<Utc>) -> State {
    let Some(last) = last else { return State::Open };
    match (last.event, last.terms) {
        (Event::Resolved, _) if died_since == 0 => State::Resolved,
        (Event::Resolved | Event::Regressed, _) => State::Regressed,
        (Event::Ignored, Some(Terms::Until(until))) if now < until => State::Ignored,
        (Event::Ignored, Some(Terms::More(more))) if died_since < u64::from(more) => State::Ignored,
        (Event::Ignored | Event::Reopened | Event::IgnoreOver, _) => State::Open,
    }
}

/// What a request leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// A row with this revision.
    Write(u32),
    /// It is so already.
    AlreadyApplied,
    /// Somebody decided otherwise after the revision that was seen.
    Stale,
}

/// What is written if `actor`, who saw the revision `expected`, wants `deed`; 0 is that of an incident about which nothing was
/// decided.
pub(super) fn decide(
    last: Option<Last<'_>>,
    state: State,
    deed: Deed,
    expected: u32,
    actor: &str,
) -> Decision {
    let revision = last.map_or(0, |last| last.revision);
    let is_so = is_so(last, state, deed);
    // An answer that was lost is asked for again with the revision that was seen then.
    let is_repeat = expected + 1 == revision && last.is_some_and(|last| last.actor == actor);
    match (expected == revision, is_so) {
        (true, false) => Decision::Write(revision + 1),
        (true, true) => Decision::AlreadyApplied,
        (false, true) if is_repeat => Decision::AlreadyApplied,
        (false, _) => Decision::Stale,
    }
}

fn is_so(last: Option<Last<'_>>, state: State, deed: Deed) -> bool {
    match deed {
        Deed::Ignore(terms) => state == State::Ignored && last.and_then(|last| last.terms) == Some(terms),
        Deed::Resolve => state == State::Resolved,
        Deed::Reopen => state == State::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Deed, Event, Last, State, Terms, decide, state};
    use chrono::{DateTime, Utc};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn last(event: Event, terms: Option<Terms>) -> Option<Last<'static>> {
        Some(Last { revision: 3, event, terms, actor: "admin:ada" })
    }

    #[test]
    fn how_it_stands_follows_from_the_last_decision_and_what_died_since() {
        let (until, more) = (Some(Terms::Until(at(10))), Some(Terms::More(2)));
        for (last, died_since, now, expected) in [
            (None, 0, 0, State::Open),
            (None, 9, 0, State::Open),
            (last(Event::Resolved, None), 0, 99, State::Resolved),
            (last(Event::Resolved, None), 1, 99, State::Regressed),
            (last(Event::Regressed, None), 0, 99, State::Regressed),
            (last(Event::Ignored, until), 500, 9, State::Ignored),
            (last(Event::Ignored, until), 0, 10, State::Open),
            (last(Event::Ignored, more), 1, 99, State::Ignored),
            (last(Event::Ignored, more), 2, 99, State::Open),
            (last(Event::IgnoreOver, None), 0, 99, State::Open),
            (last(Event::Reopened, None), 5, 99, State::Open),
        ] {
            assert_eq!(state(last, died_since, at(now)), expected, "{last:?} {died_since} {now}");
        }
    }

    #[test]
    fn whoever_saw_an_older_revision_is_refused_but_for_the_same_again() {
        let ignore = Deed::Ignore(Terms::More(2));
        let resolved = last(Event::Resolved, None);
        let ignored = last(Event::Ignored, Some(Terms::More(2)));
        for (last, state, deed, expected, actor, decision) in [
            (None, State::Open, Deed::Resolve, 0, "admin:ada", Decision::Write(1)),
            (None, State::Open, Deed::Resolve, 1, "admin:ada", Decision::Stale),
            (None, State::Open, Deed::Reopen, 0, "admin:ada", Decision::AlreadyApplied),
            (resolved, State::Resolved, Deed::Resolve, 3, "admin:bo", Decision::AlreadyApplied),
            (resolved, State::Resolved, Deed::Resolve, 2, "admin:ada", Decision::AlreadyApplied),
            (resolved, State::Resolved, Deed::Resolve, 2, "admin:bo", Decision::Stale),
            (resolved, State::Resolved, ignore, 2, "admin:ada", Decision::Stale),
            (resolved, State::Resolved, Deed::Reopen, 3, "admin:bo", Decision::Write(4)),
            (resolved, State::Regressed, Deed::Resolve, 3, "admin:ada", Decision::Write(4)),
            (resolved, State::Regressed, Deed::Reopen, 3, "admin:ada", Decision::Write(4)),
            (ignored, State::Ignored, ignore, 3, "admin:bo", Decision::AlreadyApplied),
            (ignored, State::Ignored, Deed::Ignore(Terms::More(3)), 3, "admin:bo", Decision::Write(4)),
            (ignored, State::Open, ignore, 3, "admin:ada", Decision::Write(4)),
        ] {
            assert_eq!(
                decide(last, state, deed, expected, actor),
                decision,
                "{last:?} {state:?} {deed:?} {expected:?} {actor}"
            );
        }
    }
}
