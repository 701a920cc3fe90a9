//! Records what the queue gave up on.
//!
//! SQS moves a message to its DLQ after more deliveries than a job has attempts: the worker could not even
//! record a failure. Each becomes `job.dead_lettered`, where an operator sees it beside the others, and is
//! deleted. A message that names no job stays in the DLQ, reported now and then, until an operator or SQS's
//! retention removes it.

use crate::error::Error;
use crate::queue::{JobMessage, MOST_ENTRIES, Received, Source};
use crate::station::{Order, Station};
use futures::future::join_all;
use ledger::job::{Failure, FailureClass, JobCommand};
use ledger::{Actor, ExecuteError, Refusal, error_chain};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long one message may take to be recorded; then it comes again.
const PATIENCE: Duration = Duration::from_secs(10);
const VISIBILITY: Duration = Duration::from_secs(60);

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    loop {
        let wait = station.timings.receive_wait;
        let received = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            received = station.queue.receive(Source::DeadLetters, MOST_ENTRIES, wait, VISIBILITY) => received?,
        };
        drain(&station, received).await?;
    }
}

async fn drain(station: &Station, received: Vec<Received>) -> Result<(), Error> {
    let verdicts = join_all(received.iter().map(|delivery| judge(station, delivery))).await;
    let with = |verdict: Verdict| -> Vec<String> {
        let judged = received.iter().zip(&verdicts).filter(|(_, judged)| **judged == verdict);
        judged.map(|(delivery, _)| delivery.receipt.clone()).collect()
    };
    station.queue.delete(Source::DeadLetters, &with(Verdict::Delete)).await.complete()?;
    let unusable = with(Verdict::Keep);
    station.queue.hide(Source::DeadLetters, &unusable, station.timings.poison_report).await.complete()?;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The log says all that there is to say.
    Delete,
    /// It names no job; it stays where an operator can find it.
    Keep,
    /// The log cannot be written; it comes again.
    Again,
}

async fn judge(station: &Station, delivery: &Received) -> Verdict {
    let message = match JobMessage::decode(&delivery.body) {
        Ok(message) => message,
        Err(reason) => return report(delivery, reason.code()),
    };
    match station.job(message.account_id, message.job_id).await {
        // Sent for a run that is over: what became of it is in the log.
        Ok(Some(job)) if job.run > message.run => return Verdict::Delete,
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
