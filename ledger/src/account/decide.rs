//! What an account allows.
//!
//! A decision is made on the state after [`lapse`] was applied at the same moment, so that a lot or a hold whose
//! time is over is never met here. Repeats are found by idempotency key before this is asked.

use super::allocate::{aftermath, burn, released, returning};
use super::command::{AccountCommand, Charge, ForRun, Grant, RunCredits};
use super::event::{AccountEvent, RefundReason};
use super::hold::{Hold, HoldId, ReleaseReason};
use super::lot::{Lot, LotId, total};
use super::occasion::Occasion;
use super::state::{AccountState, adjustment_lot};
use crate::credits::{Change, Credits, MAX};
use crate::decision::Decision;
use crate::ids::UserId;
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};

/// Most lots that an account may have at once: they are written beside each of its events.
pub const MAX_LOTS: usize = 1_000;

/// Most holds that an account may have open at once.
pub const MAX_HOLDS: usize = 500;

/// Most grants of an account that may be voided.
const MAX_VOIDED: usize = 1_000;

/// Decides `command` for an account in `state`.
pub fn decide(
    state: &AccountState,
    command: &AccountCommand,
    at: Occasion,
) -> Result<Decision<AccountEvent>, Refusal> {
    match command {
        AccountCommand::Grant(grant) => {
            not_zero(grant.amount.is_zero())?;
            may_open(&grant.user, at)?;
            granted(state, grant, at).map(one)
        }
        AccountCommand::Adjust { user, change, reason, clamp } => {
            not_zero(change.is_zero())?;
            may_open(user, at)?;
            let adjusted = if change.is_negative() {
                let asked = change.magnitude();
                let available = state.available(at.now);
                if asked > available && !clamp {
                    return Err(Refusal::AdjustmentTooLarge { asked, available });
                }
                let taken = asked.min(available);
                AccountEvent::Adjusted {
                    user: user.clone(),
                    change: Change::down(taken),
                    reason: reason.clone(),
                    asked: (taken < asked).then_some(*change),
                    from: burn(state, taken, at.now).unwrap_or_default(),
                    to: Vec::new(),
                }
            } else {
                has_room(state, change.magnitude())?;
                AccountEvent::Adjusted {
                    user: user.clone(),
                    change: *change,
                    reason: reason.clone(),
                    asked: None,
                    from: Vec::new(),
                    to: vec![adjustment_lot(LotId(at.next_version), *change)],
                }
            };
            Ok(one(adjusted))
        }
        AccountCommand::Hold { amount, reason, expires_at } => {
            not_zero(amount.is_zero())?;
            in_future(*expires_at, at.now)?;
            held(state, *amount, reason, *expires_at, None, at).map(one)
        }
        AccountCommand::Capture { hold, amount } => {
            not_zero(amount.is_zero())?;
            captured(state, own_hold(state, *hold)?, *amount, None, at).map(Decision::Events)
        }
        AccountCommand::Release { hold } => {
            let hold = own_hold(state, *hold)?;
            Ok(Decision::Events(released(state, hold, ReleaseReason::Requested, None, at)))
        }
        AccountCommand::Void { lot, reason } => voided(state, *lot, reason, at).map(one),
        AccountCommand::Lapse => Ok(Decision::AlreadyApplied),
    }
}

/// Decides what a job's event means for an account in `state`.
pub fn decide_charge(
    state: &AccountState,
    charge: &Charge,
    run: ForRun,
    at: Occasion,
) -> Result<Vec<AccountEvent>, Refusal> {
    match charge {
        Charge::Debit { amount } => {
            let from = burn(state, *amount, at.now).ok_or_else(|| too_little(state, *amount, at))?;
            let ForRun { job_id, run, job_version } = run;
            Ok(vec![AccountEvent::Debited { amount: *amount, job_id, run, job_version, from }])
        }
        Charge::Hold { amount } => Ok(vec![held(state, *amount, "", None, Some(run), at)?]),
        Charge::Capture { amount } => {
            // A price above the hold was promised to nobody: what is held is the most that is taken.
            let hold = hold_of(state, run)?;
            captured(state, hold, (*amount).min(hold.amount), Some(run), at)
        }
        Charge::Release { reason } => Ok(released(state, hold_of(state, run)?, *reason, Some(run), at)),
        Charge::Refund { from, reason } => {
            fits(state, total(from))?;
            Ok(refunded(state, from, *reason, run, at))
        }
        Charge::RefundRuns { of } => refunded_runs(state, of, run, at),
    }
}

/// Whether the first event of an account may be about this user.
fn may_open(user: &UserId, at: Occasion) -> Result<(), Refusal> {
    let opens = at.next_version == 1;
    if opens && !user.is_plain() { Err(Refusal::UserIdMisleading) } else { Ok(()) }
}

fn granted(state: &AccountState, grant: &Grant, at: Occasion) -> Result<AccountEvent, Refusal> {
    in_future(grant.expires_at, at.now)?;
    if let (Some(start), Some(end)) = (grant.effective_at, grant.expires_at)
        && start >= end
    {
        return Err(Refusal::GrantNeverEffective);
    }
    has_room(state, grant.amount)?;
    let Grant { user, amount, reason, priority, effective_at, expires_at, source, metadata } = grant.clone();
    Ok(AccountEvent::Granted {
        user,
        amount,
        reason,
        lot: LotId(at.next_version),
        priority,
        effective_at,
        expires_at,
        source,
        metadata,
    })
}

fn held(
    state: &AccountState,
    amount: Credits,
    reason: &str,
    expires_at: Option<DateTime<Utc>>,
    run: Option<ForRun>,
    at: Occasion,
) -> Result<AccountEvent, Refusal> {
    let from = burn(state, amount, at.now).ok_or_else(|| too_little(state, amount, at))?;
    if state.holds.len() >= MAX_HOLDS {
        return Err(Refusal::HoldsTooMany { most: MAX_HOLDS });
    }
    Ok(AccountEvent::Held {
        hold: HoldId(at.next_version),
        amount,
        reason: reason.to_owned(),
        job_id: run.map(|run| run.job_id),
        run: run.map(|run| run.run),
        job_version: run.map(|run| run.job_version),
        expires_at,
        from,
    })
}

fn captured(
    state: &AccountState,
    hold: &Hold,
    amount: Credits,
    run: Option<ForRun>,
    at: Occasion,
) -> Result<Vec<AccountEvent>, Refusal> {
    let Some(released) = hold.amount.checked_sub(amount) else {
        return Err(Refusal::CaptureTooLarge { asked: amount, held: hold.amount });
    };
    let mut from = hold.from.clone();
    let rest = super::lot::take_last(&mut from, released);
    let to = returning(state, &rest, at);
    let after = aftermath(state, &to, at.now);
    let captured = AccountEvent::Captured {
        hold: hold.hold,
        amount,
        released,
        job_id: run.map(|run| run.job_id),
        run: run.map(|run| run.run),
        from,
        to,
    };
    Ok([vec![captured], after].concat())
}

fn refunded(
    state: &AccountState,
    from: &[Lot],
    reason: RefundReason,
    run: ForRun,
    at: Occasion,
) -> Vec<AccountEvent> {
    let to = returning(state, from, at);
    let after = aftermath(state, &to, at.now);
    let ForRun { job_id, run, job_version } = run;
    let (amount, job_version) = (total(from), Some(job_version));
    let refunded = AccountEvent::Refunded { amount, job_id, run, reason, job_version, to };
    [vec![refunded], after].concat()
}

/// One refund for each run, decided on what the one before it left: all or none.
fn refunded_runs(
    state: &AccountState,
    of: &[RunCredits],
    job: ForRun,
    at: Occasion,
) -> Result<Vec<AccountEvent>, Refusal> {
    let amounts = of.iter().map(|credits| total(&credits.from));
    fits(state, amounts.fold(Credits::ZERO, Credits::saturating_add))?;
    let mut after = state.clone();
    let mut events = Vec::new();
    for RunCredits { run, from } in of {
        let refund = refunded(&after, from, RefundReason::Goodwill, ForRun { run: *run, ..job }, at);
        refund.iter().for_each(|event| after.apply(event));
        events.extend(refund);
    }
    Ok(events)
}

fn voided(state: &AccountState, lot: LotId, reason: &str, at: Occasion) -> Result<AccountEvent, Refusal> {
    if state.voided.contains(&lot) {
        return Err(Refusal::LotVoided { lot });
    }
    // A lot that is used up is not in the state; whether it ever was is the caller's to look up in the log.
    if lot.0 < i64::from(state.lot(LotId::UNNAMED).is_none()) || lot.0 >= at.next_version {
        return Err(Refusal::LotUnknown { lot });
    }
    if state.voided.len() >= MAX_VOIDED {
        return Err(Refusal::LotsTooMany { most: MAX_VOIDED });
    }
    let amount = state.lot(lot).map_or(Credits::ZERO, |lot| lot.amount);
    Ok(AccountEvent::Voided { lot, amount, reason: reason.to_owned() })
}

/// An open hold that is not a job's: those end with their jobs.
fn own_hold(state: &AccountState, id: HoldId) -> Result<&Hold, Refusal> {
    let hold = state.hold(id).ok_or(Refusal::HoldNotOpen { hold: id })?;
    if hold.job_id.is_some() { Err(Refusal::HoldOfJob { hold: id }) } else { Ok(hold) }
}

/// The open hold of a job; it has one at most.
fn hold_of(state: &AccountState, run: ForRun) -> Result<&Hold, Refusal> {
    let unknown = Refusal::HoldNotOpen { hold: HoldId::default() };
    state.holds.iter().find(|hold| hold.job_id == Some(run.job_id)).ok_or(unknown)
}

/// Everything that is held must be able to come back beside it.
fn fits(state: &AccountState, amount: Credits) -> Result<(), Refusal> {
    let whole = state.balance.get() + state.held.get() + amount.get();
    if whole > MAX { Err(Refusal::BalanceTooLarge) } else { Ok(()) }
}

/// Another lot must fit.
fn has_room(state: &AccountState, amount: Credits) -> Result<(), Refusal> {
    fits(state, amount)?;
    if state.lots.len() >= MAX_LOTS {
        return Err(Refusal::LotsTooMany { most: MAX_LOTS });
    }
    Ok(())
}

fn in_future(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), Refusal> {
    match end {
        Some(end) if end <= now => Err(Refusal::ExpiryInPast),
        Some(_) | None => Ok(()),
    }
}

fn not_zero(is_zero: bool) -> Result<(), Refusal> {
    if is_zero { Err(Refusal::AmountZero) } else { Ok(()) }
}

fn too_little(state: &AccountState, needed: Credits, at: Occasion) -> Refusal {
    Refusal::CreditsInsufficient { needed, available: state.available(at.now) }
}

fn one(event: AccountEvent) -> Decision<AccountEvent> {
    Decision::Events(vec![event])
}
