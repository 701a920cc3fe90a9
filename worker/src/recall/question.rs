//! One question to a provider: to stop something, by its own name for it or by ours.

use super::table::Recall;
use crate::hints;
use crate::offer::Offer;
use crate::provider::{Cancelled, Found, Provider, ProviderFailure};
use crate::station::Station;
use futures::FutureExt;
use ledger::error_chain;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use webhooks::Reference;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What telling a provider came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Stopped,
    TooLate,
    /// It never took the work.
    NotTaken,
    /// It cannot tell whether it took the work, so there is no name by which to stop it.
    CannotTell,
}

impl Told {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Told::Stopped => "stopped",
            Told::TooLate => "too_late",
            Told::NotTaken => "not_taken",
            Told::CannotTell => "cannot_tell",
        }
    }
}

/// Who has the work of a recall.
pub(super) struct Holder<'a> {
    pub name: &'a str,
    pub provider: &'a Arc<dyn Provider>,
}

impl<'a> Holder<'a> {
    /// `None` if nobody here knows it.
    pub(super) fn of(offer: &'a Offer, recall: &'a Recall) -> Option<Holder<'a>> {
        let name = recall.provider.as_deref().or_else(|| offer.first_provider(&recall.model))?;
        offer.provider(name).map(|provider| Holder { name, provider })
    }
}

/// Asks it to stop the work.
pub(super) async fn stop(
    station: &Station,
    offer: &Offer,
    holder: &Holder<'_>,
    recall: &Recall,
) -> Result<Told, ProviderFailure> {
    let provider = &**holder.provider;
    let Some(reference) = &recall.reference else { return cancel(provider, &recall.provider_task_id).await };
    if let Some(id) = reported(station, offer, holder, (recall, reference)).await {
        return cancel(provider, &id).await;
    }
    match answered(provider.find(reference)).await? {
        Found::Accepted(id) => cancel(provider, &id).await,
        Found::NotAccepted => Ok(Told::NotTaken),
        Found::CannotTell => Ok(Told::CannotTell),
    }
}

/// Under which name it reported the work, if it did.
async fn reported(
    station: &Station,
    offer: &Offer,
    holder: &Holder<'_>,
    (recall, reference): (&Recall, &str),
) -> Option<String> {
    let reference: Reference = reference.parse().ok()?;
    let route = offer.routes(&recall.model).iter().find(|route| route.provider == holder.name)?;
    if !holder.provider.reports() {
        return None;
    }
    let told = hints::task_of(station, recall.account_id, (&**holder.provider, route), &reference).await;
    told.unwrap_or_else(|error| {
        tracing::warn!(error = %error_chain(&error), "what providers reported cannot be looked up");
        None
    })
}

async fn cancel(provider: &dyn Provider, task_id: &str) -> Result<Told, ProviderFailure> {
    answered(provider.cancel(task_id)).await.map(|outcome| match outcome {
        Cancelled::Stopped => Told::Stopped,
        Cancelled::TooLate => Told::TooLate,
    })
}

async fn answered<T>(
    question: impl Future<Output = Result<T, ProviderFailure>>,
) -> Result<T, ProviderFailure> {
    match timeout(PATIENCE, AssertUnwindSafe(question).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panic)) => Err(ProviderFailure::crashed()),
        Err(_elapsed) => Err(ProviderFailure::timeout()),
    }
}
