//! The naive job: what its price is and what may happen to it next.

use super::{Answer, Micros, NaiveAccount, Part, Seconds, total};
use ledger::JobId;
use ledger::job::{FailureClass, Status};

/// What a job costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cost {
    Fixed(Micros),
    PerSecond { rate: Micros, most: Micros },
}

#[derive(Debug, Clone)]
pub(crate) struct NaiveJob {
    pub(crate) id: JobId,
    pub(crate) status: Status,
    /// How many events were written.
    pub(crate) version: i64,
    pub(crate) cost: Cost,
    /// What is paid, or held, and was not given back.
    pub(crate) paid: Vec<Part>,
    pub(crate) held: bool,
    /// How much of a hundred it keeps if its user cancels it late.
    keeps_percent: u8,
    /// What late cancels kept and was not given back, oldest first.
    pub(crate) kept: Vec<Vec<Part>>,
    /// Whether the provider has accepted the work of the attempt.
    submitted: bool,
    attempts: u32,
    /// The claim, while running: its token and its end.
    pub(crate) claim: Option<(i64, Seconds)>,
    due: Option<Seconds>,
    run_began: Seconds,
}

/// The answer for a job that is not there.
pub(crate) fn lacks<T>() -> Answer<T> {
    Err("job_unknown")
}

const LEASE: Seconds = 60;
const MOST_ATTEMPTS: u32 = 3;
const MOST_AGE: Seconds = 24 * 3600;

impl NaiveJob {
    /// Queues the job that is the `place`-th of its account.
    pub(crate) fn queue(
        account: &mut NaiveAccount,
        place: usize,
        id: JobId,
        cost: Cost,
        keeps_percent: u8,
        clock: Seconds,
    ) -> Answer<NaiveJob> {
        let mut job = NaiveJob {
            id,
            status: Status::Queued,
            version: 0,
            cost,
            paid: Vec::new(),
            held: false,
            keeps_percent,
            kept: Vec::new(),
            submitted: false,
            attempts: 0,
            claim: None,
            due: None,
            run_began: clock,
        };
        job.pay(account, place)?;
        job.version = 1;
        Ok(job)
    }

    fn pay(&mut self, account: &mut NaiveAccount, place: usize) -> Answer {
        self.held = matches!(self.cost, Cost::PerSecond { .. });
        self.paid = match self.cost {
            Cost::Fixed(amount) => account.debit(amount)?,
            Cost::PerSecond { most, .. } => account.set_aside(most, None, Some(place))?,
        };
        Ok(())
    }

    fn to(&mut self, status: Status) {
        self.version += 1;
        self.status = status;
        self.submitted = false;
        if status != Status::Running {
            self.claim = None;
        }
    }

    fn is_claimed(&self, clock: Seconds) -> bool {
        self.submitted || self.claim.is_some_and(|(_, until)| clock < until)
    }

    pub(crate) fn submit(&mut self, fencing: i64) -> Answer {
        self.must_hold(fencing)?;
        if !self.submitted {
            self.version += 1;
            self.submitted = true;
        }
        Ok(())
    }

    fn end_unpaid(&mut self, account: &mut NaiveAccount, place: usize, status: Status) -> Answer {
        if self.held {
            account.release_of_job(place)?;
        } else if account.room_for(total(&self.paid)).is_err() {
            // What comes back waits until it is refunded by itself.
            self.to(status);
            return Ok(());
        } else {
            account.refund(self.paid.iter().rev().cloned().collect())?;
        }
        self.paid.clear();
        self.held = false;
        self.to(status);
        Ok(())
    }

    pub(crate) fn start(&mut self, clock: Seconds) -> Answer {
        match self.status {
            Status::Queued if self.due.is_some_and(|due| clock < due) => return Err("job_not_due"),
            Status::Running if self.is_claimed(clock) => return Err("job_claimed"),
            Status::Queued | Status::Running => {}
            _ => return Err("job_status"),
        }
        if self.attempts == MOST_ATTEMPTS {
            self.to(Status::Dead);
            return Ok(());
        }
        self.attempts += 1;
        self.due = None;
        self.to(Status::Running);
        self.claim = Some((self.version, clock + LEASE));
        Ok(())
    }

    fn must_hold(&self, fencing: i64) -> Answer {
        if self.claim.is_some_and(|(token, _)| token == fencing) { Ok(()) } else { Err("lease_lost") }
    }

    pub(crate) fn succeed(
        &mut self,
        account: &mut NaiveAccount,
        place: usize,
        fencing: i64,
        milliseconds: u64,
    ) -> Answer {
        self.must_hold(fencing)?;
        if let Cost::PerSecond { rate, .. } = self.cost {
            let exact = rate * Micros::from(milliseconds);
            let price = (exact + 999) / 1_000;
            self.paid = account.capture_of_job(place, price.min(total(&self.paid)))?;
            self.held = false;
        }
        self.to(Status::Succeeded);
        Ok(())
    }

    pub(crate) fn fail(
        &mut self,
        account: &mut NaiveAccount,
        place: usize,
        fencing: i64,
        class: FailureClass,
        backoff: Seconds,
        clock: Seconds,
    ) -> Answer {
        self.must_hold(fencing)?;
        let old = clock - self.run_began >= MOST_AGE;
        let given_up = match class {
            FailureClass::Permanent => return self.end_unpaid(account, place, Status::Failed),
            FailureClass::Transient => old || self.attempts == MOST_ATTEMPTS,
            FailureClass::Throttled => old,
        };
        if given_up {
            self.to(Status::Dead);
        } else {
            self.attempts -= u32::from(class == FailureClass::Throttled);
            self.due = Some(clock + backoff);
            self.to(Status::Queued);
        }
        Ok(())
    }

    pub(crate) fn forfeit(&mut self, fencing: i64, backoff: Seconds, clock: Seconds) -> Answer {
        self.must_hold(fencing)?;
        if self.submitted {
            return Err("job_claimed");
        }
        if clock - self.run_began >= MOST_AGE || self.attempts == MOST_ATTEMPTS {
            self.to(Status::Dead);
        } else {
            self.due = Some(clock + backoff);
            self.to(Status::Queued);
        }
        Ok(())
    }

    pub(crate) fn dead_letter(&mut self, clock: Seconds) -> Answer {
        match self.status {
            Status::Dead => Ok(()),
            Status::Running if self.is_claimed(clock) => Err("job_claimed"),
            Status::Queued | Status::Running => {
                self.to(Status::Dead);
                Ok(())
            }
            _ => Err("job_status"),
        }
    }

    pub(crate) fn cancel(&mut self, account: &mut NaiveAccount, place: usize) -> Answer {
        match self.status {
            Status::Cancelled => Ok(()),
            Status::Queued | Status::Running => self.end_unpaid(account, place, Status::Cancelled),
            _ => Err("job_status"),
        }
    }

    /// What is kept is what burned first; what would last longest comes back.
    pub(crate) fn cancel_by_user(
        &mut self,
        account: &mut NaiveAccount,
        place: usize,
        most: Option<Micros>,
    ) -> Answer {
        let percent = if self.submitted { Micros::from(self.keeps_percent) } else { 0 };
        let keeps = (total(&self.paid) * percent + 99) / 100;
        if most.is_some_and(|most| keeps > most) {
            return Err("cancel_keeps_more");
        }
        if keeps == 0 || !matches!(self.status, Status::Queued | Status::Running) {
            return self.cancel(account, place);
        }
        if self.held {
            self.kept.push(account.capture_of_job(place, keeps)?);
        } else {
            let rest = total(&self.paid) - keeps;
            if account.room_for(rest).is_err() && rest > 0 {
                // What comes back waits, and nothing of it is kept.
                self.to(Status::Cancelled);
                return Ok(());
            }
            let back = NaiveAccount::unpay(&mut self.paid, rest);
            if rest > 0 {
                account.refund(back)?;
            }
            self.kept.push(self.paid.clone());
        }
        self.paid.clear();
        self.held = false;
        self.to(Status::Cancelled);
        Ok(())
    }

    pub(crate) fn charged_in_all(&self) -> Micros {
        total(&self.paid) + self.kept_in_all()
    }

    fn kept_in_all(&self) -> Micros {
        self.kept.iter().map(|parts| total(parts)).sum()
    }

    pub(crate) fn discard(&mut self, account: &mut NaiveAccount, place: usize) -> Answer {
        match self.status {
            Status::Discarded => Ok(()),
            Status::Dead => self.end_unpaid(account, place, Status::Discarded),
            _ => Err("job_status"),
        }
    }

    pub(crate) fn retry(&mut self, clock: Seconds) -> Answer {
        if self.status != Status::Dead {
            return Err("job_status");
        }
        self.run_again(clock);
        Ok(())
    }

    pub(crate) fn rerun(&mut self, account: &mut NaiveAccount, place: usize, clock: Seconds) -> Answer {
        if !matches!(self.status, Status::Failed | Status::Cancelled | Status::Discarded) {
            return Err("job_status");
        }
        if total(&self.paid) == 0 {
            self.pay(account, place)?;
        }
        self.run_again(clock);
        Ok(())
    }

    fn run_again(&mut self, clock: Seconds) {
        self.to(Status::Queued);
        (self.attempts, self.due, self.run_began) = (0, None, clock);
    }

    pub(crate) fn refund(&mut self, account: &mut NaiveAccount, amount: Option<Micros>) -> Answer {
        if self.held {
            return Err("price_only_held");
        }
        let paid = total(&self.paid);
        let charged = paid + self.kept_in_all();
        let amount = amount.unwrap_or(charged);
        if charged == 0 || amount > charged {
            return Err("refund_too_large");
        }
        if amount == 0 {
            return Err("amount_zero");
        }
        account.room_for(amount)?;
        // The latest run first, then what was kept of earlier ones, the newest first.
        if paid > 0 {
            account.refund(NaiveAccount::unpay(&mut self.paid, amount.min(paid)))?;
        }
        let mut left = amount - amount.min(paid);
        while left > 0 {
            let parts = self.kept.last_mut().expect("no more is given back than was kept");
            let part = left.min(total(parts));
            account.refund(NaiveAccount::unpay(parts, part))?;
            left -= part;
            self.kept.retain(|parts| !parts.is_empty());
        }
        self.version += 1;
        Ok(())
    }
}
