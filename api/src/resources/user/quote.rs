//! What a purchase would cost, of one that is only tried.

use crate::serve::problem::Problem;
use crate::words::generation::CostIs;
use crate::words::scalars::{Amount, KindName};
use ledger::job::JobState;
use ledger::{Credits, Outcome};
use poem_openapi::Object;

/// What a generation would cost.
#[derive(Debug, Object)]
pub(crate) struct Quote {
    /// What it would make.
    kind: KindName,
    /// The model that would make it.
    model: String,
    /// How many outputs.
    count: u32,
    /// What it would cost, in credits.
    cost: Amount,
    /// Whether that is the price, or the most that it can be.
    cost_is: CostIs,
}

/// What a purchase would cost and leave.
#[derive(Debug, Object)]
pub(crate) struct PurchaseQuote {
    #[oai(flatten)]
    quote: Quote,
    /// Credits that could be spent after it.
    balance: Amount,
}

/// What a batch would cost and leave.
#[derive(Debug, Object)]
pub(crate) struct BatchQuote {
    /// In the order in which they were asked for.
    items: Vec<Quote>,
    /// What all would cost together, or at most cost.
    cost: Amount,
    /// Credits that could be spent after it.
    balance: Amount,
}

impl Quote {
    fn of(job: &JobState) -> Quote {
        Quote {
            kind: KindName(job.request.kind),
            model: job.request.model.clone(),
            count: job.request.count,
            cost: Amount(job.cost),
            cost_is: CostIs::of(job.per_second),
        }
    }
}

impl PurchaseQuote {
    /// Of what buying one would lead to.
    pub(crate) fn of(outcome: &Outcome) -> Result<PurchaseQuote, Problem> {
        let (_, job) =
            outcome.jobs.first().ok_or_else(|| Problem::internal("a purchase answered without its job"))?;
        Ok(PurchaseQuote { quote: Quote::of(job), balance: left(outcome)? })
    }
}

impl BatchQuote {
    /// Of what buying many would lead to.
    pub(crate) fn of(outcome: &Outcome) -> Result<BatchQuote, Problem> {
        let jobs = outcome.jobs.iter().map(|(_, job)| &**job);
        let cost = jobs.clone().try_fold(Credits::ZERO, |sum, job| sum.checked_add(job.cost));
        // They were all paid from one account, which cannot hold more than the largest amount.
        let cost = cost.ok_or_else(|| Problem::internal("a batch costs more than there can be"))?;
        Ok(BatchQuote { items: jobs.map(Quote::of).collect(), cost: Amount(cost), balance: left(outcome)? })
    }
}

/// What could be spent after a purchase.
pub(crate) fn left(outcome: &Outcome) -> Result<Amount, Problem> {
    let account = outcome.account.as_ref();
    let account = account.ok_or_else(|| Problem::internal("a purchase answered without an account"))?;
    Ok(Amount(account.available(outcome.at)))
}
