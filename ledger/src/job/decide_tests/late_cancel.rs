//! What a user who cancels keeps paying for: by the terms, and by how far the work is.

use super::{ALL, Story, credits, fail, in_status, lots, request, start};
use crate::account::{Charge, RefundReason, ReleaseReason, RunCredits};
use crate::job::command::JobCommand;
use crate::job::event::JobEvent;
use crate::job::failure::FailureClass;
use crate::job::late_cancel::LateCancel;
use crate::job::price::Price;
use crate::job::state::Status;
use crate::refusal::Refusal;

const FIXED: &str = "4";

fn bought(price: Price, terms: &str) -> Story {
    let late_cancel: LateCancel = terms.parse().unwrap();
    let story = Story { state: None, version: 0, now: 0 };
    story.then(&JobCommand::Queue { request: request(), price, late_cancel })
}

fn fixed(terms: &str) -> Story {
    bought(Price::Fixed(credits(FIXED)), terms)
}

fn metered(terms: &str) -> Story {
    bought(Price::PerSecond { rate: credits("2"), most: credits("10") }, terms)
}

fn submitted(story: Story) -> Story {
    let story = story.wait(10).then(&start());
    let submit = JobCommand::Submit {
        fencing: story.fencing(),
        provider_task_id: "task".into(),
        deadline_seconds: 600,
        provider: None,
    };
    story.then(&submit)
}

const CANCEL: JobCommand = JobCommand::CancelByUser { max_kept: None };

fn kept(story: &Story) -> Option<String> {
    let (events, _) = story.decide(&CANCEL).unwrap();
    let [JobEvent::Cancelled { kept, refund_waits: false }] = events.as_slice() else { panic!("{events:?}") };
    kept.map(|kept| kept.to_string())
}

#[test]
fn something_is_kept_once_a_provider_has_accepted_the_work_and_at_no_other_time() {
    let failed = |story: Story| {
        let command = fail(story.fencing(), FailureClass::Transient);
        story.then(&command)
    };
    for (story, expected, when) in [
        (fixed("50%"), None, "it waits"),
        (fixed("50%").then(&start()), None, "a worker has it"),
        (submitted(fixed("50%")), Some("2"), "the provider has it"),
        (submitted(fixed("50%")).wait(100_000), Some("2"), "the provider has had it for long"),
        (failed(submitted(fixed("50%"))), None, "it failed and waits for another attempt"),
        (failed(submitted(fixed("50%"))).wait(10).then(&start()), None, "a worker has it again"),
        (submitted(failed(submitted(fixed("50%")))), Some("2"), "the provider has it again"),
        (submitted(fixed("refund")), None, "its terms give all back"),
        (submitted(fixed("keep")), Some("4"), "its terms keep all"),
        (submitted(fixed("33%")), Some("1.32"), "a third"),
        (submitted(metered("25%")), Some("2.5"), "what is only held"),
        (submitted(metered("keep")), Some("10"), "all that is held"),
    ] {
        assert_eq!(kept(&story).as_deref(), expected, "{when}");
        assert_eq!(story.state().cancel_keeps().to_string(), expected.unwrap_or("0"), "{when}");
    }
    for status in ALL {
        assert!(in_status(status).state().cancel_keeps().is_zero(), "{status}");
    }
}

#[test]
fn what_burned_last_comes_back_and_what_burned_first_is_kept() {
    let (_, charge) = submitted(fixed("50%")).decide(&CANCEL).unwrap();
    let from = lots(&[(2, "2")]);
    assert_eq!(charge, Some((Charge::Refund { from, reason: RefundReason::Cancelled }, 1)));
    let cancelled = submitted(fixed("50%")).then(&CANCEL);
    let state = cancelled.state();
    assert_eq!((state.status, state.charged, state.on_hold), (Status::Cancelled, credits("0"), false));
    assert_eq!(state.kept, [RunCredits { run: 1, from: lots(&[(1, "1"), (2, "1")]) }]);
    assert_eq!((state.charged_in_all(), state.kept_in_all()), (credits("2"), credits("2")));

    assert_eq!(submitted(fixed("keep")).decide(&CANCEL).unwrap().1, None, "nothing comes back");

    let capture = Charge::Capture { amount: credits("2.5") };
    assert_eq!(submitted(metered("25%")).decide(&CANCEL).unwrap().1, Some((capture, 1)));
    let cancelled = submitted(metered("25%")).then(&CANCEL);
    assert!(!cancelled.state().on_hold);
    assert_eq!(cancelled.state().kept, [RunCredits { run: 1, from: lots(&[(1, "1"), (2, "1.5")]) }]);
}

#[test]
fn whoever_runs_the_service_keeps_nothing() {
    for (story, release) in [(submitted(fixed("keep")), false), (submitted(metered("keep")), true)] {
        let (events, charge) = story.decide(&JobCommand::Cancel).unwrap();
        assert_eq!(events, [JobEvent::Cancelled { refund_waits: false, kept: None }]);
        let expected = if release {
            Charge::Release { reason: ReleaseReason::Cancelled }
        } else {
            Charge::Refund { from: lots(&[(2, "3"), (1, "1")]), reason: RefundReason::Cancelled }
        };
        assert_eq!(charge, Some((expected, 1)));
    }
    let lost = submitted(fixed("keep"));
    let permanent = fail(lost.fencing(), FailureClass::Permanent);
    assert_eq!(lost.then(&permanent).state().charged_in_all(), credits("0"), "nor does a failure");
}

#[test]
fn a_user_who_was_told_less_is_refused_and_one_who_was_told_as_much_is_not() {
    let story = submitted(fixed("50%"));
    for accepted in ["0", "1.999999"] {
        let refusal = Refusal::CancelKeepsMore { kept: credits("2"), accepted: credits(accepted) };
        let told = JobCommand::CancelByUser { max_kept: Some(credits(accepted)) };
        assert_eq!(story.decide(&told), Err(refusal), "{accepted}");
    }
    for accepted in ["2", "4"] {
        let told = JobCommand::CancelByUser { max_kept: Some(credits(accepted)) };
        assert!(story.decide(&told).is_ok(), "{accepted}");
    }
    // What is over already is over, whatever was told.
    let again = story.then(&CANCEL);
    let told = JobCommand::CancelByUser { max_kept: Some(credits("0")) };
    assert_eq!(again.decide(&told).unwrap().0, []);
}

#[test]
fn what_was_kept_pays_for_no_other_run_and_each_run_is_kept_under_the_same_terms() {
    let story = submitted(fixed("50%")).then(&CANCEL);
    let (events, charge) = story.decide(&JobCommand::Rerun).unwrap();
    let amount = credits(FIXED);
    assert_eq!(events, [JobEvent::Retried { run: 2, charged: Some(amount), from: Vec::new(), reason: None }]);
    assert_eq!(charge, Some((Charge::Debit { amount }, 2)));
    let story = submitted(story.then(&JobCommand::Rerun)).then(&CANCEL);
    let runs: Vec<u32> = story.state().kept.iter().map(|kept| kept.run).collect();
    assert_eq!((runs, story.state().charged_in_all()), (vec![1, 2], credits("4")));
}

#[test]
fn what_is_left_of_a_price_that_was_given_back_in_part_is_shared_by_the_terms() {
    let refund = JobCommand::Refund { amount: Some(credits("3")), reason: "sorry".into() };
    let story = submitted(fixed("50%")).then(&refund);
    assert_eq!(kept(&story).as_deref(), Some("0.5"));
    let all = JobCommand::Refund { amount: None, reason: "sorry".into() };
    assert_eq!(kept(&story.then(&all)), None, "nothing is charged any more");
}

#[test]
fn goodwill_gives_back_what_was_kept_once_newest_run_first() {
    let story = submitted(fixed("50%")).then(&CANCEL).then(&JobCommand::Rerun);
    let story = submitted(story).then(&CANCEL).then(&JobCommand::Rerun);
    assert_eq!(story.state().charged_in_all(), credits("8"));
    let part = JobCommand::Refund { amount: Some(credits("6.5")), reason: "sorry".into() };
    let (events, charge) = story.decide(&part).unwrap();
    assert_eq!(events, [JobEvent::Refunded { amount: credits("6.5"), reason: "sorry".into() }]);
    let of = vec![
        RunCredits { run: 3, from: lots(&[(2, "3"), (1, "1")]) },
        RunCredits { run: 2, from: lots(&[(2, "1"), (1, "1")]) },
        RunCredits { run: 1, from: lots(&[(2, "0.5")]) },
    ];
    assert_eq!(charge, Some((Charge::RefundRuns { of }, 3)));
    let story = story.then(&part);
    assert_eq!(story.state().kept, [RunCredits { run: 1, from: lots(&[(1, "1"), (2, "0.5")]) }]);
    let too_much = Refusal::RefundTooLarge { asked: credits("2"), charged: credits("1.5") };
    let more = JobCommand::Refund { amount: Some(credits("2")), reason: "sorry".into() };
    assert_eq!(story.decide(&more), Err(too_much));
    let all = JobCommand::Refund { amount: None, reason: "sorry".into() };
    let story = story.then(&all);
    assert_eq!((story.state().charged_in_all(), story.state().kept.len()), (credits("0"), 0));
}
