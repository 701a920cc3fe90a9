//! From what is asked to the ledger's own commands.

use crate::naive::{Asked, Cost, credits, instant};
use crate::support::{context, failure, request, start, submit, succeed};
use ledger::account::{AccountCommand, Grant, HoldId, LotId, Priority};
use ledger::job::{FailureClass, JobCommand, LateCancel, Price, RetryPolicy};
use ledger::{Action, Actor, Change, Command, Context, Idempotency, IdempotencyKey, JobId, NewJob, UserId};
use rust_decimal::Decimal;

/// A key and the hash of the request that it names.
pub(crate) type Keyed = (u8, [u8; 32]);

pub(crate) fn command(
    users: &[UserId],
    who: usize,
    asked: &Asked,
    key: Option<Keyed>,
    request_id: &str,
) -> Command {
    let user = &users[who];
    let (actor, action) = action(user, asked);
    // Keys of batches are those of the whole log, which has other stories too.
    let idempotency = key.map(|(key, request_hash)| Idempotency {
        key: IdempotencyKey::try_from(format!("{}-key-{key}", users[0])).unwrap(),
        request_hash,
    });
    let context = Context { request_id: request_id.to_owned(), ..context(actor) };
    Command { account: user.account(), context, idempotency, action }
}

/// Who may have keys: whoever asks for something that moves credits.
pub(crate) fn takes_key(asked: &Asked) -> bool {
    match asked {
        Asked::Lapse => false,
        Asked::Grant { .. }
        | Asked::Adjust { .. }
        | Asked::Hold { .. }
        | Asked::Capture { .. }
        | Asked::Release { .. }
        | Asked::Void { .. }
        | Asked::Queue { .. }
        | Asked::Rerun { .. }
        | Asked::Refund { .. } => true,
        Asked::Start { .. }
        | Asked::Succeed { .. }
        | Asked::Fail { .. }
        | Asked::Forfeit { .. }
        | Asked::DeadLetter { .. }
        | Asked::Cancel { .. }
        | Asked::CancelByUser { .. }
        | Asked::Submit { .. }
        | Asked::Retry { .. }
        | Asked::Discard { .. } => false,
    }
}

/// Whose keys they are: users and admins do not share theirs.
pub(crate) fn key_space(asked: &Asked) -> &'static str {
    if matches!(asked, Asked::Queue { .. } | Asked::Rerun { .. }) { "user" } else { "admin" }
}

fn action(user: &UserId, asked: &Asked) -> (Actor, Action) {
    let admin = Actor::Admin("ops".into());
    let about = |command| (admin.clone(), Action::Account(command));
    let reason = || "story".to_owned();
    match *asked {
        Asked::Grant { amount, priority, from, until } => about(AccountCommand::Grant(Grant {
            priority: Priority::try_from(priority).unwrap(),
            effective_at: from.map(instant),
            expires_at: until.map(instant),
            ..Grant::new(user.clone(), credits(amount), reason())
        })),
        Asked::Adjust { change, clamp } => {
            let change = Change::new(Decimal::from_i128_with_scale(change, 6)).unwrap();
            about(AccountCommand::Adjust { user: user.clone(), change, reason: reason(), clamp })
        }
        Asked::Hold { amount, until } => {
            let expires_at = until.map(instant);
            about(AccountCommand::Hold { amount: credits(amount), reason: reason(), expires_at })
        }
        Asked::Capture { hold, amount } => {
            about(AccountCommand::Capture { hold: HoldId(hold), amount: credits(amount) })
        }
        Asked::Release { hold } => about(AccountCommand::Release { hold: HoldId(hold) }),
        Asked::Void { lot } => about(AccountCommand::Void { lot: LotId(lot), reason: reason() }),
        Asked::Lapse => (Actor::System("sweeper"), Action::Account(AccountCommand::Lapse)),
        Asked::Queue { ref jobs } => {
            let jobs = jobs.iter().map(|(id, cost, percent)| new_job(*id, *cost, *percent)).collect();
            (Actor::User(user.to_string()), Action::Queue { jobs })
        }
        _ => job_action(user, asked),
    }
}

fn new_job(job_id: JobId, cost: Cost, keeps_percent: u8) -> NewJob {
    let price = match cost {
        Cost::Fixed(amount) => Price::Fixed(credits(amount)),
        Cost::PerSecond { rate, most } => Price::PerSecond { rate: credits(rate), most: credits(most) },
    };
    let late_cancel = match keeps_percent {
        0 => LateCancel::REFUND,
        100 => LateCancel::KEEP,
        percent => format!("{percent}%").parse().unwrap(),
    };
    NewJob { job_id, request: request("a lighthouse"), price, late_cancel }
}

fn job_action(user: &UserId, asked: &Asked) -> (Actor, Action) {
    let worker = Actor::Worker("story".into());
    let admin = Actor::Admin("ops".into());
    let (actor, job_id, command) = match *asked {
        Asked::Start { job } => (worker, job, start()),
        Asked::Succeed { job, fencing, milliseconds } => (worker, job, succeed(fencing, Some(milliseconds))),
        Asked::Fail { job, fencing, class, backoff } => {
            let command = JobCommand::FailAttempt {
                fencing,
                failure: failure(class),
                backoff_milliseconds: backoff.unsigned_abs() * 1_000,
                policy: RetryPolicy::default(),
                gives_up: false,
                provider: None,
            };
            (worker, job, command)
        }
        Asked::Forfeit { job, fencing, backoff } => {
            let backoff_milliseconds = backoff.unsigned_abs() * 1_000;
            let policy = RetryPolicy::default();
            (worker, job, JobCommand::Forfeit { fencing, backoff_milliseconds, policy })
        }
        Asked::DeadLetter { job } => {
            (worker, job, JobCommand::DeadLetter { failure: failure(FailureClass::Transient) })
        }
        Asked::Submit { job, fencing } => (worker, job, submit(fencing)),
        Asked::Cancel { job } => (worker, job, JobCommand::Cancel),
        Asked::CancelByUser { job, most } => {
            let max_kept = most.map(credits);
            (Actor::User(user.to_string()), job, JobCommand::CancelByUser { max_kept })
        }
        Asked::Retry { job } => (admin, job, JobCommand::Retry { run: None, reason: None }),
        Asked::Discard { job } => (admin, job, JobCommand::Discard { run: None, reason: None }),
        Asked::Rerun { job } => (Actor::User(user.to_string()), job, JobCommand::Rerun),
        Asked::Refund { job, amount } => {
            (admin, job, JobCommand::Refund { amount: amount.map(credits), reason: "story".into() })
        }
        _ => unreachable!("{asked:?} is about the account"),
    };
    (actor, Action::Job { job_id, command })
}
