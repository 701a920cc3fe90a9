//! Every command that this benchmark gives to the ledger, and the life of a job made of them.

use anyhow::{Context as _, Result, bail};
use ledger::job::{Failure, FailureClass, JobCommand, JobRequest, Kind, Output, Params, Price, RetryPolicy};
use ledger::{Action, Actor, Command, Context, Credits, JobId, Ledger, NewJob, UserId};

/// Events that a life writes that ends well: debited, queued, started, succeeded.
pub(crate) const EVENTS_OF_A_LIFE: u64 = 4;

/// The user of an account by number.
pub(crate) fn user(number: usize) -> Result<UserId> {
    Ok(format!("bench-{number}").parse()?)
}

/// Gives an account what it will spend; opens it.
pub(crate) fn grant(user: &UserId) -> Command {
    let amount = Credits::whole(1_000_000_000).expect("a billion is an amount");
    command(user, Action::grant(user.clone(), amount, "bench"))
}

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
    ledger.execute(purchase(user, job_id)).await?;
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

fn purchase(user: &UserId, job_id: JobId) -> Command {
    let request = JobRequest {
        kind: Kind::Image,
        model: "sim-image".into(),
        prompt: "a lighthouse on a cliff at dusk, long exposure".into(),
        count: 1,
        params: Params::default(),
    };
    let price = Price::Fixed(Credits::whole(4).expect("four is an amount"));
    command(user, Action::Queue { jobs: vec![NewJob { job_id, request: request.into(), price }] })
}

fn about(user: &UserId, job_id: JobId, asked: JobCommand) -> Command {
    command(user, Action::Job { job_id, command: asked })
}

fn command(user: &UserId, action: Action) -> Command {
    Command {
        account: user.account(),
        context: Context {
            actor: Actor::User(user.to_string()),
            request_id: "01990000-0000-7000-8000-000000000000".into(),
            causation_id: None,
        },
        idempotency: None,
        action,
    }
}
