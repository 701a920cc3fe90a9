//! Taking back what is left of a grant.

use super::order::{Order, first, unexpected};
use super::standing::Standing;
use crate::serve::body::{self, Body, body};
use crate::serve::problem::Problem;
use crate::words::scalars::{Amount, LotNumber, Reason};
use ledger::account::{AccountCommand, AccountEvent, LotId};
use ledger::{Action, Outcome, UserId};
use poem_openapi::Object;

body! {
    /// Why a grant is taken back.
    pub(crate) struct VoidReason {
        /// Why; the user reads it in the history.
        pub reason: Reason,
    }
}

/// A grant to take back.
#[derive(Debug, Clone, Object)]
pub(crate) struct NewVoid {
    /// The lot that it made.
    pub lot: LotNumber,
    #[oai(flatten)]
    pub why: VoidReason,
}

/// A grant that was taken back.
#[derive(Debug, Object)]
pub(crate) struct MadeVoid {
    /// The lot. What comes back to it later is taken back too.
    lot: LotNumber,
    /// How many credits were taken: what was left of it.
    amount: Amount,
    #[oai(flatten)]
    after: Standing,
}

impl Body for NewVoid {
    fn read(object: &mut body::Object<'_>) -> Option<NewVoid> {
        let lot = object.take("lot");
        let why = VoidReason::read(object);
        Some(NewVoid { lot: lot?, why: why? })
    }
}

impl Order for NewVoid {
    const OPERATION: &'static str = "voidLot";
    type Made = MadeVoid;

    fn action(&self, _user: &UserId) -> Action {
        let reason = self.why.reason.0.clone();
        Action::Account(AccountCommand::Void { lot: self.lot.0, reason })
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeVoid, Problem> {
        match first(outcome)? {
            AccountEvent::Voided { lot, amount, .. } => Ok(MadeVoid {
                lot: LotNumber(*lot),
                amount: Amount(*amount),
                after: Standing::after(user, outcome)?,
            }),
            other => Err(unexpected(other.name())),
        }
    }

    fn names_lot(&self) -> Option<LotId> {
        Some(self.lot.0)
    }
}
