//! Claiming a job: the one moment that decides who runs it.
//!
//! `job.started` is appended at a version that only one writer gets. Its version is the fencing token of the
//! attempt. While the log cannot be written the claim waits, message hidden: a database outage must not use
//! up deliveries and send healthy jobs to the dead letters.

use super::under_way::Watched;
use super::{Fate, Runner};
use crate::offer::Offer;
use crate::options::Timings;
use crate::provider::Task;
use crate::queue::{JobMessage, Received};
use crate::roll::Term;
use crate::station::Order;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::catalogue::Route;
use ledger::error_chain;
use ledger::job::{Attempt, JobCommand, JobState, Status};
use ledger::{Actor, ExecuteError, Refusal, failpoint};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Longer than any outage that a claim should sit out; then the message comes again.
const CLAIM_PATIENCE: Duration = Duration::from_secs(3600);

/// After this pause a claimed or unreadable job is looked at again when nothing better is known.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// So long an attempt that has ended may still be being put away.
const PUT_AWAY: Duration = Duration::from_secs(1);

/// Version of the first `job.started` of a stream: nothing can have been submitted before it.
const FIRST_START: i64 = 2;

pub(super) enum Claim {
    /// The job is ours for one attempt.
    Won(Claimed),
    /// It is not, and this becomes of the message.
    Refused(Fate),
}

/// A job that is ours for one attempt.
pub(super) struct Claimed {
    pub task: Task,
    /// The providers as they were when it was claimed.
    pub offer: Arc<Offer>,
    /// Where it may be made, in order: no more than the log was told.
    pub routes: Vec<Route>,
    /// In which term of this process. It must not be sent in another one.
    pub term: Term,
    /// Until when the provider may take. What it made can then still be stored and recorded before the claim lapses.
    pub until: Instant,
    /// Whether it still counts.
    pub watched: Watched,
}

impl Claimed {
    /// Whether nobody has claimed the job before.
    pub(super) fn is_first(&self) -> bool {
        self.task.fencing <= FIRST_START
    }

    /// Whether so much of the attempt's time is gone that it should not be begun.
    pub(super) fn is_late(&self, timings: &Timings) -> bool {
        self.until.saturating_duration_since(Instant::now()) < time_for_provider(timings.lease, timings) / 2
    }
}

/// How long a provider may take when so much of a claim is left: the rest is for storing and recording.
fn time_for_provider(left: Duration, timings: &Timings) -> Duration {
    left.saturating_sub(timings.lease.saturating_sub(timings.attempt)).min(timings.attempt)
}

impl Runner {
    pub(super) async fn claim(&self, message: &JobMessage, delivery: &Received) -> Claim {
        let offer = self.station.offer();
        let Some(term) = self.abandon.run_until_cancelled(self.station.roll.term()).await else {
            return Claim::Refused(Fate::Later(Duration::ZERO));
        };
        failpoint::pass("runner.claim.before");
        let started = tokio::select! {
            started = self.station.record(self.start(message, delivery, &offer), CLAIM_PATIENCE) => started,
            // The log was out of reach for the whole drain. Should it write the claim later, the lease lapses.
            () = self.abandon.cancelled() => return Claim::Refused(Fate::Later(Duration::ZERO)),
        };
        failpoint::pass("runner.claim.after");
        match started {
            Ok(outcome) => match outcome.jobs.into_iter().next() {
                Some((_, job)) => self.won(message, &job, offer, term),
                None => Claim::Refused(Fate::Later(LOOK_AGAIN)),
            },
            Err(ExecuteError::Refused(refusal)) => self.refused(message, delivery, &refusal, term).await,
            Err(ExecuteError::Failed(error)) => {
                tracing::error!(error = %error_chain(&error), "a job could not be claimed");
                Claim::Refused(Fate::Later(LOOK_AGAIN))
            }
        }
    }

    fn start(&self, message: &JobMessage, delivery: &Received, offer: &Offer) -> Order {
        Order {
            account_id: message.account_id,
            job_id: message.job_id,
            command: JobCommand::Start {
                worker: self.station.identity.clone(),
                lease_seconds: self.lease_seconds(),
                policy: self.station.policy,
                catalogue: Arc::clone(&offer.catalogue),
            },
            actor: Actor::Worker(self.station.identity.clone()),
            duty: "claim",
            message: delivery.id.parse().ok(),
        }
    }

    fn lease_seconds(&self) -> u32 {
        u32::try_from(self.station.timings.lease.as_secs().max(1)).unwrap_or(u32::MAX)
    }

    async fn refused(
        &self,
        message: &JobMessage,
        delivery: &Received,
        refusal: &Refusal,
        term: Term,
    ) -> Claim {
        metrics::counter!("cooly_claims_refused_total", "reason" => refusal.code()).increment(1);
        tracing::debug!(reason = refusal.code(), "the claim was refused");
        match refusal {
            Refusal::JobUnknown => Claim::Refused(self.poison(delivery, "unknown_job")),
            Refusal::JobClaimed => self.adopt(message, term).await,
            Refusal::JobNotDue => Claim::Refused(self.until_due(message).await),
            // Finished: the message is a duplicate, or came after a cancellation.
            _ => Claim::Refused(Fate::Done),
        }
    }

    /// A claim whose answer was lost is refused when it is made again, because it is there. The identity is
    /// this process's own and nothing else here works on the job, so such a claim is ours to use; unless it was used,
    /// and only its end could not be recorded, or was made in an earlier term and is about to be taken from us.
    async fn adopt(&self, message: &JobMessage, term: Term) -> Claim {
        let job = match self.station.job(message.account_id, message.job_id).await {
            Ok(Some(job)) => job,
            Ok(None) | Err(_) => return Claim::Refused(Fate::Later(LOOK_AGAIN)),
        };
        let ours = job.attempt.as_ref().is_some_and(|attempt| {
            attempt.worker == self.station.identity
                && attempt.provider_task_id.is_none()
                && term.has_begun_by(self.claimed_at(attempt))
                && !self.is_used(message.job_id, attempt.fencing)
        });
        if ours {
            self.won(message, &job, self.station.offer(), term)
        } else {
            Claim::Refused(after_claim(&job, self.station.now()))
        }
    }

    /// When this process claimed it.
    fn claimed_at(&self, attempt: &Attempt) -> DateTime<Utc> {
        attempt.lease_until - TimeDelta::seconds(self.lease_seconds().into())
    }

    /// The claim, and until when its provider may take: told by the log, so that it is the same however late the answer
    /// came.
    fn won(&self, message: &JobMessage, job: &JobState, offer: Arc<Offer>, term: Term) -> Claim {
        let (Some(task), Some(attempt)) = (Task::of(message.account_id, message.job_id, job), &job.attempt)
        else {
            // The budget was used up: the claim dead-lettered the job instead.
            return Claim::Refused(Fate::Done);
        };
        let left = between(self.station.now(), attempt.lease_until);
        let until = Instant::now() + time_for_provider(left, &self.station.timings);
        // A claim that is adopted may have been made under an older catalogue.
        let told = |route: &&Route| attempt.providers.contains(&route.provider);
        let routes = offer.routes(&job.request.model).iter().filter(told).cloned().collect();
        let watched = self.under_way.watch(&task);
        Claim::Won(Claimed { task, offer, routes, term, until, watched })
    }

    /// What becomes of a message whose job is in work in this process. A second one about the same attempt would only turn
    /// in circles until the queue gives it up: the reconciler sends again what is left undone. One about the next attempt
    /// came while the last one was being put away.
    pub(super) async fn while_running(&self, message: &JobMessage) -> Fate {
        match self.station.job(message.account_id, message.job_id).await {
            Ok(Some(job)) if job.status == Status::Running => Fate::Done,
            Ok(Some(job)) => match after_claim(&job, self.station.now()) {
                Fate::Later(pause) => Fate::Later(pause.max(PUT_AWAY)),
                settled => settled,
            },
            Ok(None) | Err(_) => Fate::Later(LOOK_AGAIN),
        }
    }

    async fn until_due(&self, message: &JobMessage) -> Fate {
        let job = self.station.job(message.account_id, message.job_id).await.ok().flatten();
        Fate::Later(
            job.and_then(|job| job.retry_at).map_or(LOOK_AGAIN, |due| between(self.station.now(), due)),
        )
    }
}

/// The message of a job that another attempt runs waits until that attempt's lease ends: its worker may have
/// died. What a provider works on needs no message; the poller and the reconciler look after it.
fn after_claim(job: &JobState, now: DateTime<Utc>) -> Fate {
    match (&job.status, &job.attempt) {
        (Status::Running, Some(attempt)) if attempt.provider_task_id.is_some() => Fate::Done,
        (Status::Running, Some(attempt)) => {
            Fate::Later(between(now, attempt.lease_until) + Duration::from_secs(1))
        }
        (Status::Queued, _) => Fate::Later(job.retry_at.map_or(Duration::ZERO, |due| between(now, due))),
        _ => Fate::Done,
    }
}

/// From `now` until then; nothing if that has passed.
fn between(now: DateTime<Utc>, instant: DateTime<Utc>) -> Duration {
    (instant - now).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::time_for_provider;
    use crate::options::Timings;
    use std::time::Duration;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_a_provider_may_take_leaves_time_to_store_and_record() {
        let timings =
            Timings { lease: seconds(120), attempt: seconds(50), store: seconds(50), ..Timings::default() };
        for (left, provider) in [(120, 50), (130, 50), (100, 30), (70, 0), (10, 0)] {
            assert_eq!(time_for_provider(seconds(left), &timings), seconds(provider), "{left} s are left");
        }
    }

    #[test]
    fn the_usual_times_of_an_attempt_fit_its_claim() {
        let usual = Timings::default();
        assert!(usual.attempt + usual.store < usual.lease);
    }
}
