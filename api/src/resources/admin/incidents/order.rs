//! What is decided about an incident.

use crate::app::App;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{self, body};
use crate::serve::problem::Problem;
use crate::words::incidents::{MoreCount, Revision};
use crate::words::scalars::{Instant, Reason};
use chrono::{DateTime, TimeDelta, Utc};
use poem::http::StatusCode;
use projections::incidents::{self, Deed, Incident, NewChange, Terms, Written};

/// Longest that an incident may be ignored: whoever comes later should decide again.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// So often somebody else may be faster before a decision is given up.
const TRIES: u32 = 5;

body! {
    /// Leaving an incident alone for a while.
    pub(super) struct Ignoring {
        /// Until this instant; either this or `more`.
        until: Option<Instant>,
        /// Until so many more generations that died of it wait; either this or `until`.
        more: Option<MoreCount>,
        /// Why.
        pub reason: Option<Reason>,
        /// The `revision` that was looked at, 0 if nothing was decided before: if something was since, nothing is done and the
        /// answer is `incident_stale`.
        pub expected_revision: Revision,
    }
    together one_end
}

body! {
    /// What goes with a decision.
    pub(super) struct Deciding {
        /// Why.
        pub reason: Option<Reason>,
        /// The `revision` that was looked at, 0 if nothing was decided before: if something was since, nothing is done and the
        /// answer is `incident_stale`.
        pub expected_revision: Revision,
    }
}

/// Either `until` or `more`.
fn one_end(object: &mut body::Object<'_>) {
    if object.has("until") == object.has("more") {
        object.refuse("until", "or `more` must be given, and not both");
    }
}

impl Ignoring {
    pub(super) fn deed(&self, now: DateTime<Utc>) -> Result<Deed, Problem> {
        let terms = match (&self.until, &self.more) {
            (Some(Instant(until)), _) if *until <= now => {
                return Err(Problem::value("until", "must be in the future"));
            }
            (Some(Instant(until)), _) if *until > now + LONGEST => {
                return Err(Problem::value("until", "must be within a year"));
            }
            (Some(Instant(until)), _) => Terms::Until(*until),
            (None, Some(MoreCount(more))) => Terms::More(*more),
            (None, None) => return Err(Problem::internal("an incident is ignored without an end")),
        };
        Ok(Deed::Ignore(terms))
    }
}

/// Writes a decision down; the incident after it.
pub(super) async fn decide(
    app: &App,
    caller: &Caller<AdminOnly>,
    id: &str,
    deed: Deed,
    note: Deciding,
) -> Result<Incident, Problem> {
    let context = caller.context();
    let new = NewChange {
        deed,
        expected: note.expected_revision.0,
        reason: note.reason.map(|reason| reason.0),
        actor: context.actor.to_string(),
        request_id: context.request_id,
        key: context.causation_id,
        at: app.now(),
    };
    let client = app.operator().await?;
    for _ in 0..TRIES {
        let seen = incidents::get(&**client, id, new.at).await?.ok_or_else(unknown)?;
        let stands = (seen.last.as_ref(), seen.state);
        match incidents::change(&**client, (id, &seen.subject), stands, &new).await? {
            Written::Done => {
                tracing::info!(incident = id, request_id = new.request_id, "an incident was decided about");
                return incidents::get(&**client, id, app.now()).await?.ok_or_else(unknown);
            }
            Written::Stale => return Err(stale(&seen)),
            Written::Raced => {}
        }
    }
    Err(Problem::internal("others decided about this incident all the while"))
}

pub(super) fn unknown() -> Problem {
    Problem::not_found("there is no such incident; `GET /admin/dlq/incidents` lists them")
}

fn stale(seen: &Incident) -> Problem {
    let revision = seen.last.as_ref().map_or(0, |last| last.revision);
    let detail = format!(
        "it is {} at revision {revision}: somebody decided otherwise since; look again",
        seen.state.as_str()
    );
    Problem::new(StatusCode::CONFLICT, "incident_stale", "Somebody was faster", detail)
}

impl From<Ignoring> for Deciding {
    fn from(ignoring: Ignoring) -> Deciding {
        Deciding { reason: ignoring.reason, expected_revision: ignoring.expected_revision }
    }
}
