//! Rebuilds one read model from the log while the live one keeps answering.
//!
//! Phases: fill a copy in a schema of its own up to the live checkpoint; give it indexes, grants and
//! statistics; then, in one transaction, lock the live checkpoint so that the projector waits, apply the few
//! events that came since, and let the copy take the table's place. Readers wait for the last step only. A
//! crash leaves the schema behind, which the next rebuild drops, and the live table as it was.

use crate::copies;
use crate::error::Error;
use crate::read_model::ReadModel;
use crate::replay::Replay;
use deadpool_postgres::Object;
use ledger::{Database, Position, Role};
use std::time::Duration;
use tokio_postgres::GenericClient;
use tokio_postgres::error::SqlState;

/// Most positions that are left for the switch, during which readers of the table wait.
const MOST_IN_THE_SWITCH: i64 = 5_000;

/// How long a try to switch waits for readers that hold the table: new readers queue behind it meanwhile.
const SWITCH_PATIENCE: &str = "set local lock_timeout = '2s'";
const SWITCH_TRIES: u32 = 10;
const SWITCH_PAUSE: Duration = Duration::from_millis(500);

/// Rebuilds `model` from the log and takes its parked streams up again. `progress` is told how far it is and
/// how far it has to go, in positions.
///
/// Needs the login that migrated the database. It goes as far as the live checkpoint, so it needs no mark.
pub async fn rebuild(
    database: &Database,
    model: ReadModel,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), Error> {
    let mut client = database.pool(Role::Owner, 1)?.get().await?;
    lock_out_others(&client, model).await?;
    let schema = format!("rebuild_{model}");
    prepare(&client, &schema, model).await?;
    let mut replay = Replay::new(vec![model]);
    catch_up(&mut client, model, &mut replay, &mut progress).await?;
    copies::complete(&**client, &schema, model.name()).await?;
    catch_up(&mut client, model, &mut replay, &mut progress).await?;
    let mut tries = 1;
    loop {
        let reached = replay.position();
        match switch(&mut client, &schema, model, &mut replay).await {
            Err(Error::Postgres(error)) if is_busy(&error) && tries < SWITCH_TRIES => {
                tracing::info!(%model, tries, "the switch waits for readers of the table");
                replay.go_back(reached);
                tries += 1;
                tokio::time::sleep(SWITCH_PAUSE).await;
            }
            result => return result,
        }
    }
}

/// Two rebuilds of one read model would fill the same schema. The lock ends with the connection.
async fn lock_out_others(client: &Object, model: ReadModel) -> Result<(), Error> {
    let lock = "select pg_try_advisory_lock(hashtext('cooly rebuild'), hashtext($1))";
    let row = client.query_one(lock, &[&model.name()]).await?;
    if row.try_get(0)? { Ok(()) } else { Err(Error::RebuildRunning { model }) }
}

async fn prepare(client: &Object, schema: &str, model: ReadModel) -> Result<(), Error> {
    client.batch_execute(&format!("drop schema if exists {schema} cascade; create schema {schema}")).await?;
    copies::create(&***client, schema, model.name()).await?;
    copies::create(&***client, schema, "parked_streams").await?;
    client.batch_execute(&format!("set search_path = {schema}, public")).await?;
    Ok(())
}

/// Replays until little is left; the projector moves on meanwhile, so the switch does the rest.
async fn catch_up(
    client: &mut Object,
    model: ReadModel,
    replay: &mut Replay,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), Error> {
    loop {
        let goal = checkpoint(&***client, model, "").await?;
        progress(count(replay.position()), count(goal));
        if goal.0 - replay.position().0 < MOST_IN_THE_SWITCH {
            return Ok(());
        }
        replay.advance(client, goal, |position| progress(count(position), count(goal))).await?;
    }
}

async fn switch(
    client: &mut Object,
    schema: &str,
    model: ReadModel,
    replay: &mut Replay,
) -> Result<(), Error> {
    let mut transaction = client.transaction().await?;
    transaction.batch_execute(SWITCH_PATIENCE).await?;
    let goal = checkpoint(&*transaction, model, "for update").await?;
    replay.advance(&mut transaction, goal, |_| {}).await?;
    let switch = format!(
        "drop table public.{model};
        alter table {schema}.{model} set schema public;
        delete from public.parked_streams where projection = '{model}';
        insert into public.parked_streams select * from {schema}.parked_streams;
        drop schema {schema} cascade"
    );
    transaction.batch_execute(&switch).await?;
    transaction.commit().await?;
    tracing::info!(%model, position = goal.0, "read model rebuilt");
    Ok(())
}

async fn checkpoint(client: &impl GenericClient, model: ReadModel, lock: &str) -> Result<Position, Error> {
    let sql = format!("select position from public.projection_checkpoints where projection = $1 {lock}");
    Ok(Position(client.query_one(&sql, &[&model.name()]).await?.try_get(0)?))
}

fn count(position: Position) -> u64 {
    u64::try_from(position.0).unwrap_or(0)
}

fn is_busy(error: &tokio_postgres::Error) -> bool {
    let busy = [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| busy.contains(&code))
}
