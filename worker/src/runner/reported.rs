//! What a provider reported, by webhook, of an attempt whose submit it did not answer. A report is a hint: the task counts
//! once the provider says, when it is asked, that it has it.

use super::claim::Claimed;
use crate::earlier::Earlier;
use crate::hints;
use crate::provider::{Progress, Provider, ProviderFailure};
use crate::station::Station;
use chrono::{DateTime, Utc};
use ledger::catalogue::OnUnknown;
use ledger::error_chain;
use std::time::Duration;
use tokio::time::timeout;
use webhooks::Reference;

/// Between two looks for a report.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The task that this provider reported for the attempt, once it confirms it. One that the log names already needs no
/// confirmation: it may be long over and forgotten.
pub(super) async fn task(
    station: &Station,
    claimed: &Claimed,
    (name, earlier): (&str, &Earlier<'_>),
    reference: &Reference,
) -> Result<Option<String>, ProviderFailure> {
    let model = &claimed.task.request.model;
    let route = claimed.offer.routes(model).iter().find(|route| route.provider == name);
    let provider = claimed.offer.provider(name).filter(|provider| provider.reports());
    let (Some(provider), Some(route)) = (provider, route) else { return Ok(None) };
    let told = hints::task_of(station, claimed.task.account_id, (&**provider, route), reference).await;
    let told = told.map_err(|error| {
        tracing::warn!(error = %error_chain(&error), "what providers reported cannot be looked up");
        ProviderFailure::log_unavailable("what providers reported could not be looked up")
    })?;
    let Some(id) = told else { return Ok(None) };
    let counts = earlier.is_recorded(name, &id) || confirmed(&**provider, &id, station.timings.poll).await?;
    Ok(counts.then_some(id))
}

/// Whether the provider has the task.
async fn confirmed(provider: &dyn Provider, id: &str, patience: Duration) -> Result<bool, ProviderFailure> {
    match timeout(patience, provider.poll(id)).await {
        Ok(Ok(Progress::Gone)) => Ok(false),
        Ok(Ok(Progress::Working | Progress::Done(_) | Progress::Failed(_))) => Ok(true),
        Ok(Err(failure)) => Err(failure),
        Err(_elapsed) => Err(ProviderFailure::timeout()),
    }
}

/// How long to wait before looking again for a report that may still come; `None` if none will, or nobody wants to wait.
pub(super) fn still_to_come(
    station: &Station,
    claimed: &Claimed,
    name: &str,
    unknown_since: Option<DateTime<Utc>>,
) -> Option<Duration> {
    let model = &claimed.task.request.model;
    let reports = claimed.offer.provider(name).is_some_and(|provider| provider.reports());
    if !reports || claimed.offer.on_unknown(model) == OnUnknown::Again {
        return None;
    }
    let waited = (station.now() - unknown_since?).to_std().unwrap_or_default();
    pause(waited, claimed.offer.deadline(model, Some(name)), station.timings.unknown_grace)
}

/// As long as it was waited already, so that the looks grow rare, but not rarer than people are patient, until the work cannot
/// take longer.
fn pause(waited: Duration, longest: Duration, least: Duration) -> Option<Duration> {
    let left = longest.checked_sub(waited).filter(|left| !left.is_zero())?;
    Some(waited.min(LONGEST_PAUSE).max(least).min(left))
}

#[cfg(test)]
mod tests {
    use super::pause;
    use std::time::Duration;

    #[test]
    fn a_report_is_waited_for_as_long_as_the_work_may_take() {
        let seconds = Duration::from_secs;
        let cases = [
            (0, Some(15)),
            (10, Some(15)),
            (40, Some(40)),
            (100, Some(60)),
            (250, Some(50)),
            (299, Some(1)),
            (300, None),
            (1_000, None),
        ];
        for (waited, expected) in cases {
            assert_eq!(pause(seconds(waited), seconds(300), seconds(15)), expected.map(seconds), "{waited}");
        }
    }
}
