//! Finding work that a provider accepted from an earlier attempt which did not live to record it. Sending it
//! again would pay for it twice, so the provider is asked first; where it cannot tell, the model says what follows.
//!
//! Whom to ask is told by the log, whatever the catalogue says by now: the provider that an attempt failed at, or all that
//! it may have asked if its worker was lost. Attempts of earlier releases name nobody; they asked the first route's.
//!
//! A provider that reports by webhook may have told of the work already. One that has not is given as long as the work may
//! take before it counts as not knowing.
//!
//! A retry looks for work of earlier runs as well. But somebody has ordered it who was told that it may be paid twice, so it
//! waits for nobody who cannot tell, or does not answer.

use super::Runner;
use super::claim::Claimed;
use super::reported;
use super::routes::Asked;
use crate::earlier::{Earlier, Sent, Unsubmitted};
use crate::error::Error;
use crate::provider::{Found, ProviderFailure, Submission, Task};
use crate::station::Station;
use ledger::catalogue::OnUnknown;
use ledger::job::Billed;
use ledger::{RecordedEvent, error_chain, read};
use tokio::time::timeout;
use webhooks::Reference;

impl Runner {
    /// Such work, or why nothing may be sent yet; `None` if there is nothing to be found.
    pub(super) async fn lost_submit(&self, claimed: &Claimed) -> Option<Asked> {
        let task = &claimed.task;
        if claimed.is_first() {
            return None;
        }
        match self.stream(task).await {
            Ok(events) => ask_all(&Earlier::of(&events, task.fencing), claimed, &self.station).await,
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), "earlier attempts cannot be looked up");
                let message = "earlier attempts could not be looked up";
                Some(Asked::nobody(ProviderFailure::log_unavailable(message)))
            }
        }
    }

    async fn stream(&self, task: &Task) -> Result<Vec<RecordedEvent>, Error> {
        let client = self.station.reader.get().await?;
        Ok(read::stream(&**client, task.account_id, task.job_id.into()).await?)
    }
}

/// Asks after all of them, newest first: what is found counts, whatever cannot be told of the others. While one does not
/// answer, nothing is given up.
async fn ask_all(earlier: &Earlier<'_>, claimed: &Claimed, station: &Station) -> Option<Asked> {
    let (mut unanswered, mut untold) = (None, None);
    for attempt in earlier.unsubmitted.iter().rev() {
        for name in providers_of(attempt, claimed) {
            match find((earlier, attempt), claimed, name, station).await {
                Ok(Found::Accepted(id)) if !earlier.is_recorded(name, &id) => {
                    tracing::info!(provider = name, "work of a lost attempt was found at the provider");
                    let answer = Ok(Submission::Accepted(id));
                    return Some(Asked { provider: Some(name.to_owned()), answer });
                }
                Ok(Found::CannotTell)
                    if attempt.sent == Sent::Unknown && !earlier.is_of_earlier_run(attempt) =>
                {
                    match reported::still_to_come(station, claimed, name, earlier.unknown_since()) {
                        Some(pause) => {
                            let answer = Err(ProviderFailure::submit_awaited(pause));
                            unanswered.get_or_insert(Asked { provider: Some(name.to_owned()), answer });
                        }
                        None => untold = Some(name),
                    }
                }
                // What was recorded has been asked after until it ended.
                Ok(Found::Accepted(_) | Found::NotAccepted | Found::CannotTell) => {}
                Err(failure) => {
                    // Whatever is known of this one, that of another may still be unknown.
                    let is_unknown = earlier.unsubmitted.iter().any(|attempt| attempt.sent == Sent::Unknown);
                    let failure = if is_unknown { failure.billed(Billed::Unknown) } else { failure };
                    let failed = Asked { provider: Some(name.to_owned()), answer: Err(failure) };
                    unanswered.get_or_insert(failed);
                }
            }
        }
    }
    unanswered.or_else(|| cannot_tell(claimed, untold?))
}

/// Who may have the work of this attempt.
fn providers_of<'a>(attempt: &'a Unsubmitted<'_>, claimed: &'a Claimed) -> Vec<&'a str> {
    if attempt.providers.is_empty() {
        return claimed.offer.first_provider(&claimed.task.request.model).into_iter().collect();
    }
    attempt.providers.to_vec()
}

async fn find(
    (earlier, attempt): (&Earlier<'_>, &Unsubmitted<'_>),
    claimed: &Claimed,
    name: &str,
    station: &Station,
) -> Result<Found, ProviderFailure> {
    let Unsubmitted { run, fencing, .. } = *attempt;
    let reference = Reference { run, fencing, ..claimed.task.as_reference() };
    let is_decided = earlier.is_of_earlier_run(attempt);
    let answer = match claimed.offer.provider(name) {
        Some(provider) => match reported::task(station, claimed, (name, earlier), &reference).await {
            Ok(Some(id)) => Ok(Found::Accepted(id)),
            Ok(None) => match timeout(station.timings.poll, provider.find(&reference.to_string())).await {
                Ok(Err(_)) | Err(_) if is_decided => Ok(Found::CannotTell),
                Ok(answer) => answer,
                Err(_elapsed) => Err(ProviderFailure::timeout()),
            },
            // An outage of our own ends; of a provider that does not answer nobody knows.
            Err(failure) if is_decided && !ProviderFailure::is_about_earlier(&failure.failure) => {
                Ok(Found::CannotTell)
            }
            Err(failure) => Err(failure),
        },
        // It answered, so it has been asked after already as far as that was possible.
        None if attempt.sent == Sent::Answered || is_decided => Ok(Found::CannotTell),
        None => Err(ProviderFailure::no_provider()),
    };
    answer.map_err(|failure| match attempt.sent {
        Sent::Unknown => ProviderFailure::submit_unanswered(&failure),
        Sent::Answered => failure.billed(Billed::No),
    })
}

/// What follows when the provider cannot tell whether it has the work.
fn cannot_tell(claimed: &Claimed, provider: &str) -> Option<Asked> {
    let failure = match claimed.offer.on_unknown(&claimed.task.request.model) {
        OnUnknown::Person => ProviderFailure::submit_unknown(),
        OnUnknown::Fail => ProviderFailure::submit_given_up(),
        OnUnknown::Again => return None,
    };
    Some(Asked { provider: Some(provider.to_owned()), answer: Err(failure) })
}
