//! What every benchmark buys, and the commands that say so: all measure the same purchase.

use anyhow::Result;
use ledger::job::{JobRequest, Kind, LateCancel, Params, Price};
use ledger::{Action, Actor, Command, Context, Credits, JobId, Ledger, NewJob, UserId};

/// What every job asks for.
pub const PROMPT: &str = "a lighthouse on a cliff at dusk, long exposure";
/// What every job costs, in credits.
pub const COST: u64 = 4;
/// What every account starts with, in credits.
pub const FUNDS: u64 = 1_000_000_000;

/// The user of an account by number.
///
/// # Errors
/// Never: these are names of users.
pub fn user(number: usize) -> Result<UserId> {
    Ok(format!("bench-{number}").parse()?)
}

/// Gives an account what it will spend; opens it.
pub fn grant(user: &UserId) -> Command {
    let amount = Credits::whole(FUNDS).expect("a billion is an amount");
    command(user, Action::grant(user.clone(), amount, "bench"))
}

/// A purchase: debit and queue, two events in one INSERT.
pub fn purchase(user: &UserId, job_id: JobId, kind: Kind, model: &str) -> Command {
    let request =
        JobRequest { kind, model: model.into(), prompt: PROMPT.into(), count: 1, params: Params::default() };
    let price = Price::Fixed(Credits::whole(COST).expect("four is an amount"));
    let late_cancel = LateCancel::REFUND;
    command(
        user,
        Action::Queue { jobs: vec![NewJob { job_id, request: request.into(), price, late_cancel }] },
    )
}

/// A command of a user.
pub fn command(user: &UserId, action: Action) -> Command {
    Command {
        account: user.account(),
        context: Context {
            actor: Actor::User(user.to_string()),
            request_id: "01990000-0000-7000-8000-000000000000".into(),
            causation_id: None,
        },
        idempotency: None,
        action,
    }
}

/// Makes and executes a command for each user, many at a time.
///
/// # Errors
/// When one is refused, or cannot be written.
pub async fn for_all(ledger: &Ledger, users: &[UserId], make: impl Fn(&UserId) -> Command) -> Result<()> {
    for chunk in users.chunks(1_000) {
        let commands = chunk.iter().map(|user| ledger.execute(make(user)));
        futures::future::try_join_all(commands).await?;
    }
    Ok(())
}
