//! Every refusal of an account, in order of precedence, and what an accepted command does to lots and holds.

use super::{
    AccountCommand, AccountEvent, AccountState, Charge, ForRun, Grant, HoldId, LotId, MAX_HOLDS, MAX_LOTS,
    Occasion, Priority, RefundReason, ReleaseReason, Source, decide, decide_charge, lapse,
};
use crate::credits::{Change, Credits};
use crate::decision::Decision;
use crate::ids::{JobId, UserId};
use crate::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn change(text: &str) -> Change {
    text.parse().unwrap()
}

fn user() -> UserId {
    "alice".parse().unwrap()
}

/// That many seconds after the story began.
fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn grant(amount: &str) -> Grant {
    Grant::new(user(), credits(amount), "r")
}

fn adjust(by: &str, clamp: bool) -> AccountCommand {
    AccountCommand::Adjust { user: user(), change: change(by), reason: "r".into(), clamp }
}

fn hold(amount: &str, until: Option<i64>) -> AccountCommand {
    let expires_at = until.map(second);
    AccountCommand::Hold { amount: credits(amount), reason: "r".into(), expires_at }
}

fn run() -> ForRun {
    ForRun { job_id: JobId(uuid::Uuid::from_u128(1)), run: 1, job_version: 1 }
}

/// An account driven through commands. Its version counts its events, as in the log.
struct Story {
    state: AccountState,
    version: i64,
    now: i64,
    grace: i64,
}

impl Story {
    fn new() -> Story {
        Story { state: AccountState::default(), version: 0, now: 0, grace: 100 }
    }

    fn occasion(&self) -> Occasion {
        Occasion {
            now: second(self.now),
            next_version: self.version + 1,
            refund_grace: TimeDelta::seconds(self.grace),
        }
    }

    fn apply(&mut self, events: &[AccountEvent]) {
        for event in events {
            self.state.apply(event);
            self.version += 1;
        }
    }

    fn lapse(&mut self) -> Vec<AccountEvent> {
        let events = lapse(&self.state, self.occasion());
        self.apply(&events);
        events
    }

    fn ask(&mut self, command: &AccountCommand) -> Result<Vec<AccountEvent>, Refusal> {
        let Decision::Events(events) = decide(&self.state, command, self.occasion())? else {
            return Ok(Vec::new());
        };
        self.apply(&events);
        Ok(events)
    }

    fn charge(&mut self, charge: &Charge) -> Result<Vec<AccountEvent>, Refusal> {
        let events = decide_charge(&self.state, charge, run(), self.occasion())?;
        self.apply(&events);
        Ok(events)
    }

    fn granted(mut self, grant: Grant) -> Story {
        self.ask(&AccountCommand::Grant(grant)).unwrap();
        self
    }

    /// A lot that burns with this priority and is gone at that second.
    fn with_lot(self, amount: &str, priority: u8, expires_at: Option<i64>) -> Story {
        let expires_at = expires_at.map(second);
        let priority = Priority::try_from(priority).unwrap();
        self.granted(Grant { priority, expires_at, ..grant(amount) })
    }

    fn at(mut self, seconds: i64) -> Story {
        self.now = seconds;
        self
    }

    /// Lots in burn order as `id:amount`.
    fn lots(&self) -> String {
        self.state.lots.iter().map(|lot| format!("{}:{}", lot.lot, lot.amount)).collect::<Vec<_>>().join(" ")
    }
}

fn lots_of(event: &AccountEvent) -> String {
    let lots = match event {
        AccountEvent::Debited { from, .. } | AccountEvent::Held { from, .. } => from,
        AccountEvent::Captured { from, .. } | AccountEvent::Adjusted { from, .. } => from,
        AccountEvent::Refunded { to, .. } | AccountEvent::Released { to, .. } => to,
        other => panic!("{other:?} has no lots"),
    };
    lots.iter().map(|lot| format!("{}:{}", lot.lot, lot.amount)).collect::<Vec<_>>().join(" ")
}

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
            story = story.granted(super::decide_tests::grant(balance));
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
