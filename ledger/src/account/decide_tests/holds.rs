//! Credits set aside: captured, released, lapsed, and the room they keep.

use super::{Story, adjust, credits, grant, hold, lots_of, run, second};
use crate::account::{AccountCommand, AccountEvent, Charge, HoldId, LotId, RefundReason, ReleaseReason};
use crate::refusal::Refusal;

#[test]
fn a_hold_sets_credits_aside_until_it_is_captured_or_released() {
    let mut story = Story::new().with_lot("3", 50, Some(100)).with_lot("3", 50, None);
    let events = story.ask(&hold("5", None)).unwrap();
    assert_eq!(lots_of(&events[0]), "1:3 2:2");
    assert_eq!((story.state.balance, story.state.held), (credits("1"), credits("5")));
    let id = HoldId(3);
    assert_eq!(story.state.hold(id).map(|hold| hold.amount), Some(credits("5")));

    let capture = |amount: &str| AccountCommand::Capture { hold: id, amount: credits(amount) };
    assert_eq!(story.ask(&capture("0")), Err(Refusal::AmountZero));
    let too_large = Refusal::CaptureTooLarge { asked: credits("5.000001"), held: credits("5") };
    assert_eq!(story.ask(&capture("5.000001")), Err(too_large));
    let events = story.ask(&capture("4")).unwrap();
    let AccountEvent::Captured { amount, released, from, to, .. } = &events[0] else { panic!() };
    assert_eq!((*amount, *released), (credits("4"), credits("1")));
    assert_eq!((from.len(), to.len()), (2, 1), "the longest-lived lot gets the rest");
    assert_eq!((story.lots().as_str(), story.state.held), ("2:2", credits("0")));
    for again in [capture("1"), AccountCommand::Release { hold: id }] {
        assert_eq!(story.ask(&again), Err(Refusal::HoldNotOpen { hold: id }));
    }
}

#[test]
fn a_capture_of_everything_releases_nothing() {
    let mut story = Story::new().with_lot("3", 50, None);
    story.ask(&hold("3", None)).unwrap();
    let events = story.ask(&AccountCommand::Capture { hold: HoldId(2), amount: credits("3") }).unwrap();
    let AccountEvent::Captured { released, to, .. } = &events[0] else { panic!() };
    assert_eq!((*released, to.len(), events.len()), (credits("0"), 0, 1));
    assert_eq!((story.state.balance, story.state.held), (credits("0"), credits("0")));
}

#[test]
fn a_released_hold_comes_back_whole() {
    let mut story = Story::new().with_lot("3", 50, None).with_lot("3", 40, None);
    story.ask(&hold("5", None)).unwrap();
    let events = story.ask(&AccountCommand::Release { hold: HoldId(3) }).unwrap();
    assert_eq!(lots_of(&events[0]), "2:3 1:2");
    assert_eq!((story.lots().as_str(), story.state.held), ("2:3 1:3", credits("0")));
    assert_eq!(
        story.ask(&AccountCommand::Release { hold: HoldId(9) }),
        Err(Refusal::HoldNotOpen { hold: HoldId(9) })
    );
}

#[test]
fn a_lapsed_hold_is_released_first_and_its_lapsed_lot_gets_the_grace() {
    let mut story = Story::new().with_lot("3", 50, Some(100)).with_lot("4", 50, Some(100));
    story.ask(&hold("3", Some(120))).unwrap();
    story = story.at(119);
    assert_eq!(story.lapse(), [AccountEvent::Expired { lot: LotId(2), amount: credits("4") }]);
    story = story.at(120);
    let events = story.lapse();
    let AccountEvent::Released { reason, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((*reason, events.len()), (ReleaseReason::Expired, 1));
    assert_eq!((story.lots().as_str(), story.state.next_lapse()), ("1:3", Some(second(220))));
}

#[test]
fn without_grace_a_lapsed_hold_of_a_lapsed_lot_expires_at_once() {
    let mut story = Story::new().with_lot("3", 50, Some(100));
    story.grace = 0;
    story.ask(&hold("3", Some(120))).unwrap();
    story = story.at(120);
    let names: Vec<_> = story.lapse().iter().map(AccountEvent::name).collect();
    assert_eq!(names, ["credits.released", "credits.expired"]);
    assert_eq!((story.state.balance, story.state.held), (credits("0"), credits("0")));
}

#[test]
fn a_jobs_hold_ends_with_its_job_only() {
    let mut story = Story::new().with_lot("9", 50, None);
    story.charge(&Charge::Hold { amount: credits("5") }).unwrap();
    let id = HoldId(2);
    for command in
        [AccountCommand::Release { hold: id }, AccountCommand::Capture { hold: id, amount: credits("1") }]
    {
        assert_eq!(story.ask(&command), Err(Refusal::HoldOfJob { hold: id }));
    }
    let events = story.charge(&Charge::Capture { amount: credits("7") }).unwrap();
    let AccountEvent::Captured { amount, job_id, run: Some(1), .. } = &events[0] else { panic!() };
    assert_eq!((*amount, *job_id), (credits("5"), Some(run().job_id)), "never more than is held");
    let over = Err(Refusal::HoldNotOpen { hold: HoldId(0) });
    assert_eq!(story.charge(&Charge::Capture { amount: credits("1") }), over);
    assert_eq!(story.charge(&Charge::Release { reason: ReleaseReason::Failed }), over);
}

#[test]
fn a_jobs_hold_is_released_with_the_jobs_reason() {
    let mut story = Story::new().with_lot("9", 50, None);
    story.charge(&Charge::Hold { amount: credits("0") }).unwrap();
    let events = story.charge(&Charge::Release { reason: ReleaseReason::Cancelled }).unwrap();
    let AccountEvent::Released { reason, run: Some(1), amount, .. } = &events[0] else { panic!() };
    assert_eq!((*reason, *amount), (ReleaseReason::Cancelled, credits("0")));
    assert_eq!(story.state.holds, []);
}

#[test]
fn held_credits_keep_their_room() {
    let mut story = Story::new().with_lot("1000000000000", 50, None);
    story.ask(&hold("1000000000000", None)).unwrap();
    assert_eq!(story.ask(&AccountCommand::Grant(grant("1"))), Err(Refusal::BalanceTooLarge));
    assert_eq!(story.ask(&adjust("1", false)), Err(Refusal::BalanceTooLarge));
    assert_eq!(story.ask(&AccountCommand::Release { hold: HoldId(2) }).map(|events| events.len()), Ok(1));
    let back =
        Charge::Refund { from: vec![story.state.lots[0].of(credits("1"))], reason: RefundReason::Failed };
    assert_eq!(story.charge(&back), Err(Refusal::BalanceTooLarge));
}
