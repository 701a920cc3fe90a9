//! What a message says, as its receiver reads it: `type`, `timestamp` and `data`, as Standard Webhooks recommends. A generation is told in
//! the words of `GET /v1/generations/{id}`, but for its prompt: that is its user's, and passes through more hands here.

use chrono::{DateTime, SecondsFormat, Utc};
use ledger::account::{AccountEvent, Lot, RefundReason, Source};
use ledger::job::{JobState, Kind, Output, Status};
use ledger::{Credits, JobId, Position, RecordedEvent, UserId};
use rust_decimal::Decimal;
use serde::Serialize;

/// The whole message.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: T,
}

impl<'a, T: Serialize> Body<'a, T> {
    pub(super) fn new(kind: &'a str, at: DateTime<Utc>, data: T) -> Body<'a, T> {
        Body { kind, timestamp: written(at), data }
    }

    pub(super) fn encode(&self) -> String {
        serde_json::to_string(self).expect("text, numbers and lists of them are always JSON")
    }
}

/// A generation that ended.
#[derive(Debug, Serialize)]
pub(super) struct Generation<'a> {
    id: JobId,
    url: String,
    user: &'a UserId,
    kind: Kind,
    model: &'a str,
    status: Status,
    run: u32,
    count: u32,
    attempts: u32,
    charged: Credits,
    kept: Option<Credits>,
    failure: Option<Failure<'a>>,
    outputs: Vec<Made<'a>>,
    created_at: String,
    finished_at: Option<String>,
    position: i64,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    class: &'static str,
    code: &'a str,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct Made<'a> {
    index: u32,
    url: String,
    content_type: &'a str,
    width: u32,
    height: u32,
    sha256: Option<&'a str>,
}

impl<'a> Generation<'a> {
    pub(super) fn new(
        id: JobId,
        job: &'a JobState,
        user: &'a UserId,
        recorded: &RecordedEvent,
    ) -> Generation<'a> {
        let url = format!("/v1/generations/{id}");
        Generation {
            user,
            kind: job.request.kind,
            model: &job.request.model,
            status: job.status,
            run: job.run,
            count: job.request.count,
            attempts: job.attempts,
            charged: job.charged_in_all(),
            kept: Some(job.kept_in_all()).filter(|kept| !kept.is_zero()),
            failure: failure(job),
            outputs: job.outputs.iter().map(|output| made(&url, output)).collect(),
            created_at: written(job.created_at),
            finished_at: job.finished_at.map(written),
            position: recorded.position.0,
            id,
            url,
        }
    }
}

/// Of one that was made or cancelled, why an attempt failed is beside the point.
fn failure(job: &JobState) -> Option<Failure<'_>> {
    let is_told = !matches!(job.status, Status::Succeeded | Status::Cancelled);
    job.failure.as_ref().filter(|_| is_told).map(|failure| Failure {
        class: failure.class.as_str(),
        code: &failure.code,
        message: failure.for_its_user(job.status),
    })
}

fn made<'a>(generation: &str, output: &'a Output) -> Made<'a> {
    Made {
        index: output.index,
        url: format!("{generation}/outputs/{}", output.index),
        content_type: &output.content_type,
        width: output.width,
        height: output.height,
        sha256: output.sha256.as_deref(),
    }
}

/// Credits that were given. Its metadata is the granting system's, and shown to no user.
#[derive(Debug, Serialize)]
pub(super) struct Granted<'a> {
    user: &'a UserId,
    amount: Credits,
    balance: String,
    lot: i64,
    source: Source,
    reason: &'a str,
    effective_at: Option<String>,
    expires_at: Option<String>,
    position: i64,
}

impl<'a> Granted<'a> {
    pub(super) fn new(
        event: &'a AccountEvent,
        user: &'a UserId,
        balance: Decimal,
        recorded: &RecordedEvent,
    ) -> Option<Granted<'a>> {
        let AccountEvent::Granted { amount, reason, lot, effective_at, expires_at, source, .. } = event
        else {
            return None;
        };
        Some(Granted {
            user,
            amount: *amount,
            balance: decimal(balance),
            lot: lot.0,
            source: *source,
            reason,
            effective_at: effective_at.map(written),
            expires_at: expires_at.map(written),
            position: recorded.position.0,
        })
    }
}

/// Credits that came back.
#[derive(Debug, Serialize)]
pub(super) struct Refunded<'a> {
    user: &'a UserId,
    amount: Credits,
    balance: String,
    generation: JobId,
    run: u32,
    reason: RefundReason,
    position: i64,
}

impl<'a> Refunded<'a> {
    pub(super) fn new(
        event: &AccountEvent,
        user: &'a UserId,
        balance: Decimal,
        recorded: &RecordedEvent,
    ) -> Option<Refunded<'a>> {
        let AccountEvent::Refunded { amount, job_id, run, reason, .. } = event else { return None };
        Some(Refunded {
            user,
            amount: *amount,
            balance: decimal(balance),
            generation: *job_id,
            run: *run,
            reason: *reason,
            position: recorded.position.0,
        })
    }
}

/// What can be spent fell below what counts as low.
#[derive(Debug, Serialize)]
pub(super) struct Low<'a> {
    user: &'a UserId,
    available: Credits,
    low_below: Credits,
    position: i64,
}

impl<'a> Low<'a> {
    pub(super) fn new(
        user: &'a UserId,
        available: Credits,
        low_below: Credits,
        recorded: &RecordedEvent,
    ) -> Low<'a> {
        Low { user, available, low_below, position: recorded.position.0 }
    }
}

/// Credits that will be gone soon.
#[derive(Debug, Serialize)]
pub(super) struct Expiring<'a> {
    user: &'a UserId,
    amount: Credits,
    lot: i64,
    source: Source,
    expires_at: String,
    position: i64,
}

impl<'a> Expiring<'a> {
    /// `None` of what never expires.
    pub(super) fn new(user: &'a UserId, lot: &Lot, position: Position) -> Option<Expiring<'a>> {
        let Lot { amount, source, expires_at, .. } = lot;
        let expires_at = written((*expires_at)?);
        Some(Expiring {
            user,
            amount: *amount,
            lot: lot.lot.0,
            source: *source,
            expires_at,
            position: position.0,
        })
    }
}

/// As amounts are written everywhere.
fn decimal(amount: Decimal) -> String {
    amount.normalize().to_string()
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
