//! Setting credits aside, and what becomes of them: spent, or given back.

use super::order::{Order, first, unexpected};
use super::standing::{LotPart, Standing, parts};
use crate::serve::body::{self, Body, body};
use crate::serve::problem::Problem;
use crate::words::holdings::HoldView;
use crate::words::scalars::{Amount, HoldNumber, Instant, Reason};
use ledger::account::{AccountCommand, AccountEvent, Hold};
use ledger::{Action, Outcome, UserId};
use poem_openapi::Object;

body! {
    /// Credits to set aside.
    pub(crate) struct NewHold {
        /// How many; more than zero. The most that can be captured.
        pub amount: Amount,
        /// What for.
        pub reason: Reason,
        /// From when they come back by themselves; never if left out.
        pub expires_at: Option<Instant>,
    }
}

body! {
    /// How much of a hold to spend.
    pub(crate) struct CaptureAmount {
        /// How many; more than zero, at most what is held. The rest comes back.
        pub amount: Amount,
    }
}

/// A hold to spend.
#[derive(Debug, Clone, Object)]
pub(crate) struct NewCapture {
    /// Which hold.
    pub hold: HoldNumber,
    #[oai(flatten)]
    pub capture: CaptureAmount,
}

body! {
    /// A hold to give back.
    pub(crate) struct NewRelease {
        /// Which hold.
        pub hold: HoldNumber,
    }
}

/// A hold that was made.
#[derive(Debug, Object)]
pub(crate) struct MadeHold {
    /// The hold.
    hold: HoldView,
    #[oai(flatten)]
    after: Standing,
}

/// A hold that was spent.
#[derive(Debug, Object)]
pub(crate) struct MadeCapture {
    /// The hold, which is over.
    hold: HoldNumber,
    /// How many credits were spent.
    amount: Amount,
    /// How many came back.
    released: Amount,
    /// The lots that were spent.
    from: Vec<LotPart>,
    /// The lots that the rest came back to.
    to: Vec<LotPart>,
    #[oai(flatten)]
    after: Standing,
}

/// A hold that was given back.
#[derive(Debug, Object)]
pub(crate) struct MadeRelease {
    /// The hold, which is over.
    hold: HoldNumber,
    /// How many credits came back.
    released: Amount,
    /// The lots that they came back to.
    to: Vec<LotPart>,
    #[oai(flatten)]
    after: Standing,
}

impl Body for NewCapture {
    fn read(object: &mut body::Object<'_>) -> Option<NewCapture> {
        let hold = object.take("hold");
        let capture = CaptureAmount::read(object);
        Some(NewCapture { hold: hold?, capture: capture? })
    }
}

impl Order for NewHold {
    const OPERATION: &'static str = "holdCredits";
    type Made = MadeHold;

    fn action(&self, _user: &UserId) -> Action {
        let NewHold { amount: Amount(amount), reason: Reason(reason), expires_at } = self.clone();
        let expires_at = expires_at.map(|at| at.0);
        Action::Account(AccountCommand::Hold { amount, reason, expires_at })
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeHold, Problem> {
        match first(outcome)?.clone() {
            AccountEvent::Held { hold, amount, reason, job_id, expires_at, from, .. } => {
                let hold = Hold { hold, amount, job_id, expires_at, from };
                let hold = HoldView::new_in(outcome, &hold, reason);
                Ok(MadeHold { hold, after: Standing::after(user, outcome)? })
            }
            other => Err(unexpected(other.name())),
        }
    }
}

impl Order for NewCapture {
    const OPERATION: &'static str = "captureHold";
    type Made = MadeCapture;

    fn action(&self, _user: &UserId) -> Action {
        let (HoldNumber(hold), Amount(amount)) = (self.hold.clone(), self.capture.amount.clone());
        Action::Account(AccountCommand::Capture { hold, amount })
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeCapture, Problem> {
        match first(outcome)? {
            AccountEvent::Captured { hold, amount, released, from, to, .. } => Ok(MadeCapture {
                hold: HoldNumber(*hold),
                amount: Amount(*amount),
                released: Amount(*released),
                from: parts(from),
                to: parts(to),
                after: Standing::after(user, outcome)?,
            }),
            other => Err(unexpected(other.name())),
        }
    }
}

impl Order for NewRelease {
    const OPERATION: &'static str = "releaseHold";
    type Made = MadeRelease;

    fn action(&self, _user: &UserId) -> Action {
        Action::Account(AccountCommand::Release { hold: self.hold.0 })
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeRelease, Problem> {
        match first(outcome)? {
            AccountEvent::Released { hold, amount, to, .. } => Ok(MadeRelease {
                hold: HoldNumber(*hold),
                released: Amount(*amount),
                to: parts(to),
                after: Standing::after(user, outcome)?,
            }),
            other => Err(unexpected(other.name())),
        }
    }
}
