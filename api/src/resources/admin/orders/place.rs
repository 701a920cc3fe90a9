//! Handing an order to the ledger, and what it says no to.

use super::order::Order;
use crate::app::App;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::idempotency;
use crate::serve::problem::Problem;
use ledger::account::{HoldId, LotId};
use ledger::{AccountId, Command, Event, ExecuteError, Refusal, UserId, read};
use poem::http::StatusCode;
use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;

/// The answer to an order.
#[derive(ApiResponse)]
pub(crate) enum Placed<T: ToJSON> {
    /// What it would do (`dry_run`). Nothing was written, and an `Idempotency-Key` is still unused.
    #[oai(status = 200)]
    Tried(
        Json<T>,
        /// `true` if it was done before, under the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// It is in the log.
    #[oai(status = 201)]
    Made(
        Json<T>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
        /// `true` if this repeats the answer to an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// Places an order, or tries it.
pub(crate) async fn place<O: Order>(
    app: &App,
    caller: &Caller<AdminOnly>,
    user: &UserId,
    key: Option<String>,
    order: &O,
    dry_run: bool,
) -> Result<Placed<O::Made>, Problem> {
    let idempotency = idempotency::of(key, O::OPERATION, &order.to_json())?;
    let account = user.account();
    if let Some(lot) = unknown_lot(app, account, order.names_lot().as_slice()).await? {
        return Err(Refusal::LotUnknown { lot }.into());
    }
    let command = Command { account, context: caller.context(), idempotency, action: order.action(user) };
    let done = match dry_run {
        true => app.ledger.preview(command).await,
        false => app.ledger.execute(command).await,
    };
    let outcome = match done {
        Ok(outcome) => outcome,
        Err(error) => return Err(refused(app, account, error).await),
    };
    let made = Json(O::made(user, &outcome)?);
    let replayed = outcome.replayed.then_some(true);
    Ok(match dry_run {
        true => Placed::Tried(made, replayed),
        false => Placed::Made(made, outcome.position.map(|position| position.0), replayed),
    })
}

/// The first of these lots that was never granted. The account itself knows only those of which something is left.
pub(crate) async fn unknown_lot(
    app: &App,
    account: AccountId,
    lots: &[LotId],
) -> Result<Option<LotId>, Problem> {
    let named: Vec<LotId> = lots.iter().copied().filter(|lot| *lot != LotId::UNNAMED).collect();
    if named.is_empty() {
        return Ok(None);
    }
    let origins = read::lot_origins(&**app.reader().await?, account, &named).await?;
    Ok(named.into_iter().find(|lot| origins.iter().all(|origin| origin.lot.lot != *lot)))
}

/// Of these lots, those that the account's log has come to: the others may be made by orders of the same batch.
pub(crate) async fn reached(app: &App, account: AccountId, lots: &[LotId]) -> Result<Vec<LotId>, Problem> {
    let known = read::account(&**app.reader().await?, account).await?;
    let version = known.map_or(0, |(_, version)| version);
    Ok(lots.iter().copied().filter(|lot| lot.0 <= version).collect())
}

/// The problem, with the difference between a hold that is over and one that never was.
pub(crate) async fn refused(app: &App, account: AccountId, error: ExecuteError) -> Problem {
    match error {
        ExecuteError::Refused(Refusal::HoldNotOpen { hold }) => match was_hold(app, account, hold).await {
            Ok(true) => Refusal::HoldNotOpen { hold }.into(),
            Ok(false) => {
                let detail = format!(
                    "there is no hold {hold} on this account; `GET /admin/accounts/{{user}}/holds` lists them"
                );
                Problem::new(StatusCode::NOT_FOUND, "hold_unknown", "Nothing is here", detail)
            }
            Err(problem) => problem,
        },
        other => other.into(),
    }
}

async fn was_hold(app: &App, account: AccountId, hold: HoldId) -> Result<bool, Problem> {
    let events = read::account_events_at(&**app.reader().await?, account, &[hold.0]).await?;
    let is_held = |event: &Event| matches!(event, Event::Account(event) if event.name() == "credits.held");
    Ok(events.iter().any(|recorded| is_held(&recorded.event)))
}
