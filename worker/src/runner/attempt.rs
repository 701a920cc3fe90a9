//! Running a claimed job at its provider, within the claim's time.

use super::{Claimed, Fate, Runner};
use crate::provider::{Provider, ProviderFailure, Submission, Task};
use crate::recall;
use crate::settle::{self, Settled};
use futures::FutureExt;
use ledger::catalogue::Route;
use ledger::error_chain;
use ledger::job::{Billed, Status};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the end of an attempt may take to be recorded when the worker is being stopped.
const HAND_BACK_PATIENCE: Duration = Duration::from_secs(3);

impl Runner {
    /// Runs one attempt to its end, or to its submission.
    pub(super) async fn attempt(&self, claimed: &Claimed) -> Fate {
        let task = &claimed.task;
        let begun = Instant::now();
        metrics::gauge!("cooly_attempts_running").increment(1.0);
        let settled = self.run_and_settle(claimed).await;
        metrics::gauge!("cooly_attempts_running").decrement(1.0);
        metrics::histogram!("cooly_attempt_seconds", "model" => self.station.label(&task.request.model))
            .record(begun.elapsed().as_secs_f64());
        match settled {
            Settled::Recorded => Fate::Done,
            // Whoever took over may hold the same message: deleting it is their business.
            Settled::Lost => Fate::Leave,
            Settled::Unrecorded => {
                self.never_again(task);
                Fate::Leave
            }
        }
    }

    async fn run_and_settle(&self, claimed: &Claimed) -> Settled {
        let (station, task) = (&*self.station, &claimed.task);
        let patience = station.timings.lease;
        let Some((route, provider)) = station.routed(&task.request.model) else {
            return settle::fail(station, task, &ProviderFailure::no_provider(), patience).await;
        };
        match self.submit(&*provider, &route, claimed).await {
            Ok(Submission::Done(artifacts)) => {
                let until = claimed.until + station.timings.store;
                match settle::succeed(station, task, artifacts, until, patience).await {
                    Some(settled) => settled,
                    None => settle::fail(station, task, &ProviderFailure::not_stored(), patience).await,
                }
            }
            Ok(Submission::Accepted(id)) => {
                let settled = settle::submitted(station, task, &id, provider.deadline(), patience).await;
                if settled == Settled::Lost {
                    self.recall_unless_it_goes_on(&route.provider, task, &id).await;
                }
                settled
            }
            Err(failure) => {
                let patience = if failure.is_handed_back() { HAND_BACK_PATIENCE } else { patience };
                settle::fail(station, task, &failure, patience).await
            }
        }
    }

    /// Asks for the work, unless an earlier attempt did. What is cut off after it was sent has an unknown outcome.
    async fn submit(
        &self,
        provider: &dyn Provider,
        route: &Route,
        claimed: &Claimed,
    ) -> Result<Submission, ProviderFailure> {
        let sent = AtomicBool::new(false);
        let work = async {
            if let Some(id) = self.lost_submit(provider, &claimed.task).await? {
                return Ok(Submission::Accepted(id));
            }
            // Last of all: a worker that slept through its claim must not pay for work that another one has begun.
            if claimed.is_late(&self.station.timings) {
                return Err(ProviderFailure::claim_late());
            }
            sent.store(true, Ordering::SeqCst);
            provider.submit(&claimed.task, route).await
        };
        let cut_off = |failure: ProviderFailure| {
            failure.billed(if sent.load(Ordering::SeqCst) { Billed::Unknown } else { Billed::No })
        };
        tokio::select! {
            ended = timeout_at(claimed.until, AssertUnwindSafe(work).catch_unwind()) => match ended {
                Ok(Ok(submitted)) => submitted,
                Ok(Err(_panic)) => Err(cut_off(ProviderFailure::crashed())),
                Err(_elapsed) => Err(cut_off(ProviderFailure::timeout())),
            },
            () = self.abandon.cancelled() => Err(cut_off(ProviderFailure::worker_stopped())),
        }
    }

    /// Has the provider stop what it accepted for an attempt that no longer counts. A run that goes on is left
    /// alone: its next attempt finds the work.
    async fn recall_unless_it_goes_on(&self, provider: &str, task: &Task, id: &str) {
        let goes_on = match self.station.job(task.account_id, task.job_id).await {
            Ok(Some(job)) => {
                job.run == task.run && (!job.status.is_finished() || job.status == Status::Succeeded)
            }
            Ok(None) => true,
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), job_id = %task.job_id, "accepted work is left: whose is unknown");
                true
            }
        };
        if goes_on {
            return;
        }
        if let Err(error) = recall::remember(&self.station, task, provider, id).await {
            metrics::counter!("cooly_provider_work_orphaned_total").increment(1);
            let (error, job_id) = (error_chain(&error), task.job_id);
            tracing::error!(error, %job_id, task = id, "nobody waits for this work, and it could not be noted that it is to be stopped");
        }
    }
}
