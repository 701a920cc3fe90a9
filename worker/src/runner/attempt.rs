//! Running a claimed job at a provider, and recording what came of it.

use super::late::recall_unless_it_goes_on;
use super::routes::Asked;
use super::under_way::Over;
use super::{Claimed, Fate, Runner};
use crate::provider::{ProviderFailure, Submission};
use crate::settle::{self, LeftBehind, Settled};
use std::time::Duration;
use tokio::time::Instant;

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
            // Nobody needs its message any more.
            Settled::Lost if claimed.watched.why_over() == Some(Over::Cancelled) => Fate::Done,
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
        let Asked { provider, answer } = self.ask(claimed).await;
        let by = provider.as_deref();
        match answer {
            Ok(Submission::Done(artifacts)) => {
                let until = claimed.until + station.timings.store;
                match settle::succeed(station, task, by, artifacts, until, patience).await {
                    Ok(settled) => settled,
                    Err(LeftBehind(left)) => {
                        let failure = ProviderFailure::not_stored();
                        settle::fail_without(station, task, by, &failure, &left, patience).await
                    }
                }
            }
            Ok(Submission::Accepted(id)) => {
                let deadline = claimed.offer.deadline(&task.request.model, by);
                let settled = settle::submitted(station, task, by, &id, deadline, patience).await;
                if settled == Settled::Lost {
                    recall_unless_it_goes_on(station, by, task, &id).await;
                }
                settled
            }
            Err(failure) if failure.is_over() => {
                let reason = claimed.watched.why_over().map_or("unknown", Over::as_str);
                tracing::info!(job_id = %task.job_id, reason, "the attempt was cut off");
                metrics::counter!("cooly_attempts_lost_total", "reason" => reason).increment(1);
                Settled::Lost
            }
            Err(failure) => {
                let patience = if failure.is_handed_back() { HAND_BACK_PATIENCE } else { patience };
                settle::fail(station, task, by, &failure, patience).await
            }
        }
    }
}
