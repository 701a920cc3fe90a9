//! What an account amounts to after an order.

use crate::serve::problem::Problem;
use crate::words::scalars::{Amount, LotNumber, UserName};
use ledger::account::Lot;
use ledger::{Outcome, UserId};
use poem_openapi::Object;

/// An account after an order.
#[derive(Debug, Object)]
pub(crate) struct Standing {
    /// The account's owner.
    pub user: UserName,
    /// The sum of its lots: credits that can be spent now or later.
    pub balance: Amount,
    /// Credits that can be spent now.
    pub available: Amount,
    /// Credits that are set aside.
    pub held: Amount,
}

/// Credits of one lot.
#[derive(Debug, Object)]
pub(crate) struct LotPart {
    /// Which lot.
    pub lot: LotNumber,
    /// How many credits.
    pub amount: Amount,
}

impl Standing {
    /// Right after the order.
    pub(super) fn after(user: &UserId, outcome: &Outcome) -> Result<Standing, Problem> {
        let account = outcome.account.as_ref();
        let account =
            account.ok_or_else(|| Problem::internal("an order about credits answered without an account"))?;
        Ok(Standing {
            user: UserName(user.clone()),
            balance: Amount(account.balance),
            available: Amount(account.available(outcome.at)),
            held: Amount(account.held),
        })
    }
}

/// Credits by lot, as they were taken or came back.
pub(crate) fn parts(lots: &[Lot]) -> Vec<LotPart> {
    lots.iter().map(|lot| LotPart { lot: LotNumber(lot.lot), amount: Amount(lot.amount) }).collect()
}
