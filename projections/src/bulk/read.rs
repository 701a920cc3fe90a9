//! What is told of actions and their jobs.

use super::action::{
    Action, Item, Outcome, Share, Tally, action_columns, item_columns, read_action, read_item,
};
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

pub(super) const GET: &str = concat!("select ", action_columns!(), " from bulk_actions where id = $1");

/// By look-up and not by `any`, which is planned while the table is empty.
pub(super) const NAMED: &str = concat!(
    "select action.* from unnest($1::uuid[]) as asked (asked_id) cross join lateral (select ",
    action_columns!(),
    " from bulk_actions where id = asked_id limit 1) action order by action.created_at, action.id"
);

pub(super) const LIST: &str = concat!(
    "select ",
    action_columns!(),
    " from bulk_actions where $1::timestamptz is null or (created_at, id) < ($1, $2::uuid) \
     order by created_at desc, id desc limit $3"
);

pub(super) const COUNTS: &str = r"
select outcome, count(*) as jobs, sum(charged) as charged, count(*) filter (where ordinal >= $2) as judged
from bulk_items where action = $1 group by outcome";

pub(super) const ITEMS: &str = concat!(
    "select ",
    item_columns!(),
    " from bulk_items where action = $1 and ordinal > $2 order by ordinal limit $3"
);

pub(super) const ITEMS_OF: &str = concat!(
    "select ",
    item_columns!(),
    " from bulk_items where action = $1 and ordinal > $2 and outcome = $4 order by ordinal limit $3"
);

/// One action.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<Action>, Error> {
    client.query_typed(GET, &[(&id, Type::UUID)]).await?.first().map(read_action).transpose()
}

/// Those of these ids that name an action, oldest first.
pub async fn named(client: &impl GenericClient, ids: &[Uuid]) -> Result<Vec<Action>, Error> {
    client.query_typed(NAMED, &[(&ids, Type::UUID_ARRAY)]).await?.iter().map(read_action).collect()
}

/// Actions, newest first, after the one that was made at that instant under that name.
pub async fn list(
    client: &impl GenericClient,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Action>, Error> {
    let (created_at, id) = before.unzip();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&created_at, Type::TIMESTAMPTZ), (&id, Type::UUID), (&limit, Type::INT8)];
    client.query_typed(LIST, &parameters).await?.iter().map(read_action).collect()
}

/// The jobs of an action by outcome, as they are now.
pub async fn counts(client: &impl GenericClient, id: Uuid, judged_from: u32) -> Result<Tally, Error> {
    let judged_from = row::column(judged_from);
    let rows = client.query_typed(COUNTS, &[(&id, Type::UUID), (&judged_from, Type::INT4)]).await?;
    let shares = rows.iter().map(|row| {
        let share = Share {
            jobs: row::large_count(row, "jobs")?,
            charged: row.try_get("charged")?,
            judged: row::large_count(row, "judged")?,
        };
        Ok((row::named(row, "outcome")?, share))
    });
    Ok(Tally(shares.collect::<Result<_, Error>>()?))
}

/// The jobs of an action, in its order, after that ordinal.
pub async fn items(
    client: &impl GenericClient,
    id: Uuid,
    outcome: Option<Outcome>,
    after: u32,
    limit: i64,
) -> Result<Vec<Item>, Error> {
    let (after, outcome) = (row::column(after), outcome.map(Outcome::as_str));
    let every: [(&(dyn ToSql + Sync), Type); 3] =
        [(&id, Type::UUID), (&after, Type::INT4), (&limit, Type::INT8)];
    let rows = match &outcome {
        None => client.query_typed(ITEMS, &every).await?,
        Some(outcome) => {
            let [id, after, limit] = every;
            client.query_typed(ITEMS_OF, &[id, after, limit, (outcome, Type::TEXT)]).await?
        }
    };
    rows.iter().map(read_item).collect()
}
