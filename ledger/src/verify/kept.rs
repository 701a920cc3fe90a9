//! The audit of late cancels: whether a job kept what the terms that it was bought under say, and nothing more.

use crate::credits::Credits;
use crate::job::{JobEvent, JobState};

/// Who wrote it, if it was the user of the account.
const USER: &str = "user:";

/// What is wrong with an event of a job that is in `job` before it.
pub(super) fn problems(job: Option<&JobState>, event: &JobEvent, actor: &str) -> Vec<String> {
    let JobEvent::Cancelled { kept: Some(kept), refund_waits } = event else { return Vec::new() };
    let mut found = Vec::new();
    let allowed = job.map_or(Credits::ZERO, JobState::cancel_keeps);
    if *kept != allowed || kept.is_zero() {
        found
            .push(format!("its cancel kept {kept}, and by its terms {allowed} could be kept at that moment"));
    }
    if !actor.starts_with(USER) {
        found.push(format!(
            "{actor} cancelled it, and something was kept: only its own user's cancel keeps anything"
        ));
    }
    if *refund_waits {
        found.push("its cancel kept something although its refund waits".into());
    }
    found
}
