//! Many accounts and jobs as they were right after events of theirs. What happened to them later does not matter, not even whether this
//! version can read it.

use super::row::{account_state, event_columns, recorded};
use crate::account::AccountState;
use crate::error::Error;
use crate::event::Event;
use crate::ids::{AccountId, JobId, Position, UserId};
use crate::job::JobState;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// Streams from their beginning up to a version.
pub(crate) const STREAMS_UP_TO: &str = concat!(
    "select ",
    event_columns!(),
    ", ordinal from unnest($1::uuid[], $2::uuid[], $3::bigint[]) with ordinality \
        as asked (of_account, of_stream, at_version, ordinal) cross join lateral (\
        select * from events where account_id = of_account and stream_id = of_stream and version <= at_version \
     ) as found order by ordinal, version"
);

/// Accounts right after these versions.
pub(crate) const ACCOUNTS_AT: &str = "select ordinal, state::text, occurred_at \
    from unnest($1::uuid[], $2::bigint[]) with ordinality as asked (of_account, at_version, ordinal) cross join lateral (\
        select state, occurred_at from events \
        where account_id = of_account and stream_id = of_account and version = at_version limit 1 \
    ) as found";

/// Whose accounts these are: the newest state says it as each before does.
pub(crate) const OWNERS: &str = r"
select of_account, owner from unnest($1::uuid[]) as asked (of_account) cross join lateral (
    select state ->> 'user' as owner from events
    where account_id = of_account and stream_id = of_account order by version desc limit 1
) as found";

/// Accounts after their newest events.
pub(crate) const ACCOUNTS_NOW: &str = r"
select of_account, position, state::text from unnest($1::uuid[]) as asked (of_account) cross join lateral (
    select position, state from events
    where account_id = of_account and stream_id = of_account order by version desc limit 1
) as found";

/// Where [`STREAMS_UP_TO`] says which of the asked it belongs to: after the columns of an event.
const ORDINAL: usize = 20;

/// What was asked for, or why this version cannot tell.
pub type Legible<T> = Result<T, Error>;

/// An account right after an event, and when that was.
pub type Dated = (AccountState, DateTime<Utc>);

/// An account after its newest event.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountNow {
    /// Which.
    pub account_id: AccountId,
    /// The position of that event.
    pub position: Position,
    /// What it amounts to.
    pub state: AccountState,
}

/// Each of these jobs right after its event of that version, in the order in which they are asked for; `None` of what is not there.
pub async fn jobs_at(
    client: &impl GenericClient,
    asked: &[(AccountId, JobId, i64)],
) -> Result<Vec<Legible<Option<JobState>>>, Error> {
    let accounts: Vec<Uuid> = asked.iter().map(|(account, _, _)| account.0).collect();
    let streams: Vec<Uuid> = asked.iter().map(|(_, job, _)| job.0).collect();
    let versions: Vec<i64> = asked.iter().map(|(_, _, version)| *version).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&accounts, Type::UUID_ARRAY), (&streams, Type::UUID_ARRAY), (&versions, Type::INT8_ARRAY)];
    let rows = client.query_typed(STREAMS_UP_TO, &parameters).await?;
    let mut jobs: Vec<Legible<Option<JobState>>> = asked.iter().map(|_| Ok(None)).collect();
    for row in &rows {
        let job = place(row, ORDINAL, &mut jobs)?;
        let Ok(before) = job else { continue };
        match recorded(row) {
            Ok(event) => {
                if let Event::Job(change) = &event.event {
                    *before = JobState::apply(before.take(), change, event.version, event.occurred_at);
                }
            }
            Err(error @ Error::Unreadable { .. }) => *job = Err(error),
            Err(error) => return Err(error),
        }
    }
    Ok(jobs)
}

/// Each of these accounts right after its event of that version, and when that was, in the order in which they are asked for; `None` of
/// what is not there.
pub async fn accounts_at(
    client: &impl GenericClient,
    asked: &[(AccountId, i64)],
) -> Result<Vec<Legible<Option<Dated>>>, Error> {
    let accounts: Vec<Uuid> = asked.iter().map(|(account, _)| account.0).collect();
    let versions: Vec<i64> = asked.iter().map(|(_, version)| *version).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&accounts, Type::UUID_ARRAY), (&versions, Type::INT8_ARRAY)];
    let rows = client.query_typed(ACCOUNTS_AT, &parameters).await?;
    let mut states: Vec<Legible<Option<Dated>>> = asked.iter().map(|_| Ok(None)).collect();
    for row in &rows {
        let at = row.try_get(2)?;
        let state = row.try_get::<_, Option<&str>>(1)?.map(account_state).transpose();
        *place(row, 0, &mut states)? = state.map(|state| state.map(|state| (state, at)));
    }
    Ok(states)
}

/// These accounts as they are now; of one that this version cannot read, where it stands and why not. What is not there is left out.
pub async fn accounts_now(
    client: &impl GenericClient,
    accounts: &[AccountId],
) -> Result<Vec<Result<AccountNow, (Position, Error)>>, Error> {
    let asked: Vec<Uuid> = accounts.iter().map(|account| account.0).collect();
    let rows = client.query_typed(ACCOUNTS_NOW, &[(&asked, Type::UUID_ARRAY)]).await?;
    let account = |row: &Row| {
        let (account_id, position) = (AccountId(row.try_get(0)?), Position(row.try_get(1)?));
        let state = account_state(row.try_get(2)?);
        Ok(state.map(|state| AccountNow { account_id, position, state }).map_err(|error| (position, error)))
    };
    rows.iter().map(account).collect()
}

/// Whose accounts these are. Of one that is not there, or whose newest state says it in another way than this version knows, nothing is
/// told.
pub async fn owners(
    client: &impl GenericClient,
    accounts: &[AccountId],
) -> Result<HashMap<AccountId, UserId>, Error> {
    let asked: Vec<Uuid> = accounts.iter().map(|account| account.0).collect();
    let rows = client.query_typed(OWNERS, &[(&asked, Type::UUID_ARRAY)]).await?;
    let mut owners = HashMap::new();
    for row in &rows {
        let owner: Option<String> = row.try_get(1)?;
        if let Some(owner) = owner.and_then(|owner| UserId::try_from(owner).ok()) {
            owners.insert(AccountId(row.try_get(0)?), owner);
        }
    }
    Ok(owners)
}

/// Where the answer to one of the asked belongs; they are counted from 1.
fn place<'a, T>(row: &Row, column: usize, answers: &'a mut [T]) -> Result<&'a mut T, Error> {
    let ordinal: i64 = row.try_get(column)?;
    let place = usize::try_from(ordinal - 1).ok().and_then(|place| answers.get_mut(place));
    place.ok_or_else(|| Error::Unreadable {
        event: "answer".into(),
        problem: format!("it belongs to number {ordinal}, which nobody asked for"),
    })
}
