//! What an account amounts to. Written beside every event of the account, so that loading it reads one row.

use super::event::AccountEvent;
use super::hold::{Hold, HoldId};
use super::lot::{Lot, LotId, Source, total};
use crate::credits::{Change, Credits};
use crate::ids::UserId;
use crate::json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The state of an account after its latest event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "StoredState")]
pub struct AccountState {
    /// The account's owner; `None` before the first event.
    pub user: Option<UserId>,
    /// The sum of the lots: what can be spent, and what can only be spent later. Held credits are not in it.
    pub balance: Credits,
    /// Credits set aside: the sum of the holds.
    #[serde(skip_serializing_if = "is_zero")]
    pub held: Credits,
    /// What remains of each lot, in burn order. A lot that is used up is not here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
    /// Open holds, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Voided lots: what comes back to them is taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub voided: Vec<LotId>,
}

/// The `state` column. Version 1 had no lots: its balance is one lot without terms.
#[derive(Deserialize)]
struct StoredState {
    user: Option<UserId>,
    balance: Credits,
    #[serde(default)]
    held: Credits,
    lots: Option<Vec<Lot>>,
    #[serde(default)]
    holds: Vec<Hold>,
    #[serde(default)]
    voided: Vec<LotId>,
}

impl From<StoredState> for AccountState {
    fn from(stored: StoredState) -> AccountState {
        let StoredState { user, balance, held, lots, holds, voided } = stored;
        let lots = lots.unwrap_or_else(|| match balance.is_zero() {
            true => Vec::new(),
            false => vec![Lot::unnamed(balance)],
        });
        AccountState { user, balance, held, lots, holds, voided }
    }
}

impl AccountState {
    /// The text of the `state` column.
    pub(crate) fn encode(&self) -> String {
        json::encode(self)
    }

    /// Credits that can be spent at `now`.
    pub fn available(&self, now: DateTime<Utc>) -> Credits {
        self.sum(|lot| lot.is_spendable(now))
    }

    /// Credits that can be spent later, but not at `now`.
    pub fn pending(&self, now: DateTime<Utc>) -> Credits {
        self.sum(|lot| !lot.is_spendable(now) && !lot.has_lapsed(now))
    }

    /// Credits that can be spent at `now` and will be gone by `until`.
    pub fn expiring(&self, now: DateTime<Utc>, until: DateTime<Utc>) -> Credits {
        self.sum(|lot| lot.is_spendable(now) && lot.has_lapsed(until))
    }

    /// When the next lot or hold lapses.
    pub fn next_lapse(&self) -> Option<DateTime<Utc>> {
        let lots = self.lots.iter().filter_map(|lot| lot.expires_at);
        lots.chain(self.holds.iter().filter_map(|hold| hold.expires_at)).min()
    }

    /// What remains of a lot.
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.lot == id)
    }

    /// An open hold.
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.hold == id)
    }

    fn sum(&self, counts: impl Fn(&Lot) -> bool) -> Credits {
        self.lots
            .iter()
            .filter(|lot| counts(lot))
            .fold(Credits::ZERO, |sum, lot| sum.saturating_add(lot.amount))
    }

    /// The state after one more event. Total: what was decided is a fact and always applies. A log that breaks
    /// the rules is caught by its own checks and by `verify`; here it is clamped.
    pub fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Granted {
                user, amount, lot, priority, effective_at, expires_at, source, ..
            } => {
                self.user = Some(user.clone());
                let (priority, effective_at, expires_at) = (*priority, *effective_at, *expires_at);
                self.give(Lot {
                    lot: *lot,
                    amount: *amount,
                    priority,
                    effective_at,
                    expires_at,
                    source: *source,
                    extended: false,
                });
            }
            AccountEvent::Debited { amount, from, .. } => self.take_all(from, *amount),
            AccountEvent::Refunded { amount, to, .. } => self.give_all(to, *amount),
            AccountEvent::Adjusted { user, change, from, to, .. } => {
                self.user = Some(user.clone());
                let amount = change.magnitude();
                if change.is_negative() { self.take_all(from, amount) } else { self.give_all(to, amount) }
            }
            AccountEvent::Held { hold, amount, job_id, expires_at, from, .. } => {
                self.take_all(from, *amount);
                self.held = self.held.saturating_add(*amount);
                self.holds.push(Hold {
                    hold: *hold,
                    amount: *amount,
                    job_id: *job_id,
                    expires_at: *expires_at,
                    from: from.clone(),
                });
            }
            AccountEvent::Captured { hold, released, to, .. } => {
                self.end_hold(*hold);
                self.give_all(to, *released);
            }
            AccountEvent::Released { hold, amount, to, .. } => {
                self.end_hold(*hold);
                self.give_all(to, *amount);
            }
            AccountEvent::Expired { lot, amount } => self.take(*lot, *amount),
            AccountEvent::Voided { lot, amount, .. } => {
                self.take(*lot, *amount);
                if !self.voided.contains(lot) {
                    self.voided.push(*lot);
                }
            }
        }
        self.balance = event.change().apply_to(self.balance).unwrap_or(Credits::ZERO);
    }

    fn end_hold(&mut self, id: HoldId) {
        if let Some(place) = self.holds.iter().position(|hold| hold.hold == id) {
            self.held = self.held.saturating_sub(self.holds.remove(place).amount);
        }
    }

    fn take_all(&mut self, lots: &[Lot], amount: Credits) {
        lots.iter().for_each(|lot| self.take(lot.lot, lot.amount));
        self.take(LotId::UNNAMED, amount.saturating_sub(total(lots)));
    }

    fn give_all(&mut self, lots: &[Lot], amount: Credits) {
        lots.iter().for_each(|lot| self.give(lot.clone()));
        self.give(Lot::unnamed(amount.saturating_sub(total(lots))));
    }

    fn take(&mut self, id: LotId, amount: Credits) {
        if let Some(place) = self.lots.iter().position(|lot| lot.lot == id) {
            let left = self.lots[place].amount.saturating_sub(amount);
            self.lots[place].amount = left;
            if left.is_zero() {
                self.lots.remove(place);
            }
        }
    }

    fn give(&mut self, given: Lot) {
        if given.amount.is_zero() {
            return;
        }
        if let Some(lot) = self.lots.iter_mut().find(|lot| lot.lot == given.lot) {
            lot.amount = lot.amount.saturating_add(given.amount);
            return;
        }
        let place = self.lots.partition_point(|lot| lot.burn_order() < given.burn_order());
        self.lots.insert(place, given);
    }
}

fn is_zero(amount: &Credits) -> bool {
    amount.is_zero()
}

/// The lot that an upward adjustment makes.
pub(super) fn adjustment_lot(id: LotId, change: Change) -> Lot {
    Lot { lot: id, source: Source::Adjustment, ..Lot::unnamed(change.magnitude()) }
}
