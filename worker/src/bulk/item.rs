//! One job of an action: the command, and what its answer means.

use crate::error::Error;
use crate::station::Station;
use ledger::job::JobCommand;
use ledger::{Actor, Command, Context, ExecuteError, Position, Refusal, error_chain, read};
use projections::bulk::{Action, Deed, Item, Outcome, Settled};

/// Asks the ledger; `None` if it cannot tell now, so that it must be asked again.
pub(super) async fn perform(
    station: &Station,
    action: &Action,
    item: &Item,
) -> Result<Option<Settled>, Error> {
    let settled = |outcome, code: Option<&str>, position| Settled {
        ordinal: item.ordinal,
        outcome,
        code: code.map(str::to_owned),
        position,
    };
    let done = done(action.deed);
    let is_changed = |refusal: &Refusal| {
        matches!(refusal, Refusal::RunStale { .. } | Refusal::JobStatus { .. } | Refusal::JobUnknown)
    };
    let code = match station.ledger.execute(command(action, item)).await {
        Ok(outcome) => match outcome.position {
            Some(position) => return Ok(Some(settled(done, None, Some(position)))),
            None => "job_status",
        },
        Err(ExecuteError::Refused(refusal)) if is_changed(&refusal) => refusal.code(),
        Err(ExecuteError::Refused(refusal)) => {
            return Ok(Some(settled(Outcome::Refused, Some(refusal.code()), None)));
        }
        Err(ExecuteError::Failed(ledger::Error::Unreadable { .. })) => {
            return Ok(Some(settled(Outcome::Refused, Some("unreadable"), None)));
        }
        Err(ExecuteError::Failed(error)) => {
            tracing::warn!(action = %action.id, job_id = %item.job_id, error = %error_chain(&error), "the log is asked again");
            return Ok(None);
        }
    };
    // Somebody was faster: this action before a crash, or anybody else.
    Ok(Some(match written_before(station, action, item).await? {
        Some(position) => settled(done, None, Some(position)),
        None => settled(Outcome::Changed, Some(code), None),
    }))
}

/// Asks the log alone: `None` if this action has not done it.
pub(super) async fn look(station: &Station, action: &Action, item: &Item) -> Result<Option<Settled>, Error> {
    let position = written_before(station, action, item).await?;
    let outcome = done(action.deed);
    Ok(position.map(|at| Settled { ordinal: item.ordinal, outcome, code: None, position: Some(at) }))
}

fn done(deed: Deed) -> Outcome {
    match deed {
        Deed::Retry => Outcome::Queued,
        Deed::Discard => Outcome::Discarded,
    }
}

fn command(action: &Action, item: &Item) -> Command {
    let (run, reason) = (Some(item.run), Some(action.reason.clone()));
    let command = match action.deed {
        Deed::Retry => JobCommand::Retry { run, reason },
        Deed::Discard => JobCommand::Discard { run, reason },
    };
    let person = action.actor.strip_prefix("admin:").unwrap_or(&action.actor);
    Command {
        account: item.account_id,
        context: Context {
            actor: Actor::Admin(person.to_owned()),
            request_id: action.request_id.clone(),
            causation_id: Some(action.id),
        },
        idempotency: None,
        action: ledger::Action::Job { job_id: item.job_id, command },
    }
}

/// Where the log says that this action did it.
async fn written_before(station: &Station, action: &Action, item: &Item) -> Result<Option<Position>, Error> {
    let client = station.reader.get().await?;
    let events = read::stream(&**client, item.account_id, item.job_id.into()).await?;
    let own = events.iter().find(|event| event.causation_id == Some(action.id));
    Ok(own.map(|event| event.position))
}
