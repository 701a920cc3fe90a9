//! The audit of lots and holds: whether each event takes and gives what the rules say it must.

use crate::account::{AccountEvent, AccountState, Lot, burn};
use crate::credits::Credits;
use chrono::{DateTime, Utc};

/// What is wrong with an event that was decided at `at`, for an account in `state`.
pub(super) fn problems(state: &AccountState, event: &AccountEvent, at: DateTime<Utc>) -> Vec<String> {
    let mut found = Vec::new();
    match event {
        AccountEvent::Debited { amount, from, .. } | AccountEvent::Held { amount, from, .. } => {
            found.extend(burned_wrongly(state, *amount, from, at));
        }
        AccountEvent::Adjusted { change, from, .. } if change.is_negative() => {
            found.extend(burned_wrongly(state, change.magnitude(), from, at));
        }
        AccountEvent::Adjusted { change, to, .. } => found.extend(differs(to, change.magnitude())),
        AccountEvent::Refunded { amount, to, .. } => found.extend(differs(to, *amount)),
        AccountEvent::Captured { hold, amount, released, from, to, .. } => {
            found.extend(differs(from, *amount));
            found.extend(differs(to, *released));
            found.extend(not_held(state, *hold, amount.get() + released.get()));
        }
        AccountEvent::Released { hold, amount, to, .. } => {
            found.extend(differs(to, *amount));
            found.extend(not_held(state, *hold, amount.get()));
        }
        AccountEvent::Expired { lot, amount } => match state.lot(*lot) {
            Some(kept) if kept.amount == *amount && kept.has_lapsed(at) => {}
            Some(_) | None => found.push(format!("lot {lot} did not lapse with {amount} credits")),
        },
        AccountEvent::Voided { lot, amount, .. } => {
            let kept = state.lot(*lot).map_or(Credits::ZERO, |lot| lot.amount);
            if kept != *amount {
                found.push(format!("lot {lot} had {kept} credits and not {amount}"));
            }
        }
        AccountEvent::Granted { .. } => {}
    }
    found
}

/// What does not add up in a state.
pub(super) fn imbalances(state: &AccountState) -> Vec<String> {
    let mut found = Vec::new();
    let lots: rust_decimal::Decimal = state.lots.iter().map(|lot| lot.amount.get()).sum();
    if lots != state.balance.get() {
        found.push(format!("the lots add up to {lots} and the balance is {}", state.balance));
    }
    let holds: rust_decimal::Decimal = state.holds.iter().map(|hold| hold.amount.get()).sum();
    if holds != state.held.get() {
        found.push(format!("the holds add up to {holds} and {} are held", state.held));
    }
    found
}

fn burned_wrongly(state: &AccountState, amount: Credits, from: &[Lot], at: DateTime<Utc>) -> Option<String> {
    if state.next_lapse().is_some_and(|next| next <= at) {
        return Some("a lot or a hold had lapsed and it was not written down first".into());
    }
    match burn(state, amount, at) {
        Some(right) if right == from => None,
        Some(_) => Some("the credits were not taken in burn order".into()),
        None => Some("more was taken than could be spent".into()),
    }
}

fn differs(lots: &[Lot], amount: Credits) -> Option<String> {
    let sum: rust_decimal::Decimal = lots.iter().map(|lot| lot.amount.get()).sum();
    (sum != amount.get()).then(|| format!("its lots add up to {sum} and not to {amount}"))
}

fn not_held(
    state: &AccountState,
    hold: crate::account::HoldId,
    amount: rust_decimal::Decimal,
) -> Option<String> {
    match state.hold(hold) {
        Some(open) if open.amount.get() == amount => None,
        Some(open) => Some(format!("hold {hold} kept {} credits and not {amount}", open.amount)),
        None => Some(format!("hold {hold} was not open")),
    }
}
