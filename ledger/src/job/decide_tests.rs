//! Every answer of every command in every status, and the rules of attempts, leases and refunds.

use super::command::JobCommand;
use super::decide::{Charged, decide};
use super::event::JobEvent;
use super::failure::{Failure, FailureClass};
use super::output::Output;
use super::policy::RetryPolicy;
use super::price::Price;
use super::request::{JobRequest, Kind, Params};
use super::state::{JobState, Status};
use crate::account::{Charge, Lot, RefundReason, ReleaseReason};
use crate::credits::Credits;
use crate::decision::Decision;
use crate::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::sync::Arc;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "code".into(), message: "message".into() }
}

fn request() -> Arc<JobRequest> {
    Arc::new(JobRequest {
        kind: Kind::Image,
        model: "m".into(),
        prompt: "p".into(),
        count: 1,
        params: Params::default(),
    })
}

const POLICY: RetryPolicy = RetryPolicy { max_attempts: 3, give_up_after_seconds: 3_600 };

fn start() -> JobCommand {
    JobCommand::Start { worker: "w".into(), lease_seconds: 60, policy: POLICY }
}

fn fail(fencing: i64, class: FailureClass) -> JobCommand {
    JobCommand::FailAttempt { fencing, failure: failure(class), backoff_milliseconds: 5_000, policy: POLICY }
}

/// Credits of these lots.
fn lots(lots: &[(i64, &str)]) -> Vec<Lot> {
    let lot = |(id, amount): &(i64, &str)| {
        serde_json::from_value(serde_json::json!({ "lot": id, "amount": amount })).unwrap()
    };
    lots.iter().map(lot).collect()
}

/// What a job of 4 credits gives back: the lots in the order in which they come back.
fn refund(reason: RefundReason, run: u32) -> Option<(Charge, u32)> {
    Some((Charge::Refund { from: lots(&[(2, "3"), (1, "1")]), reason }, run))
}

/// A job driven through commands, each one second after the other; every one must be accepted.
struct Story {
    state: Option<JobState>,
    version: i64,
    now: i64,
}

impl Story {
    fn queued() -> Story {
        Story { state: None, version: 0, now: 0 }
            .then(&JobCommand::Queue { request: request(), price: Price::Fixed(credits("4")) })
    }

    fn then(mut self, command: &JobCommand) -> Story {
        self.now += 1;
        let (decision, charge) = decide(self.state.as_ref(), command, at(self.now)).unwrap();
        let Decision::Events(events) = decision else { panic!("{command:?} changed nothing") };
        let paid = match charge {
            Some((Charge::Debit { amount } | Charge::Hold { amount } | Charge::Capture { amount }, _)) => {
                lots(&[(1, "1"), (2, &(amount.get() - Decimal::ONE).to_string())])
            }
            _ => Vec::new(),
        };
        for event in events.into_iter().map(|event| event.paid(&paid)) {
            self.version += 1;
            self.state = JobState::apply(self.state, &event, self.version, at(self.now));
        }
        self
    }

    fn wait(mut self, seconds: i64) -> Story {
        self.now += seconds;
        self
    }

    fn started() -> Story {
        Story::queued().then(&start())
    }

    fn fencing(&self) -> i64 {
        self.state.as_ref().unwrap().attempt.as_ref().unwrap().fencing
    }

    fn failed(self, class: FailureClass) -> Story {
        let command = fail(self.fencing(), class);
        self.then(&command)
    }

    fn dead() -> Story {
        let mut story = Story::queued();
        for _ in 0..3 {
            story = story.wait(10).then(&start()).failed(FailureClass::Transient);
        }
        story
    }

    fn succeeded() -> Story {
        let story = Story::started();
        let command = JobCommand::Succeed { fencing: story.fencing(), outputs: Vec::new() };
        story.then(&command)
    }

    fn decide(&self, command: &JobCommand) -> Result<(Vec<JobEvent>, Charged), Refusal> {
        decide(self.state.as_ref(), command, at(self.now + 1)).map(|(decision, charge)| match decision {
            Decision::Events(events) => (events, charge),
            Decision::AlreadyApplied => (Vec::new(), charge),
        })
    }

    fn state(&self) -> &JobState {
        self.state.as_ref().unwrap()
    }
}

fn in_status(status: Status) -> Story {
    match status {
        Status::Queued => Story::queued(),
        Status::Running => Story::started(),
        Status::Succeeded => Story::succeeded(),
        Status::Failed => Story::started().failed(FailureClass::Permanent),
        Status::Dead => Story::dead(),
        Status::Cancelled => Story::queued().then(&JobCommand::Cancel),
        Status::Discarded => Story::dead().then(&JobCommand::Discard { run: None }),
    }
}

const ALL: [Status; 7] = [
    Status::Queued,
    Status::Running,
    Status::Succeeded,
    Status::Failed,
    Status::Dead,
    Status::Cancelled,
    Status::Discarded,
];

/// What a command leads to: the event's name, nothing (`already`), or the refusal's code.
fn answer(story: &Story, command: &JobCommand) -> &'static str {
    match story.decide(command) {
        Ok((events, _)) => events.first().map_or("already", JobEvent::name),
        Err(refusal) => refusal.code(),
    }
}

#[test]
fn every_command_has_an_answer_in_every_status() {
    let commands = [
        ("start", start()),
        ("succeed", JobCommand::Succeed { fencing: 2, outputs: Vec::new() }),
        ("fail", fail(2, FailureClass::Permanent)),
        ("dead-letter", JobCommand::DeadLetter { failure: failure(FailureClass::Transient) }),
        ("retry", JobCommand::Retry { run: None }),
        ("discard", JobCommand::Discard { run: None }),
        ("cancel", JobCommand::Cancel),
        ("rerun", JobCommand::Rerun),
        ("queue", JobCommand::Queue { request: request(), price: Price::Fixed(credits("4")) }),
        ("refund", JobCommand::Refund { amount: None, reason: "r".into() }),
    ];
    #[rustfmt::skip]
    let expected = [
        //                queued               running           succeeded     failed        dead             cancelled     discarded
        ("start",       ["job.started",       "job_claimed",    "job_status", "job_status", "job_status",    "job_status", "job_status"]),
        ("succeed",     ["lease_lost",        "job.succeeded",  "lease_lost", "lease_lost", "lease_lost",    "lease_lost", "lease_lost"]),
        ("fail",        ["lease_lost",        "job.failed",     "lease_lost", "lease_lost", "lease_lost",    "lease_lost", "lease_lost"]),
        ("dead-letter", ["job.dead_lettered", "job_claimed",    "job_status", "job_status", "already",       "job_status", "job_status"]),
        ("retry",       ["job_status",        "job_status",     "job_status", "job_status", "job.retried",   "job_status", "job_status"]),
        ("discard",     ["job_status",        "job_status",     "job_status", "job_status", "job.discarded", "job_status", "already"]),
        ("cancel",      ["job.cancelled",     "job.cancelled",  "job_status", "job_status", "job_status",    "already",    "job_status"]),
        ("rerun",       ["job_status",        "job_status",     "job_status", "job.retried", "job_status",   "job.retried", "job.retried"]),
        ("queue",       ["job_exists",        "job_exists",     "job_exists", "job_exists", "job_exists",    "job_exists", "job_exists"]),
        ("refund",      ["job.refunded",      "job.refunded",   "job.refunded", "refund_too_large", "job.refunded", "refund_too_large", "refund_too_large"]),
    ];
    for ((name, command), (expected_name, row)) in commands.iter().zip(expected) {
        assert_eq!(*name, expected_name);
        for (status, expected) in ALL.into_iter().zip(row) {
            let story = in_status(status);
            assert_eq!(story.state().status, status);
            assert_eq!(answer(&story, command), expected, "{name} while {status}");
        }
    }
}

#[test]
fn a_job_that_does_not_exist_can_only_be_queued() {
    for command in [
        start(),
        JobCommand::Cancel,
        JobCommand::Retry { run: None },
        JobCommand::Discard { run: None },
        JobCommand::Rerun,
    ] {
        assert_eq!(decide(None, &command, at(0)), Err(Refusal::JobUnknown));
    }
    let (_, charge) =
        decide(None, &JobCommand::Queue { request: request(), price: Price::Fixed(credits("4")) }, at(0))
            .unwrap();
    assert_eq!(charge, Some((Charge::Debit { amount: credits("4") }, 1)));
}

#[test]
fn a_permanent_failure_ends_the_job_and_gives_the_price_back() {
    let story = Story::started();
    let (events, charge) = story.decide(&fail(story.fencing(), FailureClass::Permanent)).unwrap();
    assert_eq!(events, [JobEvent::Failed { failure: failure(FailureClass::Permanent), refund_waits: false }]);
    assert_eq!(charge, refund(RefundReason::Failed, 1));
}

#[test]
fn a_transient_failure_backs_off_until_the_attempts_are_used_up() {
    let mut story = Story::queued();
    for attempt in 1..=2 {
        story = story.wait(10).then(&start()).failed(FailureClass::Transient);
        assert_eq!((story.state().status, story.state().attempts), (Status::Queued, attempt));
        assert_eq!(story.state().retry_at, Some(at(story.now) + TimeDelta::seconds(5)));
        assert_eq!(story.decide(&start()), Err(Refusal::JobNotDue));
    }
    let story = story.wait(10).then(&start());
    let (events, charge) = story.decide(&fail(story.fencing(), FailureClass::Transient)).unwrap();
    assert_eq!(events, [JobEvent::DeadLettered { failure: failure(FailureClass::Transient) }]);
    assert_eq!(charge, None, "the credits stay spent so that a retry is free");
}

#[test]
fn a_throttled_attempt_costs_none_until_the_run_is_too_old() {
    let mut story = Story::queued();
    for _ in 0..20 {
        story = story.wait(10).then(&start()).failed(FailureClass::Throttled);
        assert_eq!((story.state().status, story.state().attempts), (Status::Queued, 0));
    }
    let story = story.wait(3_600).then(&start());
    let (events, _) = story.decide(&fail(story.fencing(), FailureClass::Throttled)).unwrap();
    assert_eq!(events[0].name(), "job.dead_lettered");
}

#[test]
fn a_lapsed_lease_lets_another_worker_take_over_and_fences_the_first_one_out() {
    let story = Story::started();
    let first = story.fencing();
    assert_eq!(story.decide(&start()), Err(Refusal::JobClaimed));
    let story = story.wait(60).then(&start());
    assert_eq!(story.state().attempts, 2);
    let late = JobCommand::Succeed { fencing: first, outputs: Vec::new() };
    assert_eq!(story.decide(&late), Err(Refusal::LeaseLost));
    assert_eq!(story.decide(&fail(first, FailureClass::Permanent)), Err(Refusal::LeaseLost));
}

#[test]
fn a_late_worker_may_finish_while_nobody_took_over() {
    let story = Story::started().wait(3_000);
    let outputs = vec![Output {
        index: 0,
        key: "k".into(),
        content_type: "image/png".into(),
        width: 1,
        height: 1,
        bytes: 1,
        duration_milliseconds: None,
    }];
    let done = JobCommand::Succeed { fencing: story.fencing(), outputs: outputs.clone() };
    let story = story.then(&done);
    assert_eq!((story.state().status, &story.state().outputs), (Status::Succeeded, &outputs));
}

#[test]
fn a_run_that_loses_every_worker_goes_to_the_dead_letters() {
    let story = Story::started().wait(61).then(&start()).wait(61).then(&start()).wait(61);
    let (events, _) = story.decide(&start()).unwrap();
    let [JobEvent::DeadLettered { failure }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(failure.code, "worker_lost");
}

#[test]
fn a_submitted_job_is_claimed_until_the_provider_s_deadline() {
    let story = Story::started();
    let submit = JobCommand::Submit {
        fencing: story.fencing(),
        provider_task_id: "t".into(),
        deadline_seconds: 1_800,
    };
    let story = story.then(&submit).wait(600);
    assert_eq!(answer(&story, &start()), "job_claimed");
    assert_eq!(answer(&story, &submit), "already");
    assert_eq!(answer(&story.wait(1_300), &start()), "job.started");
}

#[test]
fn each_debit_has_one_refund_and_it_names_the_run_that_was_debited() {
    let story = Story::dead().then(&JobCommand::Retry { run: None }).then(&start());
    assert_eq!((story.state().run, story.state().charged_run), (2, 1));
    let (_, charge) = story.decide(&fail(story.fencing(), FailureClass::Permanent)).unwrap();
    assert_eq!(charge, refund(RefundReason::Failed, 1));

    let story = story.failed(FailureClass::Permanent);
    let (events, charge) = story.decide(&JobCommand::Rerun).unwrap();
    assert_eq!(events, [JobEvent::Retried { run: 3, charged: Some(credits("4")), from: Vec::new() }]);
    assert_eq!(charge, Some((Charge::Debit { amount: credits("4") }, 3)));
    let story = story.then(&JobCommand::Rerun);
    let (_, charge) = story.decide(&JobCommand::Cancel).unwrap();
    assert_eq!(charge, refund(RefundReason::Cancelled, 3));
}

fn goodwill(amount: Option<&str>) -> JobCommand {
    JobCommand::Refund { amount: amount.map(credits), reason: "sorry".into() }
}

#[test]
fn a_part_of_the_price_can_come_back_and_the_rest_of_it_later() {
    let story = Story::started();
    let (events, charge) = story.decide(&goodwill(Some("3.5"))).unwrap();
    assert_eq!(events, [JobEvent::Refunded { amount: credits("3.5"), reason: "sorry".into() }]);
    let from = lots(&[(2, "3"), (1, "0.5")]);
    assert_eq!(charge, Some((Charge::Refund { from, reason: RefundReason::Goodwill }, 1)));

    let story = story.then(&goodwill(Some("3.5")));
    assert_eq!((story.state().status, story.state().charged), (Status::Running, credits("0.5")));
    let over = Refusal::RefundTooLarge { asked: credits("0.6"), charged: credits("0.5") };
    assert_eq!(story.decide(&goodwill(Some("0.6"))), Err(over));
    assert_eq!(story.decide(&goodwill(Some("0"))), Err(Refusal::AmountZero));
    let rest = Charge::Refund { from: lots(&[(1, "0.5")]), reason: RefundReason::Cancelled };
    assert_eq!(story.decide(&JobCommand::Cancel).unwrap().1, Some((rest, 1)));

    let story = story.then(&goodwill(None));
    assert_eq!(story.state().charged, credits("0"));
    assert_eq!(answer(&story, &goodwill(None)), "refund_too_large");
}

fn per_second(rate: &str, most: &str) -> Story {
    let price = Price::PerSecond { rate: credits(rate), most: credits(most) };
    let story = Story { state: None, version: 0, now: 0 };
    let queue = JobCommand::Queue { request: request(), price };
    assert_eq!(story.decide(&queue).unwrap().1, Some((Charge::Hold { amount: credits(most) }, 1)));
    let story = story.then(&queue);
    assert_eq!((story.state().on_hold, story.state().charged), (true, credits(most)));
    story.then(&start())
}

fn made(story: &Story, milliseconds: &[u64]) -> JobCommand {
    made_of(story, milliseconds.iter().copied().map(Some))
}

fn made_of(story: &Story, lengths: impl IntoIterator<Item = Option<u64>>) -> JobCommand {
    let output = |duration_milliseconds| Output {
        index: 0,
        key: "k".into(),
        content_type: "video/mp4".into(),
        width: 1,
        height: 1,
        bytes: 1,
        duration_milliseconds,
    };
    JobCommand::Succeed { fencing: story.fencing(), outputs: lengths.into_iter().map(output).collect() }
}

#[test]
fn a_price_per_second_is_captured_for_what_was_made() {
    for (rate, milliseconds, expected) in [
        ("2", vec![1_500], "3"),
        ("2", vec![1_500, 500], "4"),
        ("0.000001", vec![1], "0.000001"),
        ("2", vec![4_999, 1], "10"),
        ("2", vec![5_001], "10"),
        ("2", vec![u64::MAX / 2], "10"),
        ("2", vec![], "0"),
    ] {
        let story = per_second(rate, "10");
        let command = made(&story, &milliseconds);
        let (events, charge) = story.decide(&command).unwrap();
        let amount = credits(expected);
        assert_eq!(charge, Some((Charge::Capture { amount }, 1)), "{rate} for {milliseconds:?}");
        let [JobEvent::Succeeded { charged, .. }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(*charged, Some(amount));
    }
}

#[test]
fn a_price_per_second_is_captured_whole_for_what_was_not_measured() {
    for lengths in [vec![None], vec![Some(1_500), None]] {
        let story = per_second("2", "10");
        let amount = credits("10");
        let charge = story.decide(&made_of(&story, lengths.clone())).unwrap().1;
        assert_eq!(charge, Some((Charge::Capture { amount }, 1)), "{lengths:?}");
    }
}

#[test]
fn once_captured_a_price_can_be_refunded_and_before_that_only_released() {
    let story = per_second("2", "10");
    assert_eq!(story.decide(&goodwill(None)), Err(Refusal::PriceOnlyHeld));
    let command = made(&story, &[1_000]);
    let story = story.then(&command);
    assert_eq!((story.state().on_hold, story.state().charged), (false, credits("2")));
    let from = lots(&[(2, "1"), (1, "1")]);
    let charge = Some((Charge::Refund { from, reason: RefundReason::Goodwill }, 1));
    assert_eq!(story.decide(&goodwill(None)).unwrap().1, charge);
}

#[test]
fn a_price_that_was_only_held_is_released_when_the_job_ends_without_it() {
    let release = |reason| Some((Charge::Release { reason }, 1));
    let story = per_second("2", "10");
    assert_eq!(story.decide(&JobCommand::Cancel).unwrap().1, release(ReleaseReason::Cancelled));
    let permanent = fail(story.fencing(), FailureClass::Permanent);
    assert_eq!(story.decide(&permanent).unwrap().1, release(ReleaseReason::Failed));
    let story = story.failed(FailureClass::Permanent);
    assert_eq!((story.state().on_hold, story.state().charged), (false, credits("0")));
    assert_eq!(
        story.decide(&JobCommand::Rerun).unwrap().1,
        Some((Charge::Hold { amount: credits("10") }, 2))
    );

    let mut dead = per_second("2", "10").failed(FailureClass::Transient);
    for _ in 0..2 {
        dead = dead.wait(10).then(&start()).failed(FailureClass::Transient);
    }
    assert_eq!((dead.state().status, dead.state().on_hold), (Status::Dead, true));
    assert_eq!(dead.decide(&JobCommand::Discard { run: None }).unwrap().1, release(ReleaseReason::Discarded));
    let retried = dead.then(&JobCommand::Retry { run: None }).then(&start());
    let command = made(&retried, &[1_000]);
    assert_eq!(retried.decide(&command).unwrap().1, Some((Charge::Capture { amount: credits("2") }, 1)));
}

#[test]
fn a_lease_ends_and_a_pause_is_over_at_its_very_moment() {
    let dead_letter = JobCommand::DeadLetter { failure: failure(FailureClass::Transient) };
    // Claimed at second 2 for 60 seconds; what is asked comes a second after the story's last one.
    for (waited, claimed) in [(58, true), (59, false), (60, false)] {
        for command in [start(), dead_letter.clone()] {
            let answer = Story::started().wait(waited).decide(&command);
            assert_eq!(matches!(answer, Err(Refusal::JobClaimed)), claimed, "{waited}: {command:?}");
            assert_eq!(answer.is_ok(), !claimed, "{waited}: {command:?}");
        }
    }
    // Failed at second 3, to be tried again 5 seconds later.
    for (waited, due) in [(3, false), (4, true), (5, true)] {
        let answer = Story::started().failed(FailureClass::Transient).wait(waited).decide(&start());
        assert_eq!(matches!(answer, Err(Refusal::JobNotDue)), !due, "{waited}");
        assert_eq!(answer.is_ok(), due, "{waited}");
    }
}

#[test]
fn a_status_has_one_name_and_is_finished_or_not() {
    for status in ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        assert_eq!(status.to_string(), status.as_str());
        let waits = matches!(status, Status::Queued | Status::Running);
        assert_eq!(status.is_finished(), !waits, "{status}");
        let ended = in_status(status).state().finished_at.is_some();
        assert_eq!(status.is_finished(), ended, "{status}");
    }
}

#[test]
fn an_event_from_before_there_were_lots_was_paid_from_the_unnamed_one() {
    for (cost, paid) in [("4", vec![Lot::unnamed(credits("4"))]), ("0", Vec::new())] {
        let queued =
            JobEvent::Queued { request: request(), cost: credits(cost), per_second: None, from: Vec::new() };
        assert_eq!(JobState::apply(None, &queued, 1, at(0)).unwrap().paid_from, paid);
    }
}

#[test]
fn a_stream_that_cannot_be_is_folded_without_a_panic() {
    let uncounted = JobEvent::AttemptFailed {
        attempt: 1,
        failure: failure(FailureClass::Throttled),
        counted: false,
        retry_at: at(9),
    };
    let state = JobState::apply(Story::queued().state, &uncounted, 2, at(1)).unwrap();
    assert_eq!((state.attempts, state.status), (0, Status::Queued));
}

#[test]
fn what_names_an_earlier_run_is_refused() {
    let again = Story::dead().then(&JobCommand::Retry { run: Some(1) }).then(&start());
    for (seen, command) in [1, 3].into_iter().flat_map(|seen| {
        [(seen, JobCommand::Retry { run: Some(seen) }), (seen, JobCommand::Discard { run: Some(seen) })]
    }) {
        assert_eq!(again.decide(&command), Err(Refusal::RunStale { seen, run: 2 }), "{command:?}");
    }
    let dead = Story::dead();
    assert!(dead.decide(&JobCommand::Discard { run: Some(1) }).is_ok());
    let given_up = Story::dead().then(&JobCommand::Discard { run: Some(1) });
    let repeated = given_up.decide(&JobCommand::Discard { run: Some(1) });
    assert!(repeated.unwrap().0.is_empty(), "a repeat writes nothing");
}
