//! What somebody finds who starts Cooly to look at it: a user with credits to spend, and what the examples of the API's
//! document name. Each is made once, whatever restarts.

mod action;
mod examples;
mod key;

pub(crate) use examples::prepare;

use ledger::account::{AccountCommand, Grant, Source};
use ledger::{
    Action, Actor, Command, Context, Credits, Database, Idempotency, IdempotencyKey, Ledger, Outcome, UserId,
};

/// What the demo user starts with.
const WELCOME_CREDITS: u64 = 1_000;

/// Gives the demo user something to spend.
pub(crate) async fn welcome(ledger: &Ledger) -> anyhow::Result<()> {
    let user: UserId = api::examples::USER.parse()?;
    let grant = Grant::new(user.clone(), Credits::whole(WELCOME_CREDITS)?, "welcome");
    let action = Action::Account(AccountCommand::Grant(Grant { source: Source::Promo, ..grant }));
    let welcomed = once(ledger, "welcome", &user, "welcome", action).await;
    welcomed.map(drop).map_err(|error| error.context("the welcome grant failed"))
}

/// Makes what else the examples name, beside a server that serves already.
pub(crate) async fn finish(database: Database) {
    key::make(&database).await;
    action::order_action(database).await;
}

/// Executes what is asked under a key of its own: a repeat finds what the first time led to.
async fn once(
    ledger: &Ledger,
    duty: &'static str,
    user: &UserId,
    key: &str,
    action: Action,
) -> anyhow::Result<Outcome> {
    let context = Context { actor: Actor::System(duty), request_id: duty.into(), causation_id: None };
    let key = IdempotencyKey::try_from(key.to_owned())?;
    let idempotency = Some(Idempotency { key, request_hash: [0; 32] });
    Ok(ledger.execute(Command { account: user.account(), context, idempotency, action }).await?)
}
