//! Every refusal of an account, in order of precedence, and what an accepted command does to the balance.

use super::{AccountCommand, AccountEvent, AccountState, RefundReason, decide};
use crate::credits::{Change, Credits};
use crate::decision::Decision;
use crate::ids::{JobId, UserId};
use crate::refusal::Refusal;

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn change(text: &str) -> Change {
    text.parse().unwrap()
}

fn user() -> UserId {
    "alice".parse().unwrap()
}

fn grant(amount: &str) -> AccountCommand {
    AccountCommand::Grant { user: user(), amount: credits(amount), reason: "r".into() }
}

fn adjust(by: &str) -> AccountCommand {
    AccountCommand::Adjust { user: user(), change: change(by), reason: "r".into() }
}

fn debit(amount: &str) -> AccountCommand {
    AccountCommand::Debit { amount: credits(amount), job_id: JobId::generate(), run: 1, job_version: 1 }
}

fn refund(amount: &str) -> AccountCommand {
    let job_id = JobId::generate();
    AccountCommand::Refund { amount: credits(amount), job_id, run: 1, reason: RefundReason::Failed }
}

#[test]
fn answers_for_each_command_and_balance() {
    let short = |needed: &str, available: &str| {
        Err(Refusal::CreditsInsufficient { needed: credits(needed), available: credits(available) })
    };
    let too_far = |asked: &str, available: &str| {
        Err(Refusal::AdjustmentTooLarge { asked: credits(asked), available: credits(available) })
    };
    for (balance, command, expected) in [
        ("0", grant("5"), Ok("5")),
        ("0", grant("0"), Err(Refusal::AmountZero)),
        ("1", grant("1000000000000"), Err(Refusal::BalanceTooLarge)),
        ("0", grant("1000000000000"), Ok("1000000000000")),
        ("5", debit("5"), Ok("0")),
        ("5", debit("5.000001"), short("5.000001", "5")),
        ("0", debit("0"), Ok("0")),
        ("5", refund("1.5"), Ok("6.5")),
        ("1000000000000", refund("1"), Err(Refusal::BalanceTooLarge)),
        ("5", adjust("-5"), Ok("0")),
        ("5", adjust("-5.1"), too_far("5.1", "5")),
        ("5", adjust("0.000001"), Ok("5.000001")),
        ("5", adjust("0"), Err(Refusal::AmountZero)),
        ("1000000000000", adjust("0.000001"), Err(Refusal::BalanceTooLarge)),
    ] {
        let mut state = AccountState { balance: credits(balance), ..AccountState::default() };
        let answer = decide(&state, &command).map(|decision| match decision {
            Decision::Events(events) => {
                events.iter().for_each(|event: &AccountEvent| state.apply(event));
                state.balance
            }
            Decision::AlreadyApplied => panic!("no account command is applied already"),
        });
        assert_eq!(answer, expected.map(credits), "{command:?} at {balance}");
    }
}

#[test]
fn the_first_grant_names_the_owner() {
    let mut state = AccountState::default();
    let Ok(Decision::Events(events)) = decide(&state, &grant("1")) else { panic!() };
    state.apply(&events[0]);
    assert_eq!(state.user, Some(user()));
}
