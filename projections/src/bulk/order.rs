//! What a person may do to an action: pause it, go on, end it. Each is harmless to repeat.

use super::action::{Action, State, action_columns, read_action};
use super::read::get;
use crate::error::Error;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;
use uuid::Uuid;

pub(super) const PAUSE: &str = concat!(
    "update bulk_actions set state = 'paused', cause = null where id = $1 and state in ('canary', 'running') returning ",
    action_columns!()
);

/// Goes on where it stopped. Whoever resumes what paused by itself has seen why: the canary is over, and only what ends badly
/// from here on counts.
pub(super) const RESUME: &str = concat!(
    "update bulk_actions set
        state = case when canary_over or cause is not null then 'running' else 'canary' end,
        canary_over = canary_over or cause is not null,
        judged_from = case when cause is null then judged_from else coalesce(
            (select min(ordinal) from bulk_items where action = $1 and outcome = 'waiting'), judged_from
        ) end,
        cause = null
    where id = $1 and state = 'paused' returning ",
    action_columns!()
);

pub(super) const ABORT: &str = concat!(
    "update bulk_actions set state = 'aborted', cause = null, ended_at = statement_timestamp()
    where id = $1 and state in ('canary', 'running', 'paused') returning ",
    action_columns!()
);

/// What a person does to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Begin nothing more until it is resumed.
    Pause,
    /// Go on.
    Resume,
    /// End it; what was not begun is left alone.
    Abort,
}

impl Change {
    fn statement(self) -> &'static str {
        match self {
            Change::Pause => PAUSE,
            Change::Resume => RESUME,
            Change::Abort => ABORT,
        }
    }

    /// Whether an action in this state is already as it is wanted.
    fn holds_in(self, state: State) -> bool {
        match self {
            Change::Pause => state == State::Paused,
            Change::Resume => matches!(state, State::Canary | State::Running),
            Change::Abort => state == State::Aborted,
        }
    }
}

/// The action after the change, or `Err` with it as it is where it is over; `None` if there is none. From the answer on,
/// nothing is begun that this forbids: what begins jobs holds the same row.
pub async fn change(
    client: &impl GenericClient,
    id: Uuid,
    change: Change,
) -> Result<Option<Result<Action, Action>>, Error> {
    let rows = client.query_typed(change.statement(), &[(&id, Type::UUID)]).await?;
    if let Some(row) = rows.first() {
        return Ok(Some(Ok(read_action(row)?)));
    }
    let Some(action) = get(client, id).await? else { return Ok(None) };
    Ok(Some(if change.holds_in(action.state) { Ok(action) } else { Err(action) }))
}
