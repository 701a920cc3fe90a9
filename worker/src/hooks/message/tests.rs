//! What is told of each event, and what of none.

use super::{Context, message, topic};
use chrono::{DateTime, TimeDelta, Utc};
use ledger::account::{AccountEvent, AccountState, HoldId, Lot, LotId, RefundReason};
use ledger::job::{Failure, FailureClass, JobEvent, JobRequest, JobState, Kind, Params};
use ledger::read::AccountNow;
use ledger::{AccountId, Credits, Event, EventId, JobId, Position, RecordedEvent, StreamId};
use projections::hooks::{Message, Topic};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

const JOB: JobId = JobId(Uuid::from_u128(3));

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()
}

fn credits(amount: u64) -> Credits {
    Credits::whole(amount).unwrap()
}

fn recorded(event: Event, balance: Option<(i64, i64)>) -> RecordedEvent {
    let account_id = AccountId(Uuid::from_u128(1));
    RecordedEvent {
        position: Position(17),
        account_id,
        stream_id: StreamId(JOB.0),
        version: 4,
        event_id: EventId(Uuid::from_u128(2)),
        event,
        schema_version: 1,
        payload: String::new(),
        amount: balance.map(|(change, _)| Decimal::from(change)),
        balance_after: balance.map(|(_, after)| Decimal::from(after)),
        job_id: None,
        state: None,
        idempotency_key: None,
        actor: "user:ada".into(),
        request_id: "r".into(),
        causation_id: None,
        occurred_at: at(),
        recorded_at: at(),
        prev_hash: Vec::new(),
        hash: Vec::new(),
    }
}

fn of_job(event: JobEvent) -> RecordedEvent {
    recorded(Event::Job(event), None)
}

fn of_account(event: AccountEvent, change: i64, after: i64) -> RecordedEvent {
    RecordedEvent {
        state: Some(holding(&[lot(after)])),
        ..recorded(Event::Account(event), Some((change, after)))
    }
}

fn lot(amount: i64) -> Lot {
    Lot {
        lot: LotId(1),
        amount: credits(amount.unsigned_abs()),
        priority: Default::default(),
        effective_at: None,
        expires_at: None,
        source: Default::default(),
        extended: false,
    }
}

/// An account with these lots.
fn holding(lots: &[Lot]) -> AccountState {
    let balance = lots.iter().try_fold(Credits::ZERO, |sum, lot| sum.checked_add(lot.amount)).unwrap();
    AccountState {
        user: Some("ada".parse().unwrap()),
        balance,
        lots: lots.to_vec(),
        ..AccountState::default()
    }
}

fn failure() -> Failure {
    let (class, message) = (FailureClass::Transient, "look at the provider before you retry".to_owned());
    Failure { class, code: "submit_unknown".into(), message, billed: None }
}

fn debited() -> AccountEvent {
    AccountEvent::Debited { amount: credits(4), job_id: JOB, run: 1, job_version: 1, from: Vec::new() }
}

fn granted() -> AccountEvent {
    AccountEvent::Granted {
        user: "ada".parse().unwrap(),
        amount: credits(5),
        reason: "plan".into(),
        lot: LotId(7),
        priority: Default::default(),
        effective_at: None,
        expires_at: Some(at()),
        source: Default::default(),
        metadata: [("order".to_owned(), "o-1".to_owned())].into(),
    }
}

fn refunded() -> AccountEvent {
    let (amount, reason) = (credits(4), RefundReason::Failed);
    AccountEvent::Refunded { amount, job_id: JOB, run: 1, reason, job_version: None, to: Vec::new() }
}

#[test]
fn each_end_of_a_generation_is_told_and_nothing_on_the_way() {
    let succeeded =
        JobEvent::Succeeded { outputs: Vec::new(), charged: None, from: Vec::new(), provider: None };
    let queued = JobEvent::Queued {
        request: request().into(),
        cost: credits(4),
        per_second: None,
        late_cancel: Default::default(),
        from: Vec::new(),
    };
    let attempt_failed = JobEvent::AttemptFailed {
        attempt: 1,
        failure: failure(),
        counted: true,
        retry_at: at(),
        run: None,
        provider: None,
    };
    for (event, expected) in [
        (queued, None),
        (
            JobEvent::Started { attempt: 1, worker: "w".into(), lease_until: at(), providers: Vec::new() },
            None,
        ),
        (JobEvent::Submitted { provider_task_id: "t".into(), deadline: at(), provider: None }, None),
        (attempt_failed, None),
        (succeeded, Some(Topic::GenerationSucceeded)),
        (JobEvent::Failed { failure: failure(), refund_waits: false }, Some(Topic::GenerationFailed)),
        (JobEvent::Cancelled { refund_waits: false, kept: None }, Some(Topic::GenerationCancelled)),
        (JobEvent::DeadLettered { failure: failure() }, Some(Topic::GenerationDead)),
        (JobEvent::Discarded { refund_waits: false, reason: None }, Some(Topic::GenerationDiscarded)),
        (JobEvent::Retried { run: 2, charged: None, from: Vec::new(), reason: None }, None),
        (JobEvent::Refunded { amount: credits(1), reason: "goodwill".into() }, None),
    ] {
        assert_eq!(topic(&of_job(event.clone()), credits(20)), expected, "{}", event.name());
    }
}

/// Whether an account is told to be low that has these lots after the event, and had those before it, an hour ago.
fn is_told_low(event: AccountEvent, change: i64, after: &[Lot], before: &[Lot]) -> bool {
    let recorded =
        RecordedEvent { state: Some(holding(after)), ..recorded(Event::Account(event), Some((change, 0))) };
    let before = Some((holding(before), at() - TimeDelta::hours(1)));
    let context = Context { before, ..ada(None) };
    topic(&recorded, credits(20))
        .is_some_and(|topic| message(&recorded, topic, &context, credits(20)).unwrap().is_some())
}

#[test]
fn what_can_be_spent_and_not_the_balance_is_low() {
    let hours = |hours| Some(at() + TimeDelta::hours(hours));
    let later = Lot { effective_at: hours(1), lot: LotId(2), ..lot(1_000) };
    let since = Lot { effective_at: hours(0), lot: LotId(2), ..lot(1_000) };
    let lapsed = Lot { expires_at: hours(0), lot: LotId(2), ..lot(1_000) };
    let expired = AccountEvent::Expired { lot: LotId(2), amount: credits(1_000) };
    for (what, event, change, after, before, expected) in [
        (
            "beside credits of tomorrow",
            debited(),
            -4,
            vec![lot(19), later.clone()],
            vec![lot(23), later.clone()],
            true,
        ),
        ("low as before", debited(), -4, vec![lot(11), later.clone()], vec![lot(15), later], false),
        ("what could be spent since", debited(), -1_000, vec![lot(15)], vec![lot(15), since], true),
        ("what has lapsed", expired.clone(), -1_000, vec![lot(15)], vec![lot(15), lapsed.clone()], true),
        ("what had lapsed before", expired, -1_000, vec![lot(15)], vec![lot(15)], false),
        ("beside what has lapsed", debited(), -4, vec![lot(15), lapsed.clone()], vec![lot(19), lapsed], true),
    ] {
        assert_eq!(is_told_low(event, change, &after, &before), expected, "{what}");
    }
}

#[test]
fn an_account_that_falls_below_the_line_is_told_once() {
    let held = AccountEvent::Held {
        hold: HoldId(3),
        amount: credits(4),
        reason: String::new(),
        job_id: None,
        run: None,
        job_version: None,
        expires_at: None,
        from: Vec::new(),
    };
    let expired = AccountEvent::Expired { lot: LotId(1), amount: credits(4) };
    for (event, after, expected) in [
        (debited(), 20, false),
        (debited(), 19, true),
        (debited(), 16, true),
        (debited(), 15, false),
        (held, 19, true),
        (expired, 19, true),
    ] {
        let name = event.name();
        assert_eq!(is_told_low(event, -4, &[lot(after)], &[lot(after + 4)]), expected, "{name} to {after}");
    }
    for (event, change, after, expected) in
        [(granted(), 5, 10, Topic::CreditsGranted), (refunded(), 4, 22, Topic::CreditsRefunded)]
    {
        assert_eq!(topic(&of_account(event, change, after), credits(20)), Some(expected));
    }
    assert_eq!(topic(&of_account(debited(), -4, 0), Credits::ZERO), None);
}

fn told(recorded: &RecordedEvent, context: &Context) -> Value {
    let topic = topic(recorded, credits(20)).unwrap();
    let message = message(recorded, topic, context, credits(20)).unwrap().unwrap();
    assert_eq!((message.position, message.account_id), (recorded.position, recorded.account_id));
    let again = super::message(recorded, topic, context, credits(20)).unwrap().unwrap();
    assert_eq!(message, again, "the same, byte by byte");
    serde_json::from_str(&message.payload).unwrap()
}

fn ada(job: Option<JobState>) -> Context {
    Context { user: "ada".parse().unwrap(), job, before: Some((holding(&[lot(1_000)]), at())) }
}

#[test]
fn credits_are_told_with_the_balance_after_them_and_without_what_no_user_is_shown() {
    assert_eq!(
        told(&of_account(granted(), 5, 10), &ada(None)),
        json!({
            "type": "credits.granted",
            "timestamp": "2027-01-15T08:00:00.123456Z",
            "data": {
                "user": "ada", "amount": "5", "balance": "10", "lot": 7, "source": "other", "reason": "plan",
                "effective_at": null, "expires_at": "2027-01-15T08:00:00.123456Z",
                "position": 17,
            },
        })
    );
    let refund = told(&of_account(refunded(), 4, 22), &ada(None))["data"].clone();
    assert_eq!(
        refund,
        json!({
            "user": "ada", "amount": "4", "balance": "22", "generation": JOB, "run": 1, "reason": "failed", "position": 17,
        })
    );
    let low = told(&of_account(debited(), -4, 19), &ada(None))["data"].clone();
    assert_eq!(low, json!({ "user": "ada", "available": "19", "low_below": "20", "position": 17 }));
}

fn request() -> JobRequest {
    JobRequest {
        kind: Kind::Image,
        model: "sim-image".into(),
        prompt: "a secret".into(),
        count: 1,
        params: Params::default(),
    }
}

#[test]
fn a_generation_is_told_in_the_words_of_its_user_and_without_its_prompt() {
    let queued = JobEvent::Queued {
        request: request().into(),
        cost: credits(4),
        per_second: None,
        late_cancel: Default::default(),
        from: Vec::new(),
    };
    let dead = JobEvent::DeadLettered { failure: failure() };
    let job = JobState::apply(None, &queued, 1, at());
    let job = JobState::apply(job, &dead, 2, at());
    let told = told(&of_job(dead), &ada(job));
    let data = &told["data"];
    for (field, value) in [
        ("id", json!(JOB)),
        ("url", json!(format!("/v1/generations/{JOB}"))),
        ("user", json!("ada")),
        ("kind", json!("image")),
        ("model", json!("sim-image")),
        ("status", json!("dead")),
        ("charged", json!("4")),
        ("outputs", json!([])),
        ("position", json!(17)),
    ] {
        assert_eq!(data[field], value, "{field}");
    }
    assert_eq!(data["failure"]["code"], "submit_unknown");
    let sentence = data["failure"]["message"].as_str().unwrap();
    assert!(sentence.contains("somebody looks into it"), "{sentence}");
    assert!(!told.to_string().contains("a secret"));
}

#[test]
fn each_lot_that_will_be_gone_soon_is_told_under_a_name_of_its_own() {
    let days = |days| Some(at() + TimeDelta::days(days));
    let lots = [
        Lot { expires_at: days(3), lot: LotId(2), ..lot(5) },
        Lot { expires_at: days(7), lot: LotId(3), ..lot(6) },
        Lot { expires_at: days(8), lot: LotId(4), ..lot(7) },
        Lot { expires_at: days(0), lot: LotId(5), ..lot(8) },
        Lot { expires_at: days(3), effective_at: days(1), lot: LotId(6), ..lot(9) },
        lot(10),
    ];
    let account =
        |state| AccountNow { account_id: AccountId(Uuid::from_u128(1)), position: Position(17), state };
    let told = |lots: &[Lot]| -> Vec<Message> {
        super::expiring(&account(holding(lots)), (at(), at() + TimeDelta::days(7))).collect()
    };
    let of_all = told(&lots);
    let data = |message: &Message| serde_json::from_str::<Value>(&message.payload).unwrap();
    assert_eq!(
        of_all.iter().map(data).collect::<Vec<_>>(),
        [(2, "5", "2027-01-18"), (3, "6", "2027-01-22")].map(|(lot, amount, day)| json!({
            "type": "credits.expiring",
            "timestamp": "2027-01-15T08:00:00.123456Z",
            "data": {
                "user": "ada", "amount": amount, "lot": lot, "source": "other",
                "expires_at": format!("{day}T08:00:00.123456Z"), "position": 17,
            },
        }))
    );
    assert_ne!(of_all[0].id, of_all[1].id);
    let less = Lot { amount: credits(1), ..lots[0].clone() };
    assert_eq!(told(&[less])[0].id, of_all[0].id, "whatever was spent of it meanwhile");
}

#[test]
fn the_id_is_made_of_the_event_and_of_what_is_told() {
    let grant = of_account(granted(), 5, 10);
    let id = |recorded: &RecordedEvent, topic| {
        message(recorded, topic, &ada(None), credits(20)).unwrap().unwrap().id
    };
    let other = RecordedEvent { event_id: EventId(Uuid::from_u128(9)), ..grant.clone() };
    assert_eq!(id(&grant, Topic::CreditsGranted), id(&grant, Topic::CreditsGranted));
    assert_ne!(id(&grant, Topic::CreditsGranted), id(&other, Topic::CreditsGranted));
    assert_ne!(id(&grant, Topic::CreditsGranted), id(&grant, Topic::CreditsLow));
}
