//! Giving credits: a lot with its terms.

use super::order::{Order, first, unexpected};
use super::standing::Standing;
use crate::serve::body::body;
use crate::serve::problem::Problem;
use crate::words::holdings::LotView;
use crate::words::scalars::{Amount, Instant, PriorityNumber, Reason, SignedAmount, SourceName};
use ledger::account::{AccountCommand, AccountEvent, Grant, Lot, Metadata, Priority, Source};
use ledger::{Action, Change, Outcome, UserId};

body! {
    /// Credits to give.
    pub(crate) struct NewGrant {
        /// How many; more than zero.
        pub amount: Amount,
        /// Why; the user reads it in the history.
        pub reason: Reason,
        /// When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires soonest
        /// goes first, then what was given first.
        pub priority: Option<PriorityNumber>,
        /// From when they can be spent; at once if left out.
        pub effective_at: Option<Instant>,
        /// From when they are gone; never if left out.
        pub expires_at: Option<Instant>,
        /// Where they come from; `other` if left out.
        pub source: Option<SourceName>,
        /// Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes.
        pub metadata: Option<Metadata>,
    }
    then NewGrant::completed
}

/// A grant that was made.
#[derive(Debug, poem_openapi::Object)]
pub(crate) struct MadeGrant {
    /// By how much the balance changed.
    amount: SignedAmount,
    /// The lot that was made.
    lot: LotView,
    #[oai(flatten)]
    after: Standing,
}

impl NewGrant {
    /// With what was left out filled in, so that saying it makes no other request of it.
    fn completed(self) -> NewGrant {
        NewGrant {
            priority: self.priority.or(Some(PriorityNumber(Priority::DEFAULT.get().into()))),
            source: self.source.or(Some(SourceName(Source::Other))),
            metadata: Some(self.metadata.unwrap_or_default()),
            ..self
        }
    }

    /// The grant, to this user.
    pub(crate) fn into_grant(self, user: UserId) -> Grant {
        let priority = self.priority.and_then(|number| u8::try_from(number.0).ok());
        Grant {
            user,
            amount: self.amount.0,
            reason: self.reason.0,
            // The body was read within these bounds.
            priority: priority.and_then(|number| number.try_into().ok()).unwrap_or_default(),
            effective_at: self.effective_at.map(|at| at.0),
            expires_at: self.expires_at.map(|at| at.0),
            source: self.source.map(|source| source.0).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
        }
    }
}

impl Order for NewGrant {
    const OPERATION: &'static str = "grantCredits";
    type Made = MadeGrant;

    fn action(&self, user: &UserId) -> Action {
        Action::Account(AccountCommand::Grant(self.clone().into_grant(user.clone())))
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeGrant, Problem> {
        match first(outcome)?.clone() {
            AccountEvent::Granted {
                amount,
                reason,
                lot,
                priority,
                effective_at,
                expires_at,
                source,
                metadata,
                ..
            } => {
                let lot = Lot { lot, amount, priority, effective_at, expires_at, source, extended: false };
                let lot = LotView::new_in(outcome, &lot, reason, metadata);
                let amount = SignedAmount(Change::up(amount));
                Ok(MadeGrant { amount, lot, after: Standing::after(user, outcome)? })
            }
            other => Err(unexpected(other.name())),
        }
    }
}
