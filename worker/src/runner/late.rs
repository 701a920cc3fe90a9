//! Calls that go on although their attempt no longer counts. What a provider accepts has a name only in its answer, so a
//! submit that was begun is heard out for a moment, without a slot, and what was accepted is stopped there.

use super::Runner;
use super::claim::Claimed;
use crate::error::Error;
use crate::provider::{Provider, ProviderFailure, Submission, Task};
use crate::recall;
use crate::station::Station;
use futures::FutureExt;
use futures::future::BoxFuture;
use ledger::catalogue::Route;
use ledger::job::{JobEvent, JobState};
use ledger::{Event, RecordedEvent, error_chain, read};
use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// A submit that may outlive its attempt.
pub(super) struct Submit {
    call: BoxFuture<'static, Result<Submission, ProviderFailure>>,
    /// Whether anything can have been sent.
    has_begun: bool,
}

impl Submit {
    pub(super) fn new(provider: &Arc<dyn Provider>, task: &Task, route: &Route) -> Submit {
        let (provider, task, route) = (Arc::clone(provider), task.clone(), route.clone());
        let call = Box::pin(async move { provider.submit(&task, &route).await });
        Submit { call, has_begun: false }
    }
}

impl Future for Submit {
    type Output = Result<Submission, ProviderFailure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.has_begun = true;
        self.call.as_mut().poll(context)
    }
}

/// The calls that are heard out in this process. They are cut off when it is dropped.
#[derive(Default)]
pub(super) struct Late {
    calls: Mutex<JoinSet<()>>,
}

impl Late {
    /// Until all are over, or until then.
    pub(super) async fn finish(&self, by: Instant) {
        let mut calls = mem::take(&mut *self.lock());
        let _ = timeout_at(by, async { while calls.join_next().await.is_some() {} }).await;
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner {
    /// Lets a submit go on whose attempt is over. One that was not begun stays so.
    pub(super) fn hear_out(&self, submit: Submit, claimed: &Claimed, provider: &str) {
        if !submit.has_begun {
            return;
        }
        let (station, task, provider) =
            (Arc::clone(&self.station), claimed.task.clone(), provider.to_owned());
        let mut calls = self.late.lock();
        while calls.try_join_next().is_some() {}
        calls.spawn(async move {
            let answer = AssertUnwindSafe(submit).catch_unwind();
            if let Ok(Ok(Ok(Submission::Accepted(id)))) = timeout(station.timings.late_answer, answer).await {
                recall_unless_it_goes_on(&station, Some(&provider), &task, &id).await;
            }
        });
    }
}

/// Has the provider stop what it accepted for an attempt that no longer counts, unless the job may still come by it.
pub(super) async fn recall_unless_it_goes_on(
    station: &Station,
    provider: Option<&str>,
    task: &Task,
    id: &str,
) {
    match is_nobodys(station, task, id).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), job_id = %task.job_id, "accepted work is left: whose is unknown");
            return;
        }
    }
    if let Err(error) = recall::remember(station, task, provider, id).await {
        metrics::counter!("cooly_provider_work_orphaned_total").increment(1);
        let (error, job_id) = (error_chain(&error), task.job_id);
        tracing::error!(error, %job_id, task = id, "nobody waits for this work, and it could not be noted that it is to be stopped");
    }
}

async fn is_nobodys(station: &Station, task: &Task, id: &str) -> Result<bool, Error> {
    let Some(job) = station.job(task.account_id, task.job_id).await? else { return Ok(false) };
    if may_find_it(&job, task.run) {
        return Ok(false);
    }
    let client = station.reader.get().await?;
    let events = read::stream(&**client, task.account_id, task.job_id.into()).await?;
    Ok(!is_recorded(&events, id))
}

/// Whether this run goes on and has no other work: its next attempt finds this one.
fn may_find_it(job: &JobState, run: u32) -> bool {
    let has_other_work = job.attempt.as_ref().is_some_and(|attempt| attempt.provider_task_id.is_some());
    job.run == run && !job.status.is_finished() && !has_other_work
}

/// Whether another attempt found it: then the log tells when it is to be stopped.
fn is_recorded(events: &[RecordedEvent], id: &str) -> bool {
    events.iter().any(|recorded| {
        matches!(&recorded.event, Event::Job(JobEvent::Submitted { provider_task_id, .. }) if provider_task_id == id)
    })
}
