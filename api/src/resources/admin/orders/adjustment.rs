//! Correcting a balance, up or down.

use super::order::{Order, first, unexpected};
use super::standing::{LotPart, Standing, parts};
use crate::serve::body::body;
use crate::serve::problem::Problem;
use crate::words::holdings::LotView;
use crate::words::scalars::{Reason, SignedAmount};
use ledger::account::{AccountCommand, AccountEvent, Metadata};
use ledger::{Action, Outcome, UserId};
use poem_openapi::Object;

body! {
    /// A correction of the balance.
    pub(crate) struct NewAdjustment {
        /// By how much, with a sign; not zero.
        pub amount: SignedAmount,
        /// Why; the user reads it in the history.
        pub reason: Reason,
        /// Take what is there if that is less than `amount`, instead of refusing.
        #[oai(default)]
        pub clamp: bool,
    }
}

/// An adjustment that was made.
#[derive(Debug, Object)]
pub(crate) struct MadeAdjustment {
    /// By how much the balance changed.
    amount: SignedAmount,
    /// By how much it was to change; more than `amount` where less was there to take.
    asked: SignedAmount,
    /// The lots that credits were taken from, in that order.
    from: Vec<LotPart>,
    /// The lot that was made; null if credits were taken.
    lot: Option<LotView>,
    #[oai(flatten)]
    after: Standing,
}

impl Order for NewAdjustment {
    const OPERATION: &'static str = "adjustCredits";
    type Made = MadeAdjustment;

    fn action(&self, user: &UserId) -> Action {
        let NewAdjustment { amount: SignedAmount(change), reason: Reason(reason), clamp } = self.clone();
        Action::Account(AccountCommand::Adjust { user: user.clone(), change, reason, clamp })
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeAdjustment, Problem> {
        match first(outcome)? {
            AccountEvent::Adjusted { change, reason, asked, from, to, .. } => Ok(MadeAdjustment {
                amount: SignedAmount(*change),
                asked: SignedAmount(asked.unwrap_or(*change)),
                from: parts(from),
                lot: to.first().map(|lot| LotView::new_in(outcome, lot, reason.clone(), Metadata::new())),
                after: Standing::after(user, outcome)?,
            }),
            other => Err(unexpected(other.name())),
        }
    }
}
