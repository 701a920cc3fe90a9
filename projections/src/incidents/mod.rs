//! Incidents: dead jobs that share a cause, and what people decided about each cause.
//!
//! `fingerprint` names the cause of a dead job; the name stands in its row, so that what waits of a cause is counted along an
//! index (`tally`) and no sum is kept that could be wrong. What was decided is no read model: `triage` decides, without a
//! database, and `changes` keeps each decision beside the log. `list` puts the two together. `keeper` names the rows that an
//! older program has written, and notes what came of decisions by itself.

mod calm;
mod changes;
mod fingerprint;
mod keeper;
mod list;
mod message;
mod naming;
mod tally;
mod triage;

pub use calm::{Calm, calm};
pub use changes::{Change, NewChange, Written, change, history};
pub use list::{Incident, Incidents, Rank, get, list};
pub use tally::{HOURS, Subject, Waiting};
pub use triage::{Deed, Event, State, Terms};

pub(crate) use fingerprint::{Cause, fingerprint};
pub(crate) use keeper::keep;

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("incidents: calm", calm::CALM),
    ("incidents: walk", tally::WALK),
    ("incidents: tally", tally::TALLY),
    ("incidents: samples", tally::SAMPLES),
    ("incidents: since", tally::SINCE),
    ("incidents: latest changes", changes::LATEST),
    ("incidents: newest changes", changes::NEWEST),
    ("incidents: history", changes::HISTORY),
    ("incidents: add a change", changes::ADD),
    ("incidents: note regressions", keeper::NOTE_REGRESSIONS),
    ("incidents: note what is over", keeper::NOTE_OVER),
    ("incidents: unnamed", naming::UNNAMED),
    ("incidents: name", naming::NAME),
];
