//! What is refunded, captured and released, and when.

use super::{Story, answer, credits, fail, lots, queue, refund, start};
use crate::account::{Charge, RefundReason, ReleaseReason};
use crate::job::command::JobCommand;
use crate::job::event::JobEvent;
use crate::job::failure::FailureClass;
use crate::job::output::Output;
use crate::job::price::Price;
use crate::job::state::Status;
use crate::refusal::Refusal;

#[test]
fn each_debit_has_one_refund_and_it_names_the_run_that_was_debited() {
    let story = Story::dead().then(&JobCommand::Retry { run: None, reason: None }).then(&start());
    assert_eq!((story.state().run, story.state().charged_run), (2, 1));
    let (_, charge) = story.decide(&fail(story.fencing(), FailureClass::Permanent)).unwrap();
    assert_eq!(charge, refund(RefundReason::Failed, 1));

    let story = story.failed(FailureClass::Permanent);
    let (events, charge) = story.decide(&JobCommand::Rerun).unwrap();
    assert_eq!(
        events,
        [JobEvent::Retried { run: 3, charged: Some(credits("4")), from: Vec::new(), reason: None }]
    );
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
    let queue = queue(price);
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
        sha256: None,
        thumbnail: None,
    };
    JobCommand::Succeed {
        fencing: story.fencing(),
        outputs: lengths.into_iter().map(output).collect(),
        provider: None,
    }
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
    assert_eq!(
        dead.decide(&JobCommand::Discard { run: None, reason: None }).unwrap().1,
        release(ReleaseReason::Discarded)
    );
    let retried = dead.then(&JobCommand::Retry { run: None, reason: None }).then(&start());
    let command = made(&retried, &[1_000]);
    assert_eq!(retried.decide(&command).unwrap().1, Some((Charge::Capture { amount: credits("2") }, 1)));
}
