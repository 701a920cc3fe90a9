//! A message that SQS refuses for good: its job becomes a dead letter, so that a person sees it, and the others go on.

use super::outbox::Parcel;
use crate::station::{Order, Station};
use ledger::job::{Billed, Failure, FailureClass, JobCommand};
use ledger::{Actor, ExecuteError, error_chain};
use std::time::Duration;

/// How long the log may take to be told; then the message is tried once more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells the job. Whether the log knows now that it needs no message.
pub(super) async fn set_aside(station: &Station, parcel: &Parcel) -> bool {
    let (account_id, job_id) = parcel.ask.key;
    let code = &parcel.code;
    let told = match station.record(order(parcel), PATIENCE).await {
        Ok(_) => true,
        // Somebody has it, or it has ended.
        Err(ExecuteError::Refused(_)) => return true,
        Err(ExecuteError::Failed(error)) => {
            tracing::warn!(%job_id, error = %error_chain(&error), "a job cannot be told that its message is refused");
            false
        }
    };
    if told {
        tracing::error!(%account_id, %job_id, code, "the queue refuses a message for good; its job is a dead letter");
        metrics::counter!("cooly_relay_set_aside_total").increment(1);
    }
    told
}

fn order(parcel: &Parcel) -> Order {
    let (account_id, job_id) = parcel.ask.key;
    Order {
        account_id,
        job_id,
        command: JobCommand::DeadLetter {
            failure: Failure {
                class: FailureClass::Transient,
                code: "queue_message_refused".into(),
                message: format!(
                    "the queue took other messages but refused the one of this job ({}); mend the queue's settings, then retry",
                    parcel.code
                ),
                billed: Some(Billed::No),
            },
        },
        actor: Actor::System("relay"),
        duty: "relay",
        message: None,
    }
}
