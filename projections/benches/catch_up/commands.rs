//! Every command that this benchmark gives to the ledger, and the life of a job made of them.

use anyhow::{Context as _, Result, bail};
use ledger::job::{Failure, FailureClass, JobCommand, Kind, Output, RetryPolicy};
use ledger::{Action, Command, JobId, Ledger, UserId};
use measure::orders;

/// Events that a life writes that ends well: debited, queued, started, succeeded.
pub(crate) const EVENTS_OF_A_LIFE: u64 = 4;

/// How a job ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Success,
    /// Refused by the provider, and refunded.
    Failure,
    /// Out of attempts.
    Dead,
}

/// One job from purchase to end. Of a hundred, 94 succeed, three fail and three become dead letters.
pub(crate) async fn live(ledger: &Ledger, user: &UserId, number: u64) -> Result<()> {
    let end = match number % 100 {
        0..94 => End::Success,
        94..97 => End::Failure,
        _ => End::Dead,
    };
    let job_id = JobId::generate();
    ledger.execute(orders::purchase(user, job_id, Kind::Image, "sim-image")).await?;
    let start = JobCommand::Start {
        worker: "bench".into(),
        lease_seconds: 600,
        policy: RetryPolicy::default(),
        catalogue: std::sync::Arc::default(),
    };
    let started = ledger.execute(about(user, job_id, start)).await?;
    let Some((_, job)) = started.jobs.first() else { bail!("a claim tells of its job") };
    let fencing = job.attempt.as_ref().context("a claimed job has an attempt")?.fencing;
    ledger.execute(about(user, job_id, finish(user, job_id, fencing, end))).await?;
    Ok(())
}

fn finish(user: &UserId, job_id: JobId, fencing: i64, end: End) -> JobCommand {
    let fail = |class, code: &str| JobCommand::FailAttempt {
        fencing,
        failure: Failure {
            class,
            code: code.into(),
            message: "The provider did not make it.".into(),
            billed: None,
        },
        backoff_milliseconds: 0,
        policy: RetryPolicy { max_attempts: 1, ..RetryPolicy::default() },
        gives_up: false,
        provider: None,
    };
    match end {
        End::Success => {
            JobCommand::Succeed { fencing, outputs: vec![output(user, job_id, fencing)], provider: None }
        }
        End::Failure => fail(FailureClass::Permanent, "content_refused"),
        End::Dead => fail(FailureClass::Transient, "provider_unavailable"),
    }
}

fn output(user: &UserId, job_id: JobId, fencing: i64) -> Output {
    Output {
        index: 0,
        key: format!("outputs/{}/{job_id}/1-{fencing}/0.png", user.account()),
        content_type: "image/png".into(),
        width: 1_024,
        height: 1_024,
        bytes: 1_048_576,
        duration_milliseconds: None,
        sha256: None,
        thumbnail: None,
    }
}

fn about(user: &UserId, job_id: JobId, asked: JobCommand) -> Command {
    orders::command(user, Action::Job { job_id, command: asked })
}
