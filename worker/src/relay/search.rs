//! Finding in the read model what the board does not know: what waited when another relay led, what did not fit, and
//! what became due.

use super::board::{Ask, ShelfKey};
use crate::error::Error;
use crate::station::Station;
use ledger::Position;
use projections::pending::{self, Lane, PendingTask};
use projections::{ReadModel, positions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Most lanes of one question.
const LANES: i64 = 1_000;

/// Most jobs that are told to be due soon.
const MOST_COMING: i64 = 10_000;

/// What waits in the read model, as far as one question tells.
#[derive(Debug)]
pub(super) struct Found {
    pub shelves: Vec<ShelfKey>,
    /// Where the next question goes on; `None` when all was told.
    pub next: Option<Lane>,
    /// Jobs whose back-off is over soon; only with the last lanes.
    pub coming: Vec<Ask>,
    /// The read model had applied the log at least up to here.
    pub at: Position,
}

/// The next lanes with waiting jobs, once the read model is as far as `least`; `None` before.
pub(super) async fn find(
    station: &Station,
    after: Option<&Lane>,
    least: Position,
    soon: Duration,
) -> Result<Option<Found>, Error> {
    let client = station.reader.get().await?;
    let at = position(&**client).await?;
    if at < least {
        return Ok(None);
    }
    let lanes = pending::lanes(&**client, after, LANES).await?;
    let next = lanes.last().filter(|_| lanes.len() as i64 == LANES).cloned();
    let coming = match &next {
        Some(_) => Vec::new(),
        None => pending::coming(&**client, soon, MOST_COMING).await?,
    };
    let coming = coming.iter().map(|task| Ask { due: Some(task.due_at), ..ask(station, task) }).collect();
    let shelves = lanes.into_iter().map(|lane| {
        let key = (lane.account_id, station.window_of(&lane.model));
        (key, Arc::from(lane.model))
    });
    Ok(Some(Found { shelves: shelves.collect(), next, coming, at }))
}

/// The first waiting jobs of a shelf.
#[derive(Debug)]
pub(super) struct Front {
    pub shelf: ShelfKey,
    pub asks: Vec<Ask>,
    /// Whether these are all that wait and are due.
    pub is_all: bool,
    /// The read model had applied the log at least up to here.
    pub at: Position,
}

/// Reads so many of each of these shelves.
pub(super) async fn fronts(
    station: &Station,
    shelves: Vec<ShelfKey>,
    each: usize,
) -> Result<Vec<Front>, Error> {
    let client = station.reader.get().await?;
    let at = position(&**client).await?;
    let limit = i64::try_from(each).unwrap_or(i64::MAX);
    let lane = |((account, _), model): &ShelfKey| Lane { account_id: *account, model: model.to_string() };
    let asked: Vec<Lane> = shelves.iter().map(lane).collect();
    let mut by_lane: BTreeMap<Lane, Vec<PendingTask>> = BTreeMap::new();
    for task in pending::fronts(&**client, &asked, limit).await? {
        let lane = Lane { account_id: task.account_id, model: task.model.clone() };
        by_lane.entry(lane).or_default().push(task);
    }
    let fronts = shelves.into_iter().map(|shelf| {
        let mut tasks = by_lane.get(&lane(&shelf)).cloned().unwrap_or_default();
        tasks.sort_by_key(|task| task.due_at);
        // Which window a model goes through is told by the shelf: the catalogue may have changed since.
        let via = |task| Ask { via: Arc::clone(&shelf.0.1), ..ask(station, task) };
        Front { asks: tasks.iter().map(via).collect(), is_all: tasks.len() < each, at, shelf }
    });
    Ok(fronts.collect())
}

async fn position(client: &impl tokio_postgres::GenericClient) -> Result<Position, Error> {
    Ok(positions(client).await?.get(&ReadModel::Pending).copied().unwrap_or(Position::START))
}

fn ask(station: &Station, task: &PendingTask) -> Ask {
    Ask {
        key: (task.account_id, task.job_id),
        run: task.run,
        model: Arc::from(task.model.as_str()),
        via: station.window_of(&task.model),
        // It does not tell how the last attempt ended.
        may_be_made: task.due_at != task.queued_at,
        due: None,
        position: task.last_position,
        since: task.due_at,
    }
}
