//! The runs of a generation: how each began, and how it ended.

use crate::words::scalars::{Amount, Instant, RunNumber, StatusName};
use chrono::{DateTime, Utc};
use ledger::job::{JobEvent, Status};
use ledger::{Event, RecordedEvent};
use poem_openapi::Object;

/// One run: from being queued to its end.
#[derive(Debug, Object)]
#[oai(rename = "GenerationRun")]
pub(super) struct Run {
    /// Which, from 1.
    run: RunNumber,
    /// When it was queued.
    queued_at: Instant,
    /// Who asked for it.
    by: String,
    /// Why, if somebody said.
    reason: Option<String>,
    /// What was taken or set aside for it; null where an earlier run had paid for it.
    charged: Option<Amount>,
    /// How it ended; null while it goes on.
    ended: Option<StatusName>,
    /// When it ended; null while it goes on.
    ended_at: Option<Instant>,
}

/// All runs of a generation, in order. `life` are its events.
pub(super) fn runs(life: &[RecordedEvent]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for recorded in life {
        let Event::Job(event) = &recorded.event else { continue };
        let begun = |run, charged, reason: Option<&String>| Run {
            run: RunNumber(run),
            queued_at: Instant(recorded.occurred_at),
            by: recorded.actor.clone(),
            reason: reason.cloned(),
            charged,
            ended: None,
            ended_at: None,
        };
        match event {
            JobEvent::Queued { cost, .. } => runs.push(begun(1, Some(Amount(*cost)), None)),
            JobEvent::Retried { run, charged, reason, .. } => {
                runs.push(begun(*run, charged.map(Amount), reason.as_ref()));
            }
            JobEvent::Succeeded { .. } => end(&mut runs, Status::Succeeded, recorded.occurred_at),
            JobEvent::Failed { .. } => end(&mut runs, Status::Failed, recorded.occurred_at),
            JobEvent::DeadLettered { .. } => end(&mut runs, Status::Dead, recorded.occurred_at),
            JobEvent::Discarded { .. } => end(&mut runs, Status::Discarded, recorded.occurred_at),
            JobEvent::Cancelled { .. } => end(&mut runs, Status::Cancelled, recorded.occurred_at),
            JobEvent::Started { .. }
            | JobEvent::Submitted { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Refunded { .. } => {}
        }
    }
    runs
}

/// A run that died can still be given up.
fn end(runs: &mut [Run], status: Status, at: DateTime<Utc>) {
    if let Some(last) = runs.last_mut() {
        (last.ended, last.ended_at) = (Some(StatusName(status)), Some(Instant(at)));
    }
}

/// When the customer last bought it: the start of the newest run that was paid for.
pub(super) fn bought_at(runs: &[Run]) -> Option<DateTime<Utc>> {
    runs.iter().rfind(|run| run.charged.is_some()).map(|run| run.queued_at.0)
}
