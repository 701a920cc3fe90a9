//! How each model behaves, told by the end of its name. Everything follows from the attempt, nothing from
//! chance or memory, so a test knows what will happen and a restart changes nothing.

use super::scene;
use crate::provider::{ProviderFailure, Task};
use ledger::JobId;
use ledger::job::Billed;
use std::time::Duration;

/// Of a hundred attempts on the flaky model, so many fail.
const FLAKY_PERCENT: u64 = 40;

/// The busy model serves a job from its third try on. A try adds two events to the job, its start and its
/// failure, so the third one's token is 6 or more.
const SERVED_FROM_FENCING: i64 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    Succeeds,
    Flaky,
    Down,
    Strict,
    Busy,
    Short,
}

impl Behaviour {
    pub(super) fn of(model: &str) -> Behaviour {
        match model.rsplit('-').next() {
            Some("flaky") => Behaviour::Flaky,
            Some("down") => Behaviour::Down,
            Some("strict") => Behaviour::Strict,
            Some("busy") => Behaviour::Busy,
            Some("short") => Behaviour::Short,
            _ => Behaviour::Succeeds,
        }
    }

    /// Fails if this attempt is to fail.
    pub(super) fn check(self, task: &Task, busy_retry_after: Duration) -> Result<(), ProviderFailure> {
        match self {
            Behaviour::Succeeds | Behaviour::Short => Ok(()),
            Behaviour::Flaky if flaky_fails(task.job_id, task.attempt) => {
                Err(ProviderFailure::transient("provider_error", "the provider lost the picture on its way"))
            }
            Behaviour::Flaky => Ok(()),
            Behaviour::Down => Err(down().billed(Billed::No)),
            Behaviour::Strict => Err(ProviderFailure::permanent(
                "content_refused",
                "the provider's content policy refuses this prompt",
            )),
            Behaviour::Busy if task.fencing < SERVED_FROM_FENCING => {
                let message = "the provider has too much to do right now";
                let busy = ProviderFailure::throttled("provider_busy", message, Some(busy_retry_after));
                Err(busy.billed(Billed::No))
            }
            Behaviour::Busy => Ok(()),
        }
    }

    /// How long a clip becomes, in seconds, when so many were asked for.
    pub(super) fn seconds(self, asked: u32) -> u32 {
        if self == Behaviour::Short { asked.div_ceil(2) } else { asked }
    }
}

pub(super) fn down() -> ProviderFailure {
    ProviderFailure::transient("provider_unavailable", "the provider is down")
}

pub(super) fn flaky_fails(job: JobId, attempt: u32) -> bool {
    scene::chance(job.0.as_bytes(), attempt) % 100 < FLAKY_PERCENT
}
