//! Some naive accounts with their jobs, and every command that may be given to them.

use super::{Answer, Cost, Micros, NaiveAccount, NaiveJob, Seconds, lacks};
use ledger::JobId;
use ledger::job::FailureClass;

/// A command with everything in it that makes it what it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    Grant {
        amount: Micros,
        priority: u8,
        from: Option<Seconds>,
        until: Option<Seconds>,
    },
    Adjust {
        change: Micros,
        clamp: bool,
    },
    Hold {
        amount: Micros,
        until: Option<Seconds>,
    },
    Capture {
        hold: i64,
        amount: Micros,
    },
    Release {
        hold: i64,
    },
    Void {
        lot: i64,
    },
    Lapse,
    /// Each with how much of a hundred it keeps if its user cancels it late.
    Queue {
        jobs: Vec<(JobId, Cost, u8)>,
    },
    Start {
        job: JobId,
    },
    Submit {
        job: JobId,
        fencing: i64,
    },
    Succeed {
        job: JobId,
        fencing: i64,
        milliseconds: u64,
    },
    Fail {
        job: JobId,
        fencing: i64,
        class: FailureClass,
        backoff: Seconds,
    },
    Forfeit {
        job: JobId,
        fencing: i64,
        backoff: Seconds,
    },
    DeadLetter {
        job: JobId,
    },
    Cancel {
        job: JobId,
    },
    CancelByUser {
        job: JobId,
        most: Option<Micros>,
    },
    Retry {
        job: JobId,
    },
    Discard {
        job: JobId,
    },
    Rerun {
        job: JobId,
    },
    Refund {
        job: JobId,
        amount: Option<Micros>,
    },
}

/// What a command wrote.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The account right after it.
    pub(crate) account: NaiveAccount,
    /// Whether it wrote to the account's own stream.
    pub(crate) touched: bool,
    /// The jobs that it was about, right after it.
    pub(crate) jobs: Vec<NaiveJob>,
}

/// An account with its jobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct NaiveUser {
    pub(crate) account: NaiveAccount,
    pub(crate) jobs: Vec<NaiveJob>,
}

impl NaiveUser {
    pub(crate) fn new(grace: Seconds) -> NaiveUser {
        NaiveUser { account: NaiveAccount { grace, ..NaiveAccount::default() }, jobs: Vec::new() }
    }

    /// Does what is asked, or changes nothing.
    pub(crate) fn ask(&mut self, asked: &Asked, clock: Seconds) -> Answer<Told> {
        let mut after = self.clone();
        after.account.begin(clock);
        let about = after.answer(asked, clock)?;
        // What had lapsed is written down with something else, or because that was asked.
        if after.account.facts.is_empty() && *asked != Asked::Lapse {
            after.account = self.account.clone();
            after.account.facts.clear();
        }
        let touched = after.account.version > self.account.version;
        *self = after;
        let jobs = about.into_iter().map(|place| self.jobs[place].clone()).collect();
        Ok(Told { account: self.account.clone(), touched, jobs })
    }

    /// Does what is asked; returns the places of the jobs that it was about.
    fn answer(&mut self, asked: &Asked, clock: Seconds) -> Answer<Vec<usize>> {
        let account = &mut self.account;
        match *asked {
            Asked::Grant { amount, priority, from, until } => account.grant(amount, priority, from, until)?,
            Asked::Adjust { change, clamp } => account.adjust(change, clamp)?,
            Asked::Hold { amount, until } => account.hold(amount, until)?,
            Asked::Capture { hold, amount } => account.capture(hold, amount)?,
            Asked::Release { hold } => account.release(hold)?,
            Asked::Void { lot } => account.void(lot)?,
            Asked::Lapse => {}
            Asked::Queue { ref jobs } => return self.queue(jobs, clock),
            Asked::Start { job } => return self.with(job, |job, _, _| job.start(clock)),
            Asked::Submit { job, fencing } => return self.with(job, |job, _, _| job.submit(fencing)),
            Asked::Succeed { job, fencing, milliseconds } => {
                return self
                    .with(job, |job, account, place| job.succeed(account, place, fencing, milliseconds));
            }
            Asked::Fail { job, fencing, class, backoff } => {
                return self.with(job, |job, account, place| {
                    job.fail(account, place, fencing, class, backoff, clock)
                });
            }
            Asked::Forfeit { job, fencing, backoff } => {
                return self.with(job, |job, _, _| job.forfeit(fencing, backoff, clock));
            }
            Asked::DeadLetter { job } => return self.with(job, |job, _, _| job.dead_letter(clock)),
            Asked::Cancel { job } => return self.with(job, |job, account, place| job.cancel(account, place)),
            Asked::CancelByUser { job, most } => {
                return self.with(job, |job, account, place| job.cancel_by_user(account, place, most));
            }
            Asked::Retry { job } => return self.with(job, |job, _, _| job.retry(clock)),
            Asked::Discard { job } => {
                return self.with(job, |job, account, place| job.discard(account, place));
            }
            Asked::Rerun { job } => {
                return self.with(job, |job, account, place| job.rerun(account, place, clock));
            }
            Asked::Refund { job, amount } => {
                return self.with(job, |job, account, _| job.refund(account, amount));
            }
        }
        Ok(Vec::new())
    }

    fn queue(&mut self, jobs: &[(JobId, Cost, u8)], clock: Seconds) -> Answer<Vec<usize>> {
        let first = self.jobs.len();
        for (id, cost, keeps_percent) in jobs {
            if self.jobs.iter().any(|job| job.id == *id) {
                return Err("job_exists");
            }
            let place = self.jobs.len();
            let job = NaiveJob::queue(&mut self.account, place, *id, *cost, *keeps_percent, clock)?;
            self.jobs.push(job);
        }
        Ok((first..self.jobs.len()).collect())
    }

    fn with(
        &mut self,
        id: JobId,
        ask: impl FnOnce(&mut NaiveJob, &mut NaiveAccount, usize) -> Answer,
    ) -> Answer<Vec<usize>> {
        let Some(place) = self.jobs.iter().position(|job| job.id == id) else { return lacks() };
        ask(&mut self.jobs[place], &mut self.account, place)?;
        Ok(vec![place])
    }
}
