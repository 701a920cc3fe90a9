//! Asking the providers of a model in order, within one attempt.
//!
//! The next one is asked only after a definite refusal before any work: the one before it wants fewer requests, is out of
//! order, has no account of ours that it could charge, or must not be paid any more today. Never after an answer that was
//! lost, since the work may be done all the same, and never when the request itself is at fault. All of them share the
//! time of the attempt.

use super::Runner;
use super::claim::Claimed;
use super::late::Submit;
use crate::governing::{Permit, Reason};
use crate::provider::{Provider, ProviderFailure, Submission};
use crate::spend::{self, Bought};
use futures::FutureExt;
use ledger::catalogue::Route;
use ledger::failpoint;
use ledger::job::{Billed, FailureClass};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// A permit that takes longer is not waited for: the slot is for others.
const PERMIT_PATIENCE: Duration = Duration::from_secs(2);

/// What came of asking, and of whom that came: the one that was asked last, or whose refusal says most.
pub(super) struct Asked {
    /// `None` if nobody was asked.
    pub provider: Option<String>,
    pub answer: Result<Submission, ProviderFailure>,
}

impl Asked {
    pub(super) fn nobody(failure: ProviderFailure) -> Asked {
        Asked { provider: None, answer: Err(failure) }
    }

    /// How little a refusal helps: the more patient ones promise that the same provider takes the work later.
    fn rank(&self) -> u8 {
        match (&self.provider, &self.answer) {
            (None, _) => 3,
            (Some(_), Ok(_)) => 0,
            (Some(_), Err(failure)) => match failure.failure.class {
                FailureClass::Throttled => 0,
                FailureClass::Transient => 1,
                FailureClass::Permanent => 2,
            },
        }
    }
}

impl Runner {
    /// Asks for the work, unless an earlier attempt did and a provider has it.
    pub(super) async fn ask(&self, claimed: &Claimed) -> Asked {
        // Until it is looked up, nobody knows what became of earlier attempts.
        let before = if claimed.is_first() { Billed::No } else { Billed::Unknown };
        match self.within(claimed, before, self.lost_submit(claimed)).await {
            Ok(None) => self.try_routes(claimed).await,
            Ok(Some(asked)) => asked,
            Err(cut_off) => Asked::nobody(cut_off),
        }
    }

    async fn try_routes(&self, claimed: &Claimed) -> Asked {
        let mut refused: Option<Asked> = None;
        for route in &claimed.routes {
            // A worker that slept through its claim must not pay for work that another one has begun.
            if claimed.is_late(&self.station.timings) {
                return refused.unwrap_or_else(|| Asked::nobody(ProviderFailure::claim_late()));
            }
            let asked = self.try_route(claimed, route).await;
            match &asked.answer {
                Err(failure) if failure.lets_others_try() => {
                    let (provider, code) = (&route.provider, &failure.failure.code);
                    tracing::info!(job_id = %claimed.task.job_id, %provider, code, "a provider refused the work");
                    metrics::counter!("cooly_routes_refused_total", "provider" => provider.clone())
                        .increment(1);
                    let says_most = refused.as_ref().is_none_or(|before| asked.rank() <= before.rank());
                    refused = if says_most { Some(asked) } else { refused };
                }
                Ok(_) | Err(_) => return asked,
            }
        }
        refused.unwrap_or_else(|| Asked::nobody(ProviderFailure::no_provider()))
    }

    async fn try_route(&self, claimed: &Claimed, route: &Route) -> Asked {
        let Some(provider) = claimed.offer.provider(&route.provider) else {
            return Asked::nobody(ProviderFailure::no_provider());
        };
        let permit = match self.within(claimed, Billed::No, self.admitted(claimed, route)).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(refused)) | Err(refused) => {
                return Asked { provider: Some(route.provider.clone()), answer: Err(refused) };
            }
        };
        let bought = match self.within(claimed, Billed::No, self.buy(claimed, route)).await {
            Ok(Ok(bought)) => bought,
            Ok(Err(refused)) | Err(refused) => {
                permit.give_back();
                return Asked { provider: Some(route.provider.clone()), answer: Err(refused) };
            }
        };
        let asked = self.send(claimed, route, provider, permit).await;
        if let (Some(bought), Err(failure)) = (&bought, &asked.answer)
            && failure.failure.billed == Some(Billed::No)
        {
            spend::give_back(&self.station, bought).await;
        }
        asked
    }

    async fn send(
        &self,
        claimed: &Claimed,
        route: &Route,
        provider: &Arc<dyn Provider>,
        permit: Permit,
    ) -> Asked {
        match self.within(claimed, Billed::No, self.station.roll.vouches_for(claimed.term)).await {
            Ok(true) => {}
            Err(cut_off) if !ProviderFailure::is_out_of_time(&cut_off.failure) => {
                permit.give_back();
                return Asked::nobody(cut_off);
            }
            // Another worker may have begun it.
            Ok(false) | Err(_) => {
                permit.give_back();
                return Asked::nobody(ProviderFailure::claim_late());
            }
        }
        // What is cut off after it was sent has an unknown outcome.
        let mut submit = Submit::new(provider, &claimed.task, route);
        failpoint::pass("runner.submit.before");
        let answer = self.within(claimed, Billed::Unknown, &mut submit).await.unwrap_or_else(Err);
        failpoint::pass("runner.submit.after");
        if answer.as_ref().is_err_and(ProviderFailure::is_over) {
            self.hear_out(submit, claimed, &route.provider);
        }
        permit.tell(answer.as_ref());
        Asked { provider: Some(route.provider.clone()), answer }
    }

    async fn buy(&self, claimed: &Claimed, route: &Route) -> Result<Option<Bought>, ProviderFailure> {
        let cap = claimed.offer.daily_caps.get(&route.provider).copied();
        let request = &claimed.task.request;
        spend::buy(&self.station, cap, (&request.model, route), claimed.offer.cost(request, route)).await
    }

    /// A permit to ask this provider. One that it takes but a moment to get is waited for.
    async fn admitted(&self, claimed: &Claimed, route: &Route) -> Result<Permit, ProviderFailure> {
        let limits = claimed.offer.limits.get(&route.provider).copied().unwrap_or_default();
        let gate = self.station.governing.gate(&route.provider, limits);
        let patient_until = Instant::now() + PERMIT_PATIENCE;
        loop {
            match gate.admit(&route.model, Instant::now()) {
                Ok(permit) => return Ok(permit),
                Err(refused)
                    if refused.reason == Reason::Rate && Instant::now() + refused.wait < patient_until =>
                {
                    sleep(refused.wait).await;
                }
                Err(refused) => return Err(ProviderFailure::paused(refused.wait)),
            }
        }
    }

    /// Lets a panic, the end of the claim, of its time or of this worker cut the work off. `billed` says what is known of
    /// it then.
    async fn within<T>(
        &self,
        claimed: &Claimed,
        billed: Billed,
        work: impl Future<Output = T>,
    ) -> Result<T, ProviderFailure> {
        let cut_off = tokio::select! {
            biased;
            // First, so that nothing is begun for it.
            () = claimed.watched.over() => ProviderFailure::attempt_over(),
            ended = timeout_at(claimed.until, AssertUnwindSafe(work).catch_unwind()) => match ended {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(_panic)) => ProviderFailure::crashed(),
                Err(_elapsed) => ProviderFailure::timeout(),
            },
            () = self.abandon.cancelled() => ProviderFailure::worker_stopped(),
        };
        Err(cut_off.billed(billed))
    }
}
