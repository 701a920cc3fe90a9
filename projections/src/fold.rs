//! Folds a page of the log in memory to what it changes. Pure: `feed` reads what it needs, `apply` writes
//! what comes out. A stream whose events do not follow each other becomes a [`Misfit`] instead of a change,
//! and the rest of the page goes on without it.

use crate::batch::{AccountChange, Batch, JobChange, JobStep, Misfit, StreamKey};
use crate::known_jobs::{Job, KnownJob, owner};
use ledger::job::JobState;
use ledger::read::Side;
use ledger::{AccountId, Credits, Event, JobId, Position, RecordedEvent, StreamId};
use std::collections::{BTreeMap, HashMap};

/// A page of the log as it was read.
pub(crate) struct Page {
    /// Which events it has.
    pub side: Side,
    /// It began after this position.
    pub after: Position,
    /// Everything up to here is in it.
    pub end: Position,
    /// Whether it was cut at its limit.
    pub full: bool,
    /// Its events, in order.
    pub events: Vec<RecordedEvent>,
}

/// Folds a page. `known` tells of each job that began before the page.
pub(crate) fn fold(page: Page, mut known: HashMap<StreamKey, KnownJob>) -> Batch {
    let Page { side, after, end, full, events } = page;
    let mut batch = Batch { side, after, end, full, events: events.len(), ..Batch::default() };
    // Ordered, so that rows are written in one order whatever the page: index pages stay warm, and two
    // transactions that meet on rows wait for each other instead of dead-locking.
    let mut streams: BTreeMap<(StreamId, AccountId), Vec<RecordedEvent>> = BTreeMap::new();
    for event in events {
        streams.entry((event.stream_id, event.account_id)).or_default().push(event);
    }
    for ((stream, account), events) in streams {
        if stream.0 == account.0 {
            match fold_account(account, events) {
                Ok(change) => batch.accounts.push(change),
                Err(misfit) => batch.misfits.push(misfit),
            }
        } else {
            match fold_job(account, JobId(stream.0), known.remove(&(account, stream)), events) {
                Ok(change) => batch.jobs.push(change),
                Err(misfit) => batch.misfits.push(misfit),
            }
        }
    }
    batch
}

fn fold_account(account_id: AccountId, events: Vec<RecordedEvent>) -> Result<AccountChange, Misfit> {
    in_sequence(&events)?;
    for event in &events {
        if !matches!(event.event, Event::Account(_)) {
            return Err(misfit(event, None, "a job's event is in an account's stream"));
        }
        if event.amount.is_none() || event.balance_after.is_none() {
            return Err(misfit(event, None, "a credit event has no amounts"));
        }
    }
    let last = &events[events.len() - 1];
    let state = last.state.clone().ok_or_else(|| misfit(last, None, "a credit event has no state"))?;
    let actor = || events.iter().rev().find_map(|event| owner(&event.actor, account_id));
    let user = state.user.clone().or_else(actor);
    Ok(AccountChange { account_id, first_version: events[0].version, state, user, events })
}

fn fold_job(
    account_id: AccountId,
    job_id: JobId,
    known: Option<KnownJob>,
    events: Vec<RecordedEvent>,
) -> Result<JobChange, Misfit> {
    in_sequence(&events)?;
    let first = &events[0];
    let last = &events[events.len() - 1];
    let (first_version, version) = (first.version, last.version);
    let (last_position, updated_at) = (last.position, last.occurred_at);
    let mut job = begun(first, known)?;
    let before = job.as_ref().map(|job| job.state.clone());
    let mut steps = Vec::with_capacity(events.len());
    for recorded in events {
        let (next, step) = step(job, account_id, recorded)?;
        steps.push(step);
        job = Some(next);
    }
    let job = job.expect("a stream in a page has an event, and an event makes a job or has returned");
    let (user, provider) = (job.user, job.provider);
    let after = job.state;
    Ok(JobChange {
        account_id,
        job_id,
        user,
        provider,
        first_version,
        version,
        before,
        after,
        steps,
        last_position,
        updated_at,
    })
}

/// The job before its first event in the page.
fn begun(first: &RecordedEvent, known: Option<KnownJob>) -> Result<Option<Job>, Misfit> {
    let job = known.transpose().map_err(|reason| misfit(first, None, reason))?;
    let version = job.as_ref().map_or(0, |job| job.version);
    if version + 1 == first.version {
        Ok(job)
    } else {
        Err(misfit(first, Some(version + 1), "the log misses an event before it"))
    }
}

fn step(job: Option<Job>, account_id: AccountId, recorded: RecordedEvent) -> Result<(Job, JobStep), Misfit> {
    let status_before = job.as_ref().map(|job| job.state.status);
    let spent_before = job.as_ref().map_or(Credits::ZERO, |job| spent(&job.state));
    let Event::Job(event) = &recorded.event else {
        return Err(misfit(&recorded, None, "a credit event is in a job's stream"));
    };
    let job = Job::apply(job, event, account_id, recorded.version, recorded.occurred_at, &recorded.actor)
        .ok_or_else(|| misfit(&recorded, None, "a job does not begin with job.queued"))?;
    let step = JobStep {
        event: event.clone(),
        position: recorded.position,
        at: recorded.occurred_at,
        status_before,
        status_after: job.state.status,
        spent_before,
        spent_after: spent(&job.state),
    };
    Ok((job, step))
}

/// What is debited or captured for a job, for whichever run, and not given back.
fn spent(job: &JobState) -> Credits {
    if job.on_hold { job.kept_in_all() } else { job.charged_in_all() }
}

fn in_sequence(events: &[RecordedEvent]) -> Result<(), Misfit> {
    let broken = events.windows(2).find(|pair| pair[1].version != pair[0].version + 1);
    broken.map_or(Ok(()), |pair| {
        Err(misfit(&pair[1], Some(pair[0].version + 1), "the log misses an event before it"))
    })
}

fn misfit(event: &RecordedEvent, expected: Option<i64>, reason: impl Into<String>) -> Misfit {
    Misfit {
        key: (event.account_id, event.stream_id),
        position: event.position,
        version: event.version,
        expected,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, fold};
    use crate::batch::{Batch, StreamKey};
    use crate::known_jobs::{Job, KnownJob};
    use chrono::{DateTime, Utc};
    use ledger::account::{AccountEvent, AccountState};
    use ledger::job::{JobEvent, JobRequest, Kind, LateCancel, Params, Status};
    use ledger::read::Side;
    use ledger::{Credits, Event, EventId, JobId, Position, RecordedEvent, StreamId, UserId};
    use std::collections::HashMap;
    use uuid::Uuid;

    fn alice() -> UserId {
        "alice".parse().unwrap()
    }

    fn job_id() -> JobId {
        JobId(Uuid::from_u128(7))
    }

    fn at(position: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(position, 0).unwrap()
    }

    fn recorded(position: i64, stream_id: StreamId, version: i64, event: Event) -> RecordedEvent {
        let amount = matches!(event, Event::Account(_)).then_some(Credits::ZERO.get());
        RecordedEvent {
            position: Position(position),
            account_id: alice().account(),
            stream_id,
            version,
            event_id: EventId(Uuid::nil()),
            payload: event.encode(),
            schema_version: 1,
            amount,
            balance_after: amount,
            job_id: None,
            state: amount.map(|_| AccountState::default()),
            idempotency_key: None,
            actor: "user:alice".into(),
            request_id: String::new(),
            causation_id: None,
            occurred_at: at(position),
            recorded_at: at(position),
            prev_hash: Vec::new(),
            hash: Vec::new(),
            event,
        }
    }

    fn grant(position: i64, version: i64) -> RecordedEvent {
        let (user, amount) = (alice(), Credits::whole(1).unwrap());
        let payload =
            serde_json::json!({ "type": "credits.granted", "user": user, "amount": amount, "reason": "" });
        let granted: AccountEvent = serde_json::from_value(payload).unwrap();
        recorded(position, alice().account().into(), version, Event::Account(granted))
    }

    fn job(position: i64, version: i64, event: JobEvent) -> RecordedEvent {
        recorded(position, job_id().into(), version, Event::Job(event))
    }

    fn queued() -> JobEvent {
        let (model, prompt) = ("m".into(), "p".into());
        let request = JobRequest { kind: Kind::Image, model, prompt, count: 1, params: Params::default() };
        JobEvent::Queued {
            request: request.into(),
            cost: Credits::whole(4).unwrap(),
            per_second: None,
            late_cancel: LateCancel::REFUND,
            from: Vec::new(),
        }
    }

    fn started() -> JobEvent {
        JobEvent::Started { attempt: 1, worker: "w".into(), lease_until: at(99), providers: Vec::new() }
    }

    fn folded(events: Vec<RecordedEvent>, known: HashMap<StreamKey, KnownJob>) -> Batch {
        fold(Page { side: Side::Both, after: Position(0), end: Position(9), full: false, events }, known)
    }

    fn nothing_known() -> HashMap<StreamKey, KnownJob> {
        HashMap::new()
    }

    #[test]
    fn a_job_within_a_page_is_one_change() {
        let succeeded =
            JobEvent::Succeeded { outputs: Vec::new(), charged: None, from: Vec::new(), provider: None };
        let events = vec![job(1, 1, queued()), grant(2, 1), job(3, 2, started()), job(5, 3, succeeded)];
        let batch = folded(events, nothing_known());
        assert_eq!((batch.accounts.len(), batch.jobs.len(), batch.misfits.len()), (1, 1, 0));
        let change = &batch.jobs[0];
        assert_eq!((change.first_version, change.version, change.last_position), (1, 3, Position(5)));
        assert_eq!((change.before.as_ref(), change.after.status), (None, Status::Succeeded));
        assert_eq!(change.user, Some(alice()));
        let statuses: Vec<_> =
            change.steps.iter().map(|step| (step.status_before, step.status_after)).collect();
        let (queued, running) = (Status::Queued, Status::Running);
        assert_eq!(statuses, [(None, queued), (Some(queued), running), (Some(running), Status::Succeeded)]);
    }

    #[test]
    fn what_is_only_held_is_not_spent() {
        let (held, price) = (Credits::whole(9), Credits::whole(3).unwrap());
        let JobEvent::Queued { request, .. } = queued() else { panic!("it queues") };
        let (cost, per_second) = (held.unwrap(), Some(price));
        let late_cancel = LateCancel::REFUND;
        let queued = JobEvent::Queued { request, cost, per_second, late_cancel, from: Vec::new() };
        let succeeded = JobEvent::Succeeded {
            outputs: Vec::new(),
            charged: Some(price),
            from: Vec::new(),
            provider: None,
        };
        let refunded = JobEvent::Refunded { amount: price, reason: "sorry".into() };
        let events = vec![job(1, 1, queued), job(2, 2, started()), job(3, 3, succeeded), job(4, 4, refunded)];
        let batch = folded(events, nothing_known());
        let spent: Vec<_> =
            batch.jobs[0].steps.iter().map(|step| (step.spent_before, step.spent_after)).collect();
        let zero = Credits::ZERO;
        assert_eq!(spent, [(zero, zero), (zero, zero), (zero, price), (price, zero)]);
    }

    #[test]
    fn a_job_that_began_before_the_page_goes_on_from_what_is_known() {
        let known = Job::apply(None, &queued(), alice().account(), 1, at(1), "user:alice").unwrap();
        let known = HashMap::from([((alice().account(), job_id().into()), Ok(known))]);
        let batch = folded(vec![job(3, 2, started())], known);
        let change = &batch.jobs[0];
        assert_eq!(change.before.as_ref().map(|before| before.status), Some(Status::Queued));
        assert_eq!(change.after.attempt.as_ref().map(|attempt| attempt.fencing), Some(2));
        assert_eq!(change.user, Some(alice()), "from the job's first event");
    }

    #[test]
    fn a_version_that_is_missing_parks_its_stream_alone() {
        let events = vec![grant(1, 1), job(2, 1, queued()), grant(3, 3)];
        let batch = folded(events, nothing_known());
        assert_eq!((batch.accounts.len(), batch.jobs.len()), (0, 1));
        let misfit = &batch.misfits[0];
        assert_eq!((misfit.position, misfit.version, misfit.expected), (Position(3), 3, Some(2)));
    }

    #[test]
    fn streams_that_make_no_sense_are_misfits() {
        let in_account = recorded(1, alice().account().into(), 1, Event::Job(queued()));
        let mut without_amount = grant(1, 1);
        without_amount.amount = None;
        let mut without_state = grant(1, 1);
        without_state.state = None;
        for (event, reason) in [
            (in_account, "a job's event is in an account's stream"),
            (recorded(1, job_id().into(), 1, grant(1, 1).event), "a credit event is in a job's stream"),
            (without_amount, "a credit event has no amounts"),
            (without_state, "a credit event has no state"),
            (job(1, 1, started()), "a job does not begin with job.queued"),
            (job(1, 2, started()), "the log misses an event before it"),
        ] {
            let batch = folded(vec![event], nothing_known());
            assert_eq!(batch.misfits.len(), 1, "{reason}");
            assert_eq!(batch.misfits[0].reason, reason);
            assert!(batch.accounts.is_empty() && batch.jobs.is_empty(), "{reason}");
        }
    }

    #[test]
    fn a_job_that_cannot_be_known_is_a_misfit_with_the_reason() {
        let known = HashMap::from([((alice().account(), job_id().into()), Err("it is torn".to_owned()))]);
        let batch = folded(vec![job(3, 2, started())], known);
        assert_eq!(batch.misfits[0].reason, "it is torn");
    }

    #[test]
    fn an_actor_is_the_owner_of_their_own_account_only() {
        let account = alice().account();
        for (actor, owner) in [
            ("user:alice", Some(alice())),
            ("user:bob", None),
            ("admin:alice", None),
            ("user:", None),
            ("alice", None),
        ] {
            assert_eq!(crate::known_jobs::owner(actor, account), owner, "{actor}");
        }
    }
}
