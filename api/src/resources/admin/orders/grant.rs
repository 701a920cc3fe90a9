//! Giving credits: a lot with its terms.

use super::order::{Order, first, reason, unexpected};
use super::standing::Standing;
use crate::serve::body::{Body, Fields, credits, metadata, moment, scalar, whole};
use crate::serve::problem::Problem;
use crate::words::holdings::LotView;
use crate::words::scalars::{Amount, Instant, SignedAmount, SourceName};
use ledger::account::{AccountCommand, AccountEvent, Grant, Lot, Metadata, Priority, Source};
use ledger::{Action, Change, Outcome, UserId};
use poem_openapi::Object;

/// Credits to give.
#[derive(Debug, Clone, Object)]
pub(crate) struct NewGrant {
    /// How many; more than zero.
    pub amount: Amount,
    /// Why; the user reads it in the history.
    #[oai(validator(min_length = 1, max_length = 500))]
    pub reason: String,
    /// When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires soonest
    /// goes first, then what was given first.
    #[oai(validator(maximum(value = "100")))]
    pub priority: Option<u32>,
    /// From when they can be spent; at once if left out.
    pub effective_at: Option<Instant>,
    /// From when they are gone; never if left out.
    pub expires_at: Option<Instant>,
    /// Where they come from; `other` if left out.
    pub source: Option<SourceName>,
    /// Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes.
    pub metadata: Option<Metadata>,
}

/// A grant that was made.
#[derive(Debug, Object)]
pub(crate) struct MadeGrant {
    /// By how much the balance changed.
    amount: SignedAmount,
    /// The lot that was made.
    lot: LotView,
    #[oai(flatten)]
    after: Standing,
}

impl Body for NewGrant {
    /// Fills in what is left out, so that saying it makes no other request of it.
    fn read(fields: &mut Fields) -> Option<NewGrant> {
        let amount = fields.required("amount", credits).map(Amount);
        let reason = reason(fields);
        let priority = fields.optional("priority", whole(0..=100));
        let effective_at = fields.optional("effective_at", moment);
        let expires_at = fields.optional("expires_at", moment);
        let source = fields.optional("source", scalar::<SourceName>);
        let metadata = fields.optional("metadata", metadata);
        Some(NewGrant {
            amount: amount?,
            reason: reason?,
            priority: Some(priority?.unwrap_or(Priority::DEFAULT.get().into())),
            effective_at: effective_at?.map(Instant),
            expires_at: expires_at?.map(Instant),
            source: Some(source?.unwrap_or(SourceName(Source::Other))),
            metadata: Some(metadata?.unwrap_or_default()),
        })
    }
}

impl NewGrant {
    /// The grant, to this user.
    pub(crate) fn into_grant(self, user: UserId) -> Grant {
        let priority = self.priority.and_then(|number| u8::try_from(number).ok());
        Grant {
            user,
            amount: self.amount.0,
            reason: self.reason,
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
