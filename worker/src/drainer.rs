//! Records what the queues gave up on.
//!
//! SQS moves a message to its DLQ after more deliveries than a job has attempts: the worker could not even
//! record a failure. Each becomes `job.dead_lettered`, where an operator sees it beside the others, and is
//! deleted. A message that names no job stays in the DLQ, reported now and then, until an operator or SQS's
//! retention removes it.
//!
//! A message counts against its job only if it was sent since the job was last due. An older one was overtaken: it
//! spent its deliveries on an earlier attempt, whose end somebody did record. It is deleted, and the job has a newer
//! message, or gets one from the relay.

use crate::duty::supervise;
use crate::error::Error;
use crate::queue::{JobMessage, MOST_ENTRIES, Queue, Received, Source};
use crate::station::{Order, Station};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use ledger::job::{Failure, FailureClass, JobCommand, JobState};
use ledger::{Actor, ExecuteError, Refusal, error_chain};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long one message may take to be recorded; then it comes again.
const PATIENCE: Duration = Duration::from_secs(10);
const VISIBILITY: Duration = Duration::from_secs(60);

/// One loop for each queue, so that none waits for the DLQ of another.
pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    let (mut drains, mut known) = (JoinSet::new(), 0);
    while let Some(queues) = shutdown.run_until_cancelled(station.queues.beyond(known)).await {
        known += queues.len();
        for queue in queues {
            let drain = move |station, shutdown| drain_queue(station, Arc::clone(&queue), shutdown);
            drains.spawn(supervise("drainer", shutdown.clone(), Arc::clone(&station), drain));
        }
    }
    while drains.join_next().await.is_some() {}
    Ok(())
}

async fn drain_queue(
    station: Arc<Station>,
    queue: Arc<Queue>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    loop {
        let wait = station.timings.receive_wait;
        let received = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            received = queue.receive(Source::DeadLetters, MOST_ENTRIES, wait, VISIBILITY) => received?,
        };
        drain(&station, &queue, received).await?;
    }
}

async fn drain(station: &Station, queue: &Queue, received: Vec<Received>) -> Result<(), Error> {
    let verdicts = join_all(received.iter().map(|delivery| judge(station, delivery))).await;
    let with = |verdict: Verdict| -> Vec<String> {
        let judged = received.iter().zip(&verdicts).filter(|(_, judged)| **judged == verdict);
        judged.map(|(delivery, _)| delivery.receipt.clone()).collect()
    };
    queue.delete(Source::DeadLetters, &with(Verdict::Delete)).await.complete()?;
    let unusable = with(Verdict::Keep);
    queue.hide(Source::DeadLetters, &unusable, station.timings.poison_report).await.complete()?;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The log says all that there is to say.
    Delete,
    /// It names no job; it stays where an operator can find it.
    Keep,
    /// The log cannot be written, or the job's worker may still do so; it comes again.
    Again,
}

async fn judge(station: &Station, delivery: &Received) -> Verdict {
    let message = match JobMessage::decode(&delivery.body) {
        Ok(message) => message,
        Err(reason) => return report(delivery, reason.code()),
    };
    match station.job(message.account_id, message.job_id).await {
        Ok(Some(job)) if is_overtaken(&job, &message, delivery) => {
            tracing::info!(job_id = %message.job_id, "a message that the queue gave up on was overtaken");
            return Verdict::Delete;
        }
        Ok(Some(job)) if is_with_a_worker(station, &job).await => return Verdict::Again,
        Ok(Some(_)) => {}
        Ok(None) => return report(delivery, "unknown_job"),
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), "a dead letter of the queue cannot be looked up");
            return Verdict::Again;
        }
    }
    match station.record(dead_letter(&message, delivery), PATIENCE).await {
        Ok(outcome) => {
            if outcome.position.is_some() {
                tracing::warn!(job_id = %message.job_id, "a job that the queue gave up on is a dead letter");
                metrics::counter!("cooly_queue_dead_letters_total", "reason" => "recorded").increment(1);
            }
            Verdict::Delete
        }
        Err(ExecuteError::Refused(Refusal::JobUnknown)) => report(delivery, "unknown_job"),
        // Finished, or running under a claim: the reconciler looks after one that lapses.
        Err(ExecuteError::Refused(_)) => Verdict::Delete,
        Err(ExecuteError::Failed(error)) => {
            tracing::warn!(error = %error_chain(&error), "a dead letter of the queue cannot be recorded");
            Verdict::Again
        }
    }
}

/// Whether whoever claimed it last is still here, or may be: it may be late to record what became of it.
async fn is_with_a_worker(station: &Station, job: &JobState) -> bool {
    let Some(attempt) = &job.attempt else { return false };
    let is_here = async {
        let client = station.reader.get().await?;
        station.roll.is_here(&**client, &attempt.worker).await
    };
    is_here.await.unwrap_or_else(|error: Error| {
        tracing::warn!(error = %error_chain(&error), "it cannot be told whether a worker is here");
        true
    })
}

/// Whether the message says nothing against the job as it is now.
fn is_overtaken(job: &JobState, message: &JobMessage, delivery: &Received) -> bool {
    let is_of_another_run = job.run != message.run;
    let is_older = delivery.sent_at.is_some_and(|sent| sent < due_at(job));
    // Workers of the release before may have refused it for its version alone.
    is_of_another_run || is_older || JobMessage::is_of_later_release(&delivery.body)
}

/// Since when, or from when, the job can be claimed.
fn due_at(job: &JobState) -> DateTime<Utc> {
    match &job.attempt {
        Some(attempt) => attempt.lease_until,
        None => job.retry_at.unwrap_or(job.run_queued_at),
    }
}

fn dead_letter(message: &JobMessage, delivery: &Received) -> Order {
    Order {
        account_id: message.account_id,
        job_id: message.job_id,
        command: JobCommand::DeadLetter {
            failure: Failure {
                class: FailureClass::Transient,
                code: "queue_redrive_exhausted".into(),
                message: "the job was delivered many times and no worker could record what became of it"
                    .into(),
                billed: None,
            },
        },
        actor: Actor::System("drainer"),
        duty: "drainer",
        message: delivery.id.parse().ok(),
    }
}

fn report(delivery: &Received, reason: &'static str) -> Verdict {
    tracing::error!(message_id = %delivery.id, reason, "a message in the queue's DLQ names no job");
    metrics::counter!("cooly_queue_dead_letters_total", "reason" => reason).increment(1);
    Verdict::Keep
}

#[cfg(test)]
mod tests {
    use super::is_overtaken;
    use crate::queue::{JobMessage, Received};
    use chrono::{DateTime, TimeDelta, Utc};
    use ledger::job::{Attempt, JobEvent, JobRequest, JobState, Kind, LateCancel, Params, Status};
    use ledger::{AccountId, Credits, JobId};
    use uuid::Uuid;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// Queued at 100, in its first run.
    fn queued() -> JobState {
        let params = Params::default();
        let request =
            JobRequest { kind: Kind::Image, model: "m".into(), prompt: "a lake".into(), count: 1, params };
        let cost = Credits::ZERO;
        let event = JobEvent::Queued {
            request: request.into(),
            cost,
            per_second: None,
            late_cancel: LateCancel::REFUND,
            from: Vec::new(),
        };
        JobState::apply(None, &event, 1, at(100)).unwrap()
    }

    fn running_until(lease_until: DateTime<Utc>) -> JobState {
        let attempt = Attempt {
            fencing: 2,
            worker: "one".into(),
            lease_until,
            provider_task_id: None,
            provider: None,
            providers: Vec::new(),
        };
        JobState { status: Status::Running, attempt: Some(attempt), ..queued() }
    }

    fn message() -> JobMessage {
        JobMessage { account_id: AccountId(Uuid::nil()), job_id: JobId(Uuid::nil()), run: 1 }
    }

    fn overtakes(job: &JobState, sent: i64, body: String) -> bool {
        let (id, receipt) = ("id".to_owned(), "receipt".to_owned());
        let delivery = Received { id, receipt, body, receive_count: 11, sent_at: Some(at(sent)) };
        is_overtaken(job, &message(), &delivery)
    }

    #[test]
    fn only_a_message_that_was_sent_since_the_job_was_last_due_counts_against_it() {
        let waits = JobState { retry_at: Some(at(200)), ..queued() };
        let again = JobState { run: 2, run_queued_at: at(300), ..queued() };
        let cases = [
            ("the first message of a job", queued(), 100, false),
            ("of a job that failed meanwhile and is tried again", waits.clone(), 150, true),
            ("sent after the back-off", waits, 201, false),
            ("sent before the lease lapsed", running_until(at(160)), 101, true),
            ("sent because the lease had lapsed", running_until(at(160)), 170, false),
            ("of an earlier run", again, 400, true),
        ];
        for (which, job, sent, expected) in cases {
            assert_eq!(overtakes(&job, sent, message().encode()), expected, "{which}");
        }
    }

    #[test]
    fn a_message_of_a_later_release_counts_against_no_job() {
        let body = message().encode().replace(r#""v":1"#, r#""v":2"#);
        assert!(overtakes(&queued(), 100, body));
    }
}
