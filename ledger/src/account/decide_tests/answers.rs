//! What is accepted and what is refused, in order of precedence.

use super::{Story, adjust, credits, grant, hold, second, user};
use crate::account::{
    AccountCommand, AccountState, Charge, Grant, LotId, MAX_HOLDS, MAX_LOTS, Priority, decide,
};
use crate::refusal::Refusal;

#[test]
fn answers_for_each_command_and_balance() {
    let too_far = |asked: &str, available: &str| {
        Err(Refusal::AdjustmentTooLarge { asked: credits(asked), available: credits(available) })
    };
    let grant = |amount: &str| AccountCommand::Grant(grant(amount));
    let short = |needed: &str, available: &str| {
        Err(Refusal::CreditsInsufficient { needed: credits(needed), available: credits(available) })
    };
    for (balance, command, expected) in [
        ("0", grant("5"), Ok("5")),
        ("0", grant("0"), Err(Refusal::AmountZero)),
        ("1", grant("1000000000000"), Err(Refusal::BalanceTooLarge)),
        ("0", grant("1000000000000"), Ok("1000000000000")),
        ("5", adjust("-5", false), Ok("0")),
        ("5", adjust("-5.1", false), too_far("5.1", "5")),
        ("5", adjust("-5.1", true), Ok("0")),
        ("5", adjust("-4.9", true), Ok("0.1")),
        ("0", adjust("-1", true), Ok("0")),
        ("5", adjust("0.000001", false), Ok("5.000001")),
        ("5", adjust("0", false), Err(Refusal::AmountZero)),
        ("5", adjust("0", true), Err(Refusal::AmountZero)),
        ("1000000000000", adjust("0.000001", false), Err(Refusal::BalanceTooLarge)),
        ("5", hold("5", None), Ok("0")),
        ("5", hold("0", None), Err(Refusal::AmountZero)),
        ("5", hold("5.000001", None), short("5.000001", "5")),
        ("5", hold("1", Some(0)), Err(Refusal::ExpiryInPast)),
        ("5", hold("1", Some(1)), Ok("4")),
        ("5", AccountCommand::Lapse, Ok("5")),
    ] {
        let mut story = Story::new();
        if balance != "0" {
            story = story.granted(super::grant(balance));
        }
        let answer = story.ask(&command).map(|_| story.state.balance);
        assert_eq!(answer, expected.map(credits), "{command:?} at {balance}");
    }
}

#[test]
fn the_first_grant_names_the_owner() {
    assert_eq!(Story::new().granted(grant("1")).state.user, Some(user()));
}

#[test]
fn answers_for_each_time_of_a_grant() {
    for (effective_at, expires_at, expected) in [
        (None, Some(10), Err(Refusal::ExpiryInPast)),
        (None, Some(9), Err(Refusal::ExpiryInPast)),
        (Some(5), Some(9), Err(Refusal::ExpiryInPast)),
        (None, Some(11), Ok("7")),
        (Some(5), Some(11), Ok("7")),
        (Some(11), Some(12), Ok("0")),
        (Some(10), None, Ok("7")),
        (Some(12), Some(12), Err(Refusal::GrantNeverEffective)),
        (Some(13), Some(12), Err(Refusal::GrantNeverEffective)),
    ] {
        let mut story = Story::new().at(10);
        let (effective_at, expires_at) = (effective_at.map(second), expires_at.map(second));
        let answer = story.ask(&AccountCommand::Grant(Grant { effective_at, expires_at, ..grant("7") }));
        let answer = answer.map(|_| story.state.available(second(10)));
        assert_eq!(answer, expected.map(credits), "from {effective_at:?} until {expires_at:?}");
    }
}

#[test]
fn a_priority_is_at_most_a_hundred() {
    assert_eq!(Priority::try_from(100).map(Priority::get), Ok(100));
    assert!(Priority::try_from(101).is_err());
    assert!(serde_json::from_str::<Priority>("101").is_err());
}

#[test]
fn lots_and_holds_are_limited() {
    let mut story = Story::new();
    for _ in 0..MAX_LOTS {
        story = story.granted(grant("2"));
    }
    let full = Err(Refusal::LotsTooMany { most: MAX_LOTS });
    assert_eq!(story.ask(&AccountCommand::Grant(grant("1"))), full);
    assert_eq!(story.ask(&adjust("1", false)), full);
    for _ in 0..MAX_HOLDS {
        story.ask(&hold("1", None)).unwrap();
    }
    let full = Refusal::HoldsTooMany { most: MAX_HOLDS };
    assert_eq!(story.ask(&hold("1", None)), Err(full.clone()));
    assert_eq!(story.charge(&Charge::Hold { amount: credits("1") }), Err(full));
    let used_up = MAX_HOLDS / 2;
    assert_eq!(story.state.lots.len(), MAX_LOTS - used_up, "two credits a lot and one a hold");
}

#[test]
fn voids_are_limited_because_they_are_remembered() {
    let mut story = Story::new().granted(grant("1"));
    story.state.voided = (2..1_002).map(LotId).collect();
    story.version = 2_000;
    let void = AccountCommand::Void { lot: LotId(1), reason: "r".into() };
    assert_eq!(story.ask(&void), Err(Refusal::LotsTooMany { most: 1_000 }));
    story.state.voided.pop();
    assert_eq!(story.ask(&void).map(|events| events.len()), Ok(1));
}

#[test]
fn a_state_is_written_without_what_is_empty_and_read_back_whole() {
    let mut story = Story::new().with_lot("5", 50, None).with_lot("5", 7, Some(100));
    let text = serde_json::to_string(&story.state).unwrap();
    assert_eq!(
        text,
        r#"{"user":"alice","balance":"10","lots":[{"lot":2,"amount":"5","priority":7,"expires_at":"2027-01-15T08:01:40Z"},{"lot":1,"amount":"5"}]}"#
    );
    story.ask(&hold("6", Some(50))).unwrap();
    story.ask(&AccountCommand::Void { lot: LotId(1), reason: "r".into() }).unwrap();
    let text = serde_json::to_string(&story.state).unwrap();
    assert_eq!(serde_json::from_str::<AccountState>(&text).unwrap(), story.state);
}

#[test]
fn a_misleading_user_id_opens_no_account_and_one_that_was_opened_before_goes_on() {
    let named = |name: &str| Grant { user: name.parse().unwrap(), ..grant("1") };
    let mut story = Story::new();
    for name in [" alice", "\u{202e}ecila"] {
        let refused = decide(&story.state, &AccountCommand::Grant(named(name)), story.occasion());
        assert_eq!(refused, Err(Refusal::UserIdMisleading), "{name:?}");
    }
    story.version = 7;
    assert!(decide(&story.state, &AccountCommand::Grant(named(" alice")), story.occasion()).is_ok());
}
