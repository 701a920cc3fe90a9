//! Every command that a benchmark gives to the ledger is made here, and what a purchase looks like in general.
//!
//! The baselines buy the same thing, so that nobody writes less than the other.

use anyhow::Result;
use ledger::job::{JobRequest, Kind, Params, Price};
use ledger::{
    Action, Actor, Command, Context, Credits, Idempotency, IdempotencyKey, JobId, Ledger, NewJob, UserId,
};
use uuid::Uuid;

/// What every job of a benchmark asks for.
pub(crate) const MODEL: &str = "sim-image";
/// See [`MODEL`].
pub(crate) const PROMPT: &str = "a lighthouse on a cliff at dusk, long exposure";
/// What every job costs, in credits.
pub(crate) const COST: u64 = 4;
/// What every account starts with, in credits.
pub(crate) const FUNDS: u64 = 1_000_000_000;

/// The user of an account by number.
pub(crate) fn user(number: usize) -> Result<UserId> {
    Ok(format!("bench-{number}").parse()?)
}

/// Gives an account what it will spend; opens it.
pub(crate) fn grant(user: &UserId) -> Command {
    let amount = Credits::whole(FUNDS).expect("a billion is an amount");
    command(user, Action::grant(user.clone(), amount, "bench"))
}

/// A purchase: debit and queue, two events in one INSERT.
pub(crate) fn purchase(user: &UserId) -> Command {
    let request = JobRequest {
        kind: Kind::Image,
        model: MODEL.into(),
        prompt: PROMPT.into(),
        count: 1,
        params: Params::default(),
    };
    let price = Price::Fixed(Credits::whole(COST).expect("four is an amount"));
    command(
        user,
        Action::Queue { jobs: vec![NewJob { job_id: JobId::generate(), request: request.into(), price }] },
    )
}

/// A purchase under an idempotency key of its own.
pub(crate) fn keyed_purchase(user: &UserId) -> Command {
    let key = Uuid::now_v7().to_string();
    let key = IdempotencyKey::try_from(key).expect("a UUID is visible ASCII");
    Command { idempotency: Some(Idempotency { key, request_hash: [7; 32] }), ..purchase(user) }
}

/// Makes and executes a command for each user, many at a time.
pub(crate) async fn for_all(
    ledger: &Ledger,
    users: &[UserId],
    make: impl Fn(&UserId) -> Command,
) -> Result<()> {
    for chunk in users.chunks(1_000) {
        let commands = chunk.iter().map(|user| ledger.execute(make(user)));
        futures::future::try_join_all(commands).await?;
    }
    Ok(())
}

fn command(user: &UserId, action: Action) -> Command {
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
