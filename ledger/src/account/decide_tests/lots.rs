//! Which lots burn, come back, lapse and are voided.

use super::{Story, adjust, change, credits, grant, lots_of, second};
use crate::account::{AccountCommand, AccountEvent, Charge, Grant, LotId, RefundReason, Source};
use crate::refusal::Refusal;

#[test]
fn lots_burn_by_priority_then_soonest_expiry_then_oldest() {
    let story = Story::new()
        .with_lot("1", 50, None)
        .with_lot("2", 50, Some(900))
        .with_lot("3", 50, Some(500))
        .with_lot("4", 90, Some(100))
        .with_lot("5", 10, None)
        .with_lot("6", 50, None)
        .with_lot("7", 50, Some(500));
    assert_eq!(story.lots(), "5:5 3:3 7:7 2:2 1:1 6:6 4:4");
}

#[test]
fn a_debit_records_which_lots_it_took() {
    let mut story = Story::new().with_lot("3", 50, None).with_lot("3", 50, Some(100)).with_lot("3", 50, None);
    let events = story.charge(&Charge::Debit { amount: credits("7") }).unwrap();
    assert_eq!(lots_of(&events[0]), "2:3 1:3 3:1");
    assert_eq!(story.lots(), "3:2");
    let short = Refusal::CreditsInsufficient { needed: credits("2.5"), available: credits("2") };
    assert_eq!(story.charge(&Charge::Debit { amount: credits("2.5") }), Err(short.clone()));
    assert_eq!(story.charge(&Charge::Hold { amount: credits("2.5") }), Err(short));
    let events = story.charge(&Charge::Debit { amount: credits("0") }).unwrap();
    assert_eq!(lots_of(&events[0]), "");
}

#[test]
fn credits_that_become_effective_later_cannot_be_spent_before() {
    let mut story = Story::new().granted(Grant { effective_at: Some(second(50)), ..grant("5") });
    assert_eq!(story.state.available(second(49)), credits("0"));
    assert_eq!(story.state.pending(second(49)), credits("5"));
    assert_eq!(story.state.balance, credits("5"));
    assert!(story.charge(&Charge::Debit { amount: credits("1") }).is_err());
    assert!(matches!(story.ask(&adjust("-1", false)), Err(Refusal::AdjustmentTooLarge { .. })));
    story = story.at(50);
    assert_eq!(
        (story.state.available(second(50)), story.state.pending(second(50))),
        (credits("5"), credits("0"))
    );
    assert_eq!(lots_of(&story.charge(&Charge::Debit { amount: credits("1") }).unwrap()[0]), "1:1");
}

#[test]
fn what_has_lapsed_is_gone_from_its_very_second() {
    let mut story = Story::new().with_lot("5", 50, Some(100)).with_lot("1", 50, None).at(99);
    assert_eq!(story.lapse(), []);
    assert_eq!(story.state.available(second(99)), credits("6"));
    story = story.at(100);
    assert_eq!(story.state.available(second(100)), credits("1"));
    assert_eq!(story.state.pending(second(100)), credits("0"));
    assert_eq!(story.lapse(), [AccountEvent::Expired { lot: LotId(1), amount: credits("5") }]);
    assert_eq!((story.lots().as_str(), story.state.balance), ("2:1", credits("1")));
    assert_eq!(story.lapse(), [], "once is enough");
}

#[test]
fn expiring_counts_what_can_be_spent_now_and_is_gone_then() {
    let later = Grant { effective_at: Some(second(50)), expires_at: Some(second(60)), ..grant("9") };
    let story = Story::new().with_lot("5", 50, Some(100)).with_lot("2", 50, Some(200)).granted(later);
    assert_eq!(story.state.expiring(second(0), second(99)), credits("0"));
    assert_eq!(story.state.expiring(second(0), second(100)), credits("5"));
    assert_eq!(story.state.expiring(second(0), second(200)), credits("7"));
    assert_eq!(story.state.next_lapse(), Some(second(60)));
}

#[test]
fn a_refund_comes_back_to_the_lots_it_was_taken_from() {
    let mut story = Story::new().with_lot("3", 50, Some(100)).with_lot("3", 50, None);
    let AccountEvent::Debited { from, .. } =
        story.charge(&Charge::Debit { amount: credits("5") }).unwrap()[0].clone()
    else {
        panic!()
    };
    let refund = Charge::Refund { from, reason: RefundReason::Failed };
    let events = story.charge(&refund).unwrap();
    assert_eq!(lots_of(&events[0]), "1:3 2:2");
    assert_eq!(story.lots(), "1:3 2:3");
    assert_eq!(story.state.next_lapse(), Some(second(100)));
}

#[test]
fn a_refund_to_a_lapsed_lot_lives_for_the_grace() {
    for (grace, expected_events, expected_lots) in [(100, 1, "1:3"), (0, 2, "")] {
        let mut story = Story::new().with_lot("3", 50, Some(100));
        story.grace = grace;
        let AccountEvent::Debited { from, .. } =
            story.charge(&Charge::Debit { amount: credits("3") }).unwrap()[0].clone()
        else {
            panic!()
        };
        story = story.at(150);
        assert_eq!(story.lapse(), [], "nothing remained of it");
        let events = story.charge(&Charge::Refund { from, reason: RefundReason::Cancelled }).unwrap();
        assert_eq!(events.len(), expected_events, "{events:?}");
        assert_eq!(story.lots(), expected_lots);
        assert_eq!(story.state.next_lapse(), (grace > 0).then(|| second(250)));
        assert_eq!(story.at(250).lapse().len(), usize::from(grace > 0));
    }
}

#[test]
fn credits_that_come_back_to_a_lot_under_grace_share_its_end() {
    let mut story = Story::new().with_lot("3", 50, Some(100));
    let AccountEvent::Debited { from, .. } =
        story.charge(&Charge::Debit { amount: credits("3") }).unwrap()[0].clone()
    else {
        panic!()
    };
    let part = |amount: &str| vec![from[0].of(credits(amount))];
    story = story.at(150);
    story.charge(&Charge::Refund { from: part("1"), reason: RefundReason::Goodwill }).unwrap();
    story = story.at(200);
    story.charge(&Charge::Refund { from: part("2"), reason: RefundReason::Goodwill }).unwrap();
    assert_eq!((story.lots().as_str(), story.state.next_lapse()), ("1:3", Some(second(250))));
}

#[test]
fn a_void_takes_what_is_left_and_what_comes_back_later() {
    let mut story = Story::new().with_lot("5", 50, None).with_lot("1", 60, None);
    let AccountEvent::Debited { from, .. } =
        story.charge(&Charge::Debit { amount: credits("2") }).unwrap()[0].clone()
    else {
        panic!()
    };
    let void = |lot: i64| AccountCommand::Void { lot: LotId(lot), reason: "chargeback".into() };
    let events = story.ask(&void(1)).unwrap();
    let expected = AccountEvent::Voided { lot: LotId(1), amount: credits("3"), reason: "chargeback".into() };
    assert_eq!(events, [expected]);
    assert_eq!(story.ask(&void(1)), Err(Refusal::LotVoided { lot: LotId(1) }));
    for unknown in [0, -1, 99, story.version + 1] {
        assert_eq!(story.ask(&void(unknown)), Err(Refusal::LotUnknown { lot: LotId(unknown) }), "{unknown}");
    }
    let events = story.charge(&Charge::Refund { from, reason: RefundReason::Failed }).unwrap();
    assert_eq!(events.len(), 2, "it comes back and is taken back: {events:?}");
    assert_eq!((story.lots().as_str(), story.state.balance), ("2:1", credits("1")));
    assert_eq!(story.state.voided, [LotId(1)], "remembered once");
}

#[test]
fn everything_before_there_were_lots_can_be_voided_while_it_is_there() {
    let mut story = Story::new();
    story.state = serde_json::from_str(r#"{"user":"alice","balance":"5","held":"0"}"#).unwrap();
    assert_eq!(story.lots(), "0:5");
    let void = AccountCommand::Void { lot: LotId::UNNAMED, reason: "r".into() };
    assert_eq!(story.ask(&void).map(|events| events.len()), Ok(1));
    assert_eq!(story.state.balance, credits("0"));
}

#[test]
fn an_adjustment_says_what_it_took_and_makes_a_lot_of_what_it_gives() {
    let mut story = Story::new().with_lot("3", 50, None).with_lot("3", 40, None);
    let events = story.ask(&adjust("-10", true)).unwrap();
    let AccountEvent::Adjusted { change: taken, asked, .. } = &events[0] else { panic!() };
    assert_eq!((*taken, *asked), (change("-6"), Some(change("-10"))));
    assert_eq!(lots_of(&events[0]), "2:3 1:3");
    let events = story.ask(&adjust("2", false)).unwrap();
    let AccountEvent::Adjusted { to, asked: None, .. } = &events[0] else { panic!() };
    assert_eq!((to[0].lot, to[0].source), (LotId(4), Source::Adjustment));
    assert_eq!(story.lots(), "4:2");
    let events = story.ask(&adjust("-1", true)).unwrap();
    assert!(matches!(&events[0], AccountEvent::Adjusted { asked: None, .. }), "all of it was there");
}
