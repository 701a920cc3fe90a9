//! What a generation took from its account and gave back to it, line by line and in sums. Both are made of the account's own
//! events, so they are what the balance is made of.

use super::timeline::proof;
use crate::serve::problem::Problem;
use crate::words::generation::CostIs;
use crate::words::scalars::{Amount, Instant, LogPosition, RunNumber, SignedAmount};
use ledger::account::AccountEvent;
use ledger::job::{JobState, Status};
use ledger::{Credits, Event, RecordedEvent};
use poem_openapi::Object;

/// One movement of credits because of a generation.
#[derive(Debug, Object)]
#[oai(rename = "GenerationLedgerLine")]
pub(super) struct LedgerLine {
    /// Its place in the log.
    position: LogPosition,
    /// What happened, such as `credits.debited`.
    #[oai(rename = "type")]
    kind: String,
    /// The run that it is about.
    run: Option<RunNumber>,
    /// By how much the balance changed: of a capture, only what came back of its hold.
    amount: SignedAmount,
    /// What was spent for good by it; null where nothing was.
    spent: Option<Amount>,
    /// The balance after it.
    balance_after: Amount,
    /// When.
    occurred_at: Instant,
    /// Who acted.
    actor: String,
    /// Where an auditor gets the proof that it is in a sealed block.
    proof: String,
}

/// The sums, over all runs. What was `paid` or `captured` or is `on_hold`, less what was `refunded`, is `charged`.
#[derive(Debug, Object)]
#[oai(rename = "GenerationMoney")]
pub(super) struct Money {
    /// What one run costs, or at most costs.
    cost: Amount,
    /// Which of the two.
    cost_is: CostIs,
    /// Taken when it was bought.
    paid: Amount,
    /// Set aside when it was bought, since the price was not known.
    held: Amount,
    /// Of what was set aside, what was taken.
    captured: Amount,
    /// Of what was set aside, what was never taken.
    released: Amount,
    /// Given back.
    refunded: Amount,
    /// Set aside now.
    on_hold: Amount,
    /// What stays charged because it was cancelled after its provider had begun.
    kept: Amount,
    /// Taken or set aside now, and not given back.
    charged: Amount,
    /// Whether it ended without anything made and its price could not come back yet, because the account is full.
    refund_waits: bool,
}

/// The sums of these events of the account.
pub(super) fn money(job: &JobState, credits: &[RecordedEvent]) -> Result<Money, Problem> {
    let mut sums = Sums::default();
    for recorded in credits {
        sums.add(&recorded.event).ok_or_else(|| Problem::internal("the sums pass the largest amount"))?;
    }
    let ended_for_nothing = matches!(job.status, Status::Failed | Status::Cancelled | Status::Discarded);
    Ok(Money {
        cost: Amount(job.cost),
        cost_is: CostIs::of(job.per_second),
        paid: Amount(sums.paid),
        held: Amount(sums.held),
        captured: Amount(sums.captured),
        released: Amount(sums.released),
        refunded: Amount(sums.refunded),
        on_hold: Amount(if job.on_hold { job.charged } else { Credits::ZERO }),
        kept: Amount(job.kept_in_all()),
        charged: Amount(job.charged_in_all()),
        refund_waits: ended_for_nothing && !job.charged.is_zero(),
    })
}

#[derive(Default)]
struct Sums {
    paid: Credits,
    held: Credits,
    captured: Credits,
    released: Credits,
    refunded: Credits,
}

impl Sums {
    fn add(&mut self, event: &Event) -> Option<()> {
        let Event::Account(event) = event else { return Some(()) };
        let (sum, amount) = match event {
            AccountEvent::Debited { amount, .. } => (&mut self.paid, amount),
            AccountEvent::Held { amount, .. } => (&mut self.held, amount),
            AccountEvent::Refunded { amount, .. } => (&mut self.refunded, amount),
            AccountEvent::Released { amount, .. } => (&mut self.released, amount),
            AccountEvent::Captured { amount, released, .. } => {
                self.released = self.released.checked_add(*released)?;
                (&mut self.captured, amount)
            }
            AccountEvent::Granted { .. }
            | AccountEvent::Adjusted { .. }
            | AccountEvent::Expired { .. }
            | AccountEvent::Voided { .. } => return Some(()),
        };
        *sum = sum.checked_add(*amount)?;
        Some(())
    }
}

impl LedgerLine {
    pub(super) fn of(recorded: &RecordedEvent) -> Result<LedgerLine, Problem> {
        let (Event::Account(event), Some(state)) = (&recorded.event, &recorded.state) else {
            return Err(Problem::internal(format!("event {} is not one of an account", recorded.position)));
        };
        Ok(LedgerLine {
            position: LogPosition(recorded.position),
            kind: event.name().to_owned(),
            run: run_of(event).map(RunNumber),
            amount: SignedAmount(event.change()),
            spent: spent(event).map(Amount),
            balance_after: Amount(state.balance),
            occurred_at: Instant(recorded.occurred_at),
            actor: recorded.actor.clone(),
            proof: proof(recorded.position),
        })
    }
}

fn run_of(event: &AccountEvent) -> Option<u32> {
    match event {
        AccountEvent::Debited { run, .. } | AccountEvent::Refunded { run, .. } => Some(*run),
        AccountEvent::Held { run, .. }
        | AccountEvent::Captured { run, .. }
        | AccountEvent::Released { run, .. } => *run,
        AccountEvent::Granted { .. }
        | AccountEvent::Adjusted { .. }
        | AccountEvent::Expired { .. }
        | AccountEvent::Voided { .. } => None,
    }
}

fn spent(event: &AccountEvent) -> Option<Credits> {
    match event {
        AccountEvent::Debited { amount, .. } | AccountEvent::Captured { amount, .. } => Some(*amount),
        AccountEvent::Granted { .. }
        | AccountEvent::Refunded { .. }
        | AccountEvent::Adjusted { .. }
        | AccountEvent::Held { .. }
        | AccountEvent::Released { .. }
        | AccountEvent::Expired { .. }
        | AccountEvent::Voided { .. } => None,
    }
}
