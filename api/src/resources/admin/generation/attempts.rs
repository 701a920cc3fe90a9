//! The attempts of a generation, each from its claim to what became of it.

use crate::words::failure::GenerationFailure;
use crate::words::scalars::{Instant, RunNumber};
use chrono::{DateTime, Utc};
use ledger::job::{Billed, Failure, JobEvent};
use ledger::{Event, RecordedEvent};
use poem_openapi::{Enum, Object};

/// Why an attempt failed, in the words for whoever mends it, and whether it has to be paid for.
#[derive(Debug, Object)]
pub(super) struct AttemptFailure {
    #[oai(flatten)]
    failure: GenerationFailure,
    /// Whether the provider is paid for it; null where nobody said.
    billed: Option<BilledName>,
}

/// Whether a provider is paid for an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "AttemptBilled")]
enum BilledName {
    /// It did its work.
    Yes,
    /// It never had the work, or refused it.
    No,
    /// It may have taken the work.
    Unknown,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum AttemptOutcome {
    /// Nothing yet.
    Running,
    /// It made what was wanted.
    Succeeded,
    /// It failed; `failure` says why.
    Failed,
    /// Its user or whoever runs the service stopped the generation.
    Cancelled,
    /// Another worker took it over, since its own was silent for too long.
    TakenOver,
}

/// One attempt to make it.
#[derive(Debug, Object)]
#[oai(rename = "GenerationAttempt")]
pub(super) struct Attempt {
    /// The run that it belongs to, from 1.
    run: RunNumber,
    /// Which attempt of that run; one that cost no attempt has the number of the next.
    number: u32,
    /// What its worker shows as a proof of its claim: the version of the event that began it.
    fencing: i64,
    /// Who claimed it.
    worker: String,
    /// The providers that could be asked, in order; none in what earlier releases wrote.
    providers: Vec<String>,
    /// The provider that took it or was asked last; null if none was, or nobody said.
    provider: Option<String>,
    /// The provider's name for the work; null if none was given.
    provider_request_id: Option<String>,
    /// What became of it.
    outcome: AttemptOutcome,
    /// Why it failed, if it did.
    failure: Option<AttemptFailure>,
    /// Whether it used up one of the attempts; null unless it failed.
    counted: Option<bool>,
    /// When it was claimed.
    began_at: Instant,
    /// When the provider had accepted the work; null if it was never polled for.
    submitted_at: Option<Instant>,
    /// When it ended; null while it runs.
    ended_at: Option<Instant>,
    /// How long it took, in milliseconds; null while it runs.
    milliseconds: Option<u64>,
}

/// All attempts of a generation, in order. `life` are its events.
pub(super) fn attempts(life: &[RecordedEvent]) -> Vec<Attempt> {
    let (mut attempts, mut run) = (Vec::new(), 1);
    for recorded in life {
        let Event::Job(event) = &recorded.event else { continue };
        if let JobEvent::Retried { run: begins, .. } = event {
            run = *begins;
        }
        // It can also end while it waits, and then no attempt ends with it.
        if let Some(running) = attempts.last_mut().filter(|last| Attempt::is_running(last)) {
            running.go_on(event, recorded.occurred_at);
        }
        if let JobEvent::Started { attempt, worker, providers, .. } = event {
            attempts.push(Attempt::begun(run, *attempt, worker, providers, recorded));
        }
    }
    attempts
}

impl Attempt {
    fn begun(run: u32, number: u32, worker: &str, providers: &[String], recorded: &RecordedEvent) -> Attempt {
        Attempt {
            run: RunNumber(run),
            number,
            fencing: recorded.version,
            worker: worker.to_owned(),
            providers: providers.to_vec(),
            provider: None,
            provider_request_id: None,
            outcome: AttemptOutcome::Running,
            failure: None,
            counted: None,
            began_at: Instant(recorded.occurred_at),
            submitted_at: None,
            ended_at: None,
            milliseconds: None,
        }
    }

    fn is_running(&self) -> bool {
        self.outcome == AttemptOutcome::Running
    }

    /// What an event says of it while it runs.
    fn go_on(&mut self, event: &JobEvent, at: DateTime<Utc>) {
        match event {
            JobEvent::Submitted { provider_task_id, provider, .. } => {
                self.provider_request_id = Some(provider_task_id.clone());
                self.provider.clone_from(provider);
                self.submitted_at = Some(Instant(at));
            }
            JobEvent::AttemptFailed { failure, counted, provider, .. } => {
                self.asked(provider.as_ref());
                self.fail(failure, *counted, at);
            }
            JobEvent::Failed { failure, .. } | JobEvent::DeadLettered { failure } => {
                self.fail(failure, true, at);
            }
            JobEvent::Succeeded { provider, .. } => {
                self.asked(provider.as_ref());
                self.end(AttemptOutcome::Succeeded, at);
            }
            JobEvent::Cancelled { .. } => self.end(AttemptOutcome::Cancelled, at),
            JobEvent::Started { .. } => self.end(AttemptOutcome::TakenOver, at),
            JobEvent::Queued { .. }
            | JobEvent::Retried { .. }
            | JobEvent::Discarded { .. }
            | JobEvent::Refunded { .. } => {}
        }
    }

    /// What is told at the end counts, if anything is.
    fn asked(&mut self, provider: Option<&String>) {
        self.provider = provider.cloned().or_else(|| self.provider.take());
    }

    fn fail(&mut self, failure: &Failure, counted: bool, at: DateTime<Utc>) {
        self.failure = Some(AttemptFailure {
            failure: failure.into(),
            billed: failure.billed.map(|billed| match billed {
                Billed::Yes => BilledName::Yes,
                Billed::No => BilledName::No,
                Billed::Unknown => BilledName::Unknown,
            }),
        });
        self.counted = Some(counted);
        self.end(AttemptOutcome::Failed, at);
    }

    fn end(&mut self, outcome: AttemptOutcome, at: DateTime<Utc>) {
        self.outcome = outcome;
        self.ended_at = Some(Instant(at));
        self.milliseconds = u64::try_from((at - self.began_at.0).num_milliseconds()).ok();
    }
}
