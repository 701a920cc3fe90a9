//! Which lots credits are taken from, and which they come back to.

use super::command::ForRun;
use super::event::AccountEvent;
use super::hold::{Hold, ReleaseReason};
use super::lot::Lot;
use super::occasion::Occasion;
use super::state::AccountState;
use crate::credits::Credits;
use chrono::{DateTime, Utc};

/// Takes `amount` from the lots that can be spent at `now`, in burn order; `None` if they do not cover it.
pub(crate) fn burn(state: &AccountState, amount: Credits, now: DateTime<Utc>) -> Option<Vec<Lot>> {
    let mut left = amount;
    let mut taken = Vec::new();
    for lot in state.lots.iter().filter(|lot| lot.is_spendable(now)) {
        if left.is_zero() {
            break;
        }
        let part = lot.amount.min(left);
        taken.push(lot.of(part));
        left = left.saturating_sub(part);
    }
    left.is_zero().then_some(taken)
}

/// The lots that credits come back to, under the terms that these have from now on: those of the lot as it is,
/// or as it was when it was used up. One that has lapsed since is given a while of grace, but not again for what
/// was taken during one: else whoever buys and cancels at the right moments keeps credits for ever.
pub(super) fn returning(state: &AccountState, from: &[Lot], at: Occasion) -> Vec<Lot> {
    from.iter()
        .map(|taken| match state.lot(taken.lot) {
            Some(lot) => lot.of(taken.amount),
            None if taken.has_lapsed(at.now) && !taken.extended => {
                Lot { expires_at: Some(at.now + at.refund_grace), extended: true, ..taken.clone() }
            }
            None => taken.clone(),
        })
        .collect()
}

/// What becomes at once of credits that came back: those of a voided lot are taken back, and those of a lapsed one
/// that is given no grace expire.
pub(super) fn aftermath(state: &AccountState, to: &[Lot], now: DateTime<Utc>) -> Vec<AccountEvent> {
    let gone = |lot: &Lot| {
        let (id, amount) = (lot.lot, lot.amount);
        if state.voided.contains(&id) {
            let reason = "the grant was voided".to_owned();
            Some(AccountEvent::Voided { lot: id, amount, reason })
        } else if lot.has_lapsed(now) {
            Some(AccountEvent::Expired { lot: id, amount })
        } else {
            None
        }
    };
    to.iter().filter_map(gone).collect()
}

/// A hold that ends without being spent, and what becomes of it at once.
pub(super) fn released(
    state: &AccountState,
    hold: &Hold,
    reason: ReleaseReason,
    run: Option<ForRun>,
    at: Occasion,
) -> Vec<AccountEvent> {
    let to = returning(state, &hold.from, at);
    let after = aftermath(state, &to, at.now);
    let released = AccountEvent::Released {
        hold: hold.hold,
        amount: hold.amount,
        reason,
        job_id: run.map(|run| run.job_id),
        run: run.map(|run| run.run),
        to,
    };
    [vec![released], after].concat()
}

/// What has lapsed at `at.now` and is not written down yet: in the order in which it lapsed, and as it would have
/// been written at that moment, so that an account is the same however late somebody looks at it.
pub fn lapse(state: &AccountState, at: Occasion) -> Vec<AccountEvent> {
    let has_come = |moment: &DateTime<Utc>| *moment <= at.now;
    if !state.next_lapse().as_ref().is_some_and(has_come) {
        return Vec::new();
    }
    let mut after = state.clone();
    let mut events = Vec::new();
    while let Some(moment) = after.next_lapse().filter(has_come) {
        let lapsed = lapse_next(&after, Occasion { now: moment, ..at });
        lapsed.iter().for_each(|event| after.apply(event));
        events.extend(lapsed);
    }
    events
}

/// What lapses at the moment `at.now`. Lots go before holds, so that a hold that ends together with its lot finds
/// it gone, as it would a moment later.
fn lapse_next(state: &AccountState, at: Occasion) -> Vec<AccountEvent> {
    if let Some(lot) = state.lots.iter().find(|lot| lot.has_lapsed(at.now)) {
        return vec![AccountEvent::Expired { lot: lot.lot, amount: lot.amount }];
    }
    let hold = state.holds.iter().find(|hold| hold.has_lapsed(at.now));
    hold.map(|hold| released(state, hold, ReleaseReason::Expired, None, at)).unwrap_or_default()
}
