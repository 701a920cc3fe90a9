//! The events of a generation as the log holds them, and where each can be proved.

use crate::serve::problem::Problem;
use crate::words::scalars::{Instant, LogPosition};
use ledger::{Position, RecordedEvent};
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use uuid::Uuid;

/// One event in the life of a generation.
#[derive(Debug, Object)]
#[oai(rename = "GenerationTimelineEvent")]
pub(super) struct TimelineEvent {
    /// Its place in the log.
    position: LogPosition,
    /// Its place in the life of the generation, from 1.
    version: i64,
    /// What happened, such as `job.attempt_failed`.
    #[oai(rename = "type")]
    kind: String,
    /// When.
    occurred_at: Instant,
    /// Who acted.
    actor: String,
    /// Through which request.
    request_id: String,
    /// Caused by which event, message or action.
    causation_id: Option<Uuid>,
    /// The fact, as it is stored.
    payload: Any<Value>,
    /// Where an auditor gets the proof that it is in a sealed block.
    proof: String,
}

impl TimelineEvent {
    pub(super) fn of(recorded: &RecordedEvent) -> Result<TimelineEvent, Problem> {
        let payload =
            serde_json::from_str(&recorded.payload).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(TimelineEvent {
            position: LogPosition(recorded.position),
            version: recorded.version,
            kind: recorded.event.name().to_owned(),
            occurred_at: Instant(recorded.occurred_at),
            actor: recorded.actor.clone(),
            request_id: recorded.request_id.clone(),
            causation_id: recorded.causation_id,
            payload: Any(payload),
            proof: proof(recorded.position),
        })
    }
}

/// The address of the proof of an event.
pub(super) fn proof(position: Position) -> String {
    format!("/audit/events/{position}/proof")
}
