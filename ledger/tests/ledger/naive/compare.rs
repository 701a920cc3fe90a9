//! From the naive account to the real one.

use super::{Micros, NaiveAccount, Part, Seconds};
use chrono::{DateTime, Utc};
use ledger::Credits;
use ledger::account::{AccountState, Lot};
use rust_decimal::Decimal;

/// The moment that many seconds after the story began.
pub(crate) fn instant(seconds: Seconds) -> DateTime<Utc> {
    DateTime::from_timestamp(1_500_000_000 + seconds, 0).unwrap()
}

pub(crate) fn credits(amount: Micros) -> Credits {
    Credits::new(Decimal::from_i128_with_scale(amount, 6)).unwrap()
}

pub(crate) fn micros(amount: Decimal) -> Micros {
    let mut amount = amount;
    amount.rescale(6);
    amount.mantissa()
}

/// What differs between a state and the naive account, at this time; `None` if they agree.
pub(crate) fn compare(state: &AccountState, naive: &NaiveAccount, clock: Seconds) -> Option<String> {
    let now = clock.max(naive.last);
    let real = (
        micros(state.balance.get()),
        micros(state.available(instant(now)).get()),
        micros(state.held.get()),
        parts(&state.lots),
        state.holds.iter().map(|hold| (hold.hold.0, hold.expires_at, parts(&hold.from))).collect::<Vec<_>>(),
        state.voided.iter().map(|lot| lot.0).collect::<Vec<_>>(),
    );
    let mut lots = naive.lots.clone();
    lots.sort_by_key(|lot| (lot.priority, lot.until.unwrap_or(Seconds::MAX), lot.lot));
    let simple = (
        naive.balance(),
        naive.available(now),
        naive.held(),
        lots,
        naive
            .holds
            .iter()
            .map(|kept| (kept.hold, kept.until.map(instant), kept.parts.clone()))
            .collect::<Vec<_>>(),
        naive.voided.clone(),
    );
    (real != simple).then(|| format!("the ledger has\n  {real:?}\nand should have\n  {simple:?}"))
}

fn parts(lots: &[Lot]) -> Vec<Part> {
    let seconds = |moment: DateTime<Utc>| (moment - instant(0)).num_seconds();
    lots.iter()
        .map(|lot| Part {
            lot: lot.lot.0,
            amount: micros(lot.amount.get()),
            priority: lot.priority.get(),
            from: lot.effective_at.map(seconds),
            until: lot.expires_at.map(seconds),
            late: lot.extended,
        })
        .collect()
}
