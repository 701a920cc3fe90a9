//! Running a claimed job at its provider, within the attempt's time.

use super::{Fate, Runner};
use crate::provider::{Provider, ProviderFailure, Submission, Task};
use crate::settle::{self, Settled};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long the end of an attempt may take to be recorded when the worker is being stopped.
const HAND_BACK_PATIENCE: Duration = Duration::from_secs(3);

impl Runner {
    /// Runs one attempt to its end, or to its submission.
    pub(super) async fn attempt(&self, task: &Task) -> Fate {
        let begun = Instant::now();
        metrics::gauge!("cooly_attempts_running").increment(1.0);
        let settled = self.run_and_settle(task).await;
        metrics::gauge!("cooly_attempts_running").decrement(1.0);
        metrics::histogram!("cooly_attempt_seconds", "model" => self.station.label(&task.request.model))
            .record(begun.elapsed().as_secs_f64());
        match settled {
            Settled::Recorded => Fate::Done,
            // Whoever took over may hold the same message: deleting it is their business.
            Settled::Lost | Settled::Unrecorded => Fate::Leave,
        }
    }

    async fn run_and_settle(&self, task: &Task) -> Settled {
        let station = &*self.station;
        let patience = station.timings.lease;
        let Some(provider) = station.provider(&task.request.model) else {
            return settle::fail(station, task, &ProviderFailure::no_provider(), patience).await;
        };
        let submitted = tokio::select! {
            submitted = self.submit(&*provider, task) => submitted,
            () = self.abandon.cancelled() => {
                let stopped = ProviderFailure::worker_stopped();
                return settle::fail(station, task, &stopped, HAND_BACK_PATIENCE).await;
            }
        };
        match submitted {
            Ok(Submission::Done(artifacts)) => settle::succeed(station, task, artifacts, patience).await,
            Ok(Submission::Accepted(id)) => {
                settle::submitted(station, task, id, provider.deadline(), patience).await
            }
            Err(failure) => settle::fail(station, task, &failure, patience).await,
        }
    }

    async fn submit(&self, provider: &dyn Provider, task: &Task) -> Result<Submission, ProviderFailure> {
        let work = async {
            match self.lost_submit(provider, task).await? {
                Some(id) => Ok(Submission::Accepted(id)),
                None => provider.submit(task).await,
            }
        };
        let caught = AssertUnwindSafe(work).catch_unwind();
        match timeout(self.station.timings.attempt, caught).await {
            Ok(Ok(submitted)) => submitted,
            Ok(Err(_panic)) => Err(ProviderFailure::crashed()),
            Err(_elapsed) => Err(ProviderFailure::timeout()),
        }
    }
}
