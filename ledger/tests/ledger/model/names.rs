//! Who is meant: a step says only the how-manieth, counted from the newest of those with which something can be
//! done, so that a story stays one while it is shrunk and most of what it asks makes sense.

use crate::model::steps::Ask;
use crate::naive::{Asked, Cost, NaiveAccount, NaiveJob, NaiveUser, Seconds, total};
use ledger::JobId;
use ledger::job::Status;

/// Nobody's lot or hold.
const UNKNOWN: i64 = 1_000_000;

/// Nobody's job.
const NO_JOB: JobId = JobId(uuid::Uuid::from_u128(7));

/// The lots and holds that an account ever had.
#[derive(Debug, Default)]
pub(crate) struct Names {
    lots: Vec<i64>,
    holds: Vec<i64>,
}

/// From the newest: up to the third of those that fit, or else up to the sixth of all; past that, nobody.
fn pick<T: Copy>(fitting: &[T], all: &[T], place: usize) -> Option<T> {
    let from = if place < 3 && !fitting.is_empty() { fitting } else { all };
    let known = place < 6 && !from.is_empty();
    known.then(|| from[from.len() - 1 - place % from.len()])
}

impl Names {
    pub(crate) fn learn(&mut self, account: &NaiveAccount) {
        self.lots.extend(account.lots.iter().map(|lot| lot.lot));
        self.holds.extend(account.holds.iter().map(|kept| kept.hold));
        for known in [&mut self.lots, &mut self.holds] {
            known.sort_unstable();
            known.dedup();
        }
    }

    fn hold(&self, user: &NaiveUser, place: usize) -> i64 {
        let own = user.account.holds.iter().filter(|kept| kept.job.is_none());
        let open: Vec<i64> = own.map(|kept| kept.hold).collect();
        pick(&open, &self.holds, place).unwrap_or(UNKNOWN)
    }

    fn lot(&self, user: &NaiveUser, place: usize) -> i64 {
        let there: Vec<i64> = user.account.lots.iter().map(|lot| lot.lot).collect();
        pick(&there, &self.lots, place).unwrap_or(UNKNOWN)
    }

    /// What is asked, with names and times in the place of what was picked.
    pub(crate) fn name(&self, user: &NaiveUser, clock: Seconds, ask: &Ask) -> Asked {
        let at = |offset: Seconds| clock + offset;
        match *ask {
            Ask::Grant { amount, priority, from, until } => {
                Asked::Grant { amount, priority, from: from.map(at), until: until.map(at) }
            }
            Ask::Adjust { change, clamp } => Asked::Adjust { change, clamp },
            Ask::Hold { amount, until } => Asked::Hold { amount, until: until.map(at) },
            Ask::Capture { hold, amount } => Asked::Capture { hold: self.hold(user, hold), amount },
            Ask::CaptureAll { hold } => {
                let hold = self.hold(user, hold);
                let open = user.account.holds.iter().find(|kept| kept.hold == hold);
                Asked::Capture { hold, amount: open.map_or(1, |kept| total(&kept.parts)) }
            }
            Ask::Release { hold } => Asked::Release { hold: self.hold(user, hold) },
            Ask::Void { lot } => Asked::Void { lot: self.lot(user, lot) },
            Ask::Lapse => Asked::Lapse,
            _ => about_jobs(user, ask),
        }
    }
}

fn about_jobs(user: &NaiveUser, ask: &Ask) -> Asked {
    let with = |place: usize, fits: &[Status]| {
        let claim = |job: &NaiveJob| (job.id, job.claim.map_or(0, |(fencing, _)| fencing));
        let all: Vec<_> = user.jobs.iter().map(claim).collect();
        let fitting: Vec<_> = user.jobs.iter().filter(|job| fits.contains(&job.status)).map(claim).collect();
        pick(&fitting, &all, place).unwrap_or((NO_JOB, 0))
    };
    let job = |place: usize, fits: &[Status]| with(place, fits).0;
    match *ask {
        Ask::Queue { ref prices, again } => {
            let cost = |amount, rate: Option<_>| match rate {
                None => Cost::Fixed(amount),
                Some(rate) => Cost::PerSecond { rate, most: amount },
            };
            let known = user.jobs.last().filter(|_| again);
            let id = || known.map_or_else(JobId::generate, |job| job.id);
            let job = |(amount, rate, percent): &_| (id(), cost(*amount, *rate), *percent);
            Asked::Queue { jobs: prices.iter().map(job).collect() }
        }
        Ask::Start(place) => Asked::Start { job: job(place, &[Status::Queued]) },
        Ask::Submit { job, late } => {
            let (job, fencing) = with(job, &[Status::Running]);
            Asked::Submit { job, fencing: fencing - i64::from(late) }
        }
        Ask::Succeed { job, late, milliseconds } => {
            let (job, fencing) = with(job, &[Status::Running]);
            Asked::Succeed { job, fencing: fencing - i64::from(late), milliseconds }
        }
        Ask::Fail { job, late, class, backoff } => {
            let (job, fencing) = with(job, &[Status::Running]);
            Asked::Fail { job, fencing: fencing - i64::from(late), class, backoff }
        }
        Ask::Forfeit { job, late, backoff } => {
            let (job, fencing) = with(job, &[Status::Running]);
            Asked::Forfeit { job, fencing: fencing - i64::from(late), backoff }
        }
        Ask::DeadLetter(place) => Asked::DeadLetter { job: job(place, &[Status::Queued]) },
        Ask::Cancel(place) => Asked::Cancel { job: job(place, &[Status::Queued, Status::Running]) },
        Ask::CancelByUser { job: place, most } => {
            Asked::CancelByUser { job: job(place, &[Status::Running, Status::Queued]), most }
        }
        Ask::Retry(place) => Asked::Retry { job: job(place, &[Status::Dead]) },
        Ask::Discard(place) => Asked::Discard { job: job(place, &[Status::Dead]) },
        Ask::Rerun(place) => {
            Asked::Rerun { job: job(place, &[Status::Failed, Status::Cancelled, Status::Discarded]) }
        }
        Ask::Refund { job: place, amount } => {
            Asked::Refund { job: job(place, &[Status::Succeeded, Status::Cancelled]), amount }
        }
        _ => unreachable!("{ask:?} is about credits"),
    }
}
