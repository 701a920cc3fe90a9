//! Giving back the price of a generation, or a part of it, as a matter of goodwill.

use super::order::{Order, first, unexpected};
use super::standing::{LotPart, Standing, parts};
use crate::serve::body::body;
use crate::serve::problem::Problem;
use crate::words::scalars::{Amount, GenerationId, Reason};
use ledger::account::{AccountEvent, Lot};
use ledger::job::JobCommand;
use ledger::{Action, Credits, Outcome, UserId};
use poem_openapi::Object;

body! {
    /// A price to give back.
    pub(crate) struct NewRefund {
        /// The generation.
        pub job_id: GenerationId,
        /// How many credits, at most what is charged for it; all of that if left out.
        pub amount: Option<Amount>,
        /// Why.
        pub reason: Reason,
    }
}

/// A refund that was made.
#[derive(Debug, Object)]
pub(crate) struct MadeRefund {
    /// The generation.
    job_id: GenerationId,
    /// How many credits came back.
    amount: Amount,
    /// What is still charged for the generation.
    charged: Amount,
    /// The lots that they came back to.
    to: Vec<LotPart>,
    #[oai(flatten)]
    after: Standing,
}

impl Order for NewRefund {
    const OPERATION: &'static str = "refundGeneration";
    type Made = MadeRefund;

    fn action(&self, _user: &UserId) -> Action {
        let NewRefund { job_id: GenerationId(job_id), amount, reason: Reason(reason) } = self.clone();
        Action::Job { job_id, command: JobCommand::Refund { amount: amount.map(|amount| amount.0), reason } }
    }

    fn made(user: &UserId, outcome: &Outcome) -> Result<MadeRefund, Problem> {
        let job = outcome.jobs.first();
        let (_, job) = job.ok_or_else(|| Problem::internal("a refund answered without its generation"))?;
        match first(outcome)? {
            AccountEvent::Refunded { job_id, .. } => {
                let (amount, to) = came_back(&outcome.credits);
                Ok(MadeRefund {
                    job_id: GenerationId(*job_id),
                    amount: Amount(amount),
                    charged: Amount(job.charged_in_all()),
                    to: parts(&to),
                    after: Standing::after(user, outcome)?,
                })
            }
            other => Err(unexpected(other.name())),
        }
    }
}

/// What runs cost that late cancels kept comes back as refunds of their own.
fn came_back(credits: &[AccountEvent]) -> (Credits, Vec<Lot>) {
    let refunds = credits.iter().filter_map(|event| match event {
        AccountEvent::Refunded { amount, to, .. } => Some((*amount, to.as_slice())),
        _ => None,
    });
    refunds.fold((Credits::ZERO, Vec::new()), |(sum, lots), (amount, to)| {
        (sum.checked_add(amount).unwrap_or(sum), [&lots, to].concat())
    })
}
