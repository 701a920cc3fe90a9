//! The pure rules of an account, tens of thousands of random stories each, against the naive account and against
//! laws that hold whatever the rules are. No database: `PROPTEST_CASES` may be large.

use crate::naive;

use ledger::account::{
    AccountCommand, AccountEvent, AccountState, Charge, ForRun, Grant, HoldId, Lot, LotId, Occasion,
    Priority, RefundReason, ReleaseReason, decide, decide_charge, lapse,
};
use ledger::{Change, Decision, JobId, Refusal};
use naive::{Asked, MOST, Micros, NaiveAccount, Seconds, compare, credits, instant, micros};
use proptest::option::of;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::test_runner::{FileFailurePersistence, TestCaseError};
use rust_decimal::Decimal;

const GRACE: Seconds = 40;

/// One thing asked of an account: by people, or by a job.
#[derive(Debug, Clone)]
enum Ask {
    Command(Asked),
    Debit(Micros),
    HoldForJob(Micros),
    CaptureOfJob(Micros),
    ReleaseOfJob,
    /// Gives back up to so much of the newest debit that is not given back.
    Refund(Micros),
}

fn amount() -> impl Strategy<Value = Micros> {
    prop_oneof![
        1 => Just(0),
        8 => (1..12_i128).prop_map(|whole| whole * 1_000_000),
        4 => 1..9_000_000_i128,
        1 => MOST - 20_000_000..=MOST,
    ]
}

/// Seconds of the whole story: what is asked for may be long over.
fn moment() -> impl Strategy<Value = Seconds> {
    0..300_i64
}

fn ask() -> impl Strategy<Value = Ask> {
    let command = prop_oneof![
        6 => (amount(), 0..=4_u8, of(moment()), of(moment())).prop_map(|(amount, priority, from, until)| {
            Asked::Grant { amount, priority: priority * 25, from: from.filter(|from| from % 3 == 0), until }
        }),
        2 => (amount(), any::<bool>(), any::<bool>()).prop_map(|(amount, down, clamp)| {
            Asked::Adjust { change: if down { -amount } else { amount }, clamp }
        }),
        3 => (amount(), of(moment())).prop_map(|(amount, until)| Asked::Hold { amount, until }),
        3 => (-1..40_i64, amount()).prop_map(|(hold, amount)| Asked::Capture { hold, amount }),
        2 => (-1..40_i64).prop_map(|hold| Asked::Release { hold }),
        1 => (-1..40_i64).prop_map(|lot| Asked::Void { lot }),
    ];
    prop_oneof![
        10 => command.prop_map(Ask::Command),
        4 => amount().prop_map(Ask::Debit),
        2 => amount().prop_map(Ask::HoldForJob),
        1 => amount().prop_map(Ask::CaptureOfJob),
        1 => Just(Ask::ReleaseOfJob),
        3 => amount().prop_map(Ask::Refund),
    ]
}

/// What is asked, each after so many seconds.
fn story() -> impl Strategy<Value = Vec<(Seconds, Ask)>> {
    let pause = prop_oneof![3 => Just(0_i64), 3 => 1..20_i64, 1 => 20..90_i64];
    proptest::collection::vec((pause, ask()), 1..30)
}

/// An account driven through the pure functions, with every event that came of it.
#[derive(Debug, Clone, Default)]
struct Account {
    state: AccountState,
    events: Vec<AccountEvent>,
    /// What debits took and was not given back.
    taken: Vec<Vec<Lot>>,
}

fn run() -> ForRun {
    ForRun { job_id: JobId(uuid::Uuid::from_u128(1)), run: 1, job_version: 1 }
}

impl Account {
    fn occasion(&self, now: Seconds) -> Occasion {
        let next_version = i64::try_from(self.events.len()).unwrap() + 1;
        Occasion { now: instant(now), next_version, refund_grace: chrono::TimeDelta::seconds(GRACE) }
    }

    fn write(&mut self, events: Vec<AccountEvent>) {
        for event in events {
            self.state.apply(&event);
            self.events.push(event);
        }
    }

    fn lapse(&mut self, now: Seconds) {
        self.write(lapse(&self.state, self.occasion(now)));
    }

    fn charge(&mut self, charge: &Charge, now: Seconds) -> Result<Vec<AccountEvent>, Refusal> {
        let events = decide_charge(&self.state, charge, run(), self.occasion(now))?;
        self.write(events.clone());
        Ok(events)
    }

    /// Asks as the ledger does: what has lapsed is written first, and a refusal changes nothing.
    fn ask(&mut self, ask: &Ask, now: Seconds) -> Result<(), Refusal> {
        let mut after = self.clone();
        after.lapse(now);
        match ask {
            Ask::Command(asked) => {
                if let Decision::Events(events) = decide(&after.state, &command(asked), after.occasion(now))?
                {
                    after.write(events);
                }
            }
            Ask::Debit(amount) => {
                let events = after.charge(&Charge::Debit { amount: credits(*amount) }, now)?;
                if let [AccountEvent::Debited { from, .. }] = events.as_slice() {
                    after.taken.push(from.clone());
                }
            }
            Ask::HoldForJob(amount) => drop(after.charge(&Charge::Hold { amount: credits(*amount) }, now)?),
            Ask::CaptureOfJob(amount) => {
                drop(after.charge(&Charge::Capture { amount: credits(*amount) }, now)?)
            }
            Ask::ReleaseOfJob => {
                after.charge(&Charge::Release { reason: ReleaseReason::Failed }, now)?;
            }
            Ask::Refund(amount) => {
                let from = take(after.taken.last_mut(), *amount);
                after.charge(&Charge::Refund { from, reason: RefundReason::Goodwill }, now)?;
            }
        }
        *self = after;
        Ok(())
    }
}

/// Takes up to so many credits from the end of what a debit took.
fn take(taken: Option<&mut Vec<Lot>>, amount: Micros) -> Vec<Lot> {
    let mut left = amount;
    let mut back = Vec::new();
    for lot in taken.into_iter().flat_map(|lots| lots.iter_mut().rev()) {
        let here = micros(lot.amount.get()).min(left);
        left -= here;
        lot.amount = credits(micros(lot.amount.get()) - here);
        if here > 0 {
            back.push(Lot { amount: credits(here), ..lot.clone() });
        }
    }
    back
}

fn command(asked: &Asked) -> AccountCommand {
    let user = || "alice".parse().unwrap();
    let reason = || "story".to_owned();
    match *asked {
        Asked::Grant { amount, priority, from, until } => AccountCommand::Grant(Grant {
            priority: Priority::try_from(priority).unwrap(),
            effective_at: from.map(instant),
            expires_at: until.map(instant),
            ..Grant::new(user(), credits(amount), reason())
        }),
        Asked::Adjust { change, clamp } => {
            let change = Change::new(Decimal::from_i128_with_scale(change, 6)).unwrap();
            AccountCommand::Adjust { user: user(), change, reason: reason(), clamp }
        }
        Asked::Hold { amount, until } => {
            let expires_at = until.map(instant);
            AccountCommand::Hold { amount: credits(amount), reason: reason(), expires_at }
        }
        Asked::Capture { hold, amount } => {
            AccountCommand::Capture { hold: HoldId(hold), amount: credits(amount) }
        }
        Asked::Release { hold } => AccountCommand::Release { hold: HoldId(hold) },
        Asked::Void { lot } => AccountCommand::Void { lot: LotId(lot), reason: reason() },
        ref other => unreachable!("{other:?} is about a job"),
    }
}

/// The naive account, with what its debits took.
#[derive(Clone)]
struct Naive {
    account: NaiveAccount,
    taken: Vec<Vec<naive::Part>>,
}

impl Naive {
    fn ask(&mut self, ask: &Ask, now: Seconds) -> Result<(), &'static str> {
        let mut after = self.clone();
        let account = &mut after.account;
        account.begin(now);
        match *ask {
            Ask::Command(Asked::Grant { amount, priority, from, until }) => {
                account.grant(amount, priority, from, until)?;
            }
            Ask::Command(Asked::Adjust { change, clamp }) => account.adjust(change, clamp)?,
            Ask::Command(Asked::Hold { amount, until }) => account.hold(amount, until)?,
            Ask::Command(Asked::Capture { hold, amount }) => account.capture(hold, amount)?,
            Ask::Command(Asked::Release { hold }) => account.release(hold)?,
            Ask::Command(Asked::Void { lot }) => account.void(lot)?,
            Ask::Command(ref other) => unreachable!("{other:?} is about a job"),
            Ask::Debit(amount) => after.taken.push(account.debit(amount)?),
            Ask::HoldForJob(amount) => drop(account.set_aside(amount, None, Some(0))?),
            Ask::CaptureOfJob(amount) => {
                let held = account.holds.iter().find(|kept| kept.job == Some(0));
                let held = held.map_or(0, |kept| naive::total(&kept.parts));
                account.capture_of_job(0, amount.min(held))?;
            }
            Ask::ReleaseOfJob => account.release_of_job(0)?,
            Ask::Refund(amount) => {
                let mut nothing = Vec::new();
                let paid = after.taken.last_mut().unwrap_or(&mut nothing);
                let amount = amount.min(naive::total(paid));
                account.refund(NaiveAccount::unpay(paid, amount))?;
            }
        }
        *self = after;
        Ok(())
    }
}

fn told(story: &[(Seconds, Ask)]) -> (Account, Seconds) {
    let (mut account, mut now) = (Account::default(), 0);
    for (pause, ask) in story {
        now += pause;
        // Refusals are part of a story.
        let _ = account.ask(ask, now);
    }
    (account, now)
}

/// What must hold of any state.
fn is_whole(state: &AccountState, now: Seconds) -> Result<(), TestCaseError> {
    let lots: Micros = state.lots.iter().map(|lot| micros(lot.amount.get())).sum();
    let holds: Micros = state.holds.iter().map(|hold| micros(hold.amount.get())).sum();
    prop_assert_eq!(lots, micros(state.balance.get()), "the balance is the sum of the lots");
    prop_assert_eq!(holds, micros(state.held.get()), "what is held is the sum of the holds");
    prop_assert!(lots + holds <= MOST, "everything that is held can come back");
    prop_assert!(state.lots.iter().all(|lot| !lot.amount.is_zero()), "a lot that is used up is not there");
    for hold in &state.holds {
        let from: Micros = hold.from.iter().map(|lot| micros(lot.amount.get())).sum();
        prop_assert_eq!(from, micros(hold.amount.get()), "a hold is the sum of what it took");
    }
    let (available, pending) = (state.available(instant(now)), state.pending(instant(now)));
    prop_assert!(micros(available.get()) + micros(pending.get()) <= lots);
    Ok(())
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn the_rules_are_those_of_the_naive_account(story in story()) {
        let mut account = Account::default();
        let mut naive =
            Naive { account: NaiveAccount { grace: GRACE, ..NaiveAccount::default() }, taken: Vec::new() };
        let mut now = 0;
        for (place, (pause, ask)) in story.iter().enumerate() {
            now += pause;
            let answer = account.ask(ask, now).map_err(|refusal| refusal.code());
            prop_assert_eq!(answer, naive.ask(ask, now), "step {}", place);
            prop_assert_eq!(i64::try_from(account.events.len()).unwrap(), naive.account.version);
            prop_assert_eq!(compare(&account.state, &naive.account, now), None, "step {}", place);
            is_whole(&account.state, now)?;
        }
    }

    #[test]
    fn nothing_appears_or_vanishes(story in story()) {
        let (account, _) = told(&story);
        let mut state = AccountState::default();
        for event in &account.events {
            let before = micros(state.balance.get());
            state.apply(event);
            let change = micros(event.change().get());
            prop_assert_eq!(before + change, micros(state.balance.get()), "{:?}", event);
        }
        prop_assert_eq!(&state, &account.state, "the state is the fold of its events");
    }

    #[test]
    fn it_does_not_matter_when_somebody_looks(story in story(), looks in proptest::collection::vec(moment(), 0..4)) {
        let (account, now) = told(&story);
        let mut often = account.clone();
        let mut looks: Vec<_> = looks.into_iter().map(|later| now + later).collect();
        looks.sort_unstable();
        let last = now + 300;
        looks.into_iter().for_each(|look| often.lapse(look));
        often.lapse(last);
        let mut once = account;
        once.lapse(last);
        prop_assert_eq!(&often.state, &once.state);
        prop_assert_eq!(lapse(&once.state, once.occasion(last)), vec![], "once is enough");
        prop_assert!(once.state.next_lapse().is_none_or(|next| next > instant(last)));
    }

    #[test]
    fn a_refund_at_once_leaves_no_trace(story in story(), amount in amount()) {
        let (mut account, now) = told(&story);
        account.lapse(now);
        let before = account.state.clone();
        if account.ask(&Ask::Debit(amount), now).is_ok() {
            let from = account.taken.pop().unwrap_or_default();
            let charge = Charge::Refund { from, reason: RefundReason::Failed };
            account.charge(&charge, now).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
            prop_assert_eq!(account.state, before);
        }
    }

    #[test]
    fn a_hold_released_or_wholly_captured_at_once_is_a_hold_that_never_was_or_a_debit(
        story in story(),
        amount in 1..9_000_000_i128,
    ) {
        let (mut account, now) = told(&story);
        account.lapse(now);
        let (mut held, mut debited) = (account.clone(), account.clone());
        let asked = held.ask(&Ask::Command(Asked::Hold { amount, until: None }), now);
        prop_assert_eq!(asked.is_ok(), debited.ask(&Ask::Debit(amount), now).is_ok());
        if asked.is_ok() {
            let hold = i64::try_from(held.events.len()).unwrap();
            let mut released = held.clone();
            prop_assert_eq!(released.ask(&Ask::Command(Asked::Release { hold }), now), Ok(()));
            prop_assert_eq!(&released.state, &account.state);
            prop_assert_eq!(held.ask(&Ask::Command(Asked::Capture { hold, amount }), now), Ok(()));
            prop_assert_eq!(&held.state, &debited.state);
        }
    }

    #[test]
    fn a_state_and_its_events_survive_being_written_down(story in story()) {
        let (account, _) = told(&story);
        let text = serde_json::to_string(&account.state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<AccountState>(&text).unwrap(), &account.state);
        for event in &account.events {
            let read = ledger::Event::decode(event.name(), 2, &event.encode());
            prop_assert_eq!(read.ok(), Some(ledger::Event::Account(event.clone())));
        }
    }
}

/// `PROPTEST_CASES`, or so many.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: 5_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    }
}
