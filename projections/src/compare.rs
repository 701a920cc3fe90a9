//! Proves the read models: replays the log into temporary copies and compares them with the live tables, row
//! by row.
//!
//! Phases: replay the bulk while the projector goes on; then open one snapshot, replay the rest up to the
//! checkpoints that it shows, and compare in it. Nothing is locked and nothing is changed.

use crate::checkpoint;
use crate::copies;
use crate::error::Error;
use crate::read_model::ReadModel;
use crate::replay::Replay;
use deadpool_postgres::{Object, Transaction};
use ledger::{Database, Position, Role};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use tokio_postgres::IsolationLevel;

/// Differing rows of one read model that are told one by one; the rest is counted.
const MOST_TOLD: i64 = 10;

/// A row of a read model that is not what the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The read model.
    pub model: ReadModel,
    /// Which row, and how it differs.
    pub detail: String,
}

/// Compares every read model with a replay of the log up to its checkpoint. `progress` is told how far it is
/// and how far it has to go, in positions.
///
/// Needs the login that migrated the database.
pub async fn compare_with_replay(
    database: &Database,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Difference>, Error> {
    let mut client = database.pool(Role::Owner, 1)?.get().await?;
    prepare(&client).await?;
    let mut replay = Replay::new(ReadModel::ALL.to_vec());
    let goal = checkpoint::positions(&**client).await?.values().min().copied().unwrap_or_default();
    let mut tell = |position: Position| progress(count(position), count(goal));
    replay.advance(&mut client, goal, &mut tell).await?;
    analyze(&client).await?;
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let mut transaction = snapshot.start().await?;
    finish(&mut transaction, &mut replay).await?;
    let mut differences = parked(&transaction).await?;
    for model in ReadModel::ALL {
        differences.extend(compare(&transaction, model).await?);
    }
    tell(goal);
    Ok(differences)
}

async fn prepare(client: &Object) -> Result<(), Error> {
    for model in ReadModel::ALL {
        copies::create(&***client, "pg_temp", model.name()).await?;
    }
    copies::create(&***client, "pg_temp", "parked_streams").await?;
    client.batch_execute("set search_path = pg_temp, public").await?;
    Ok(())
}

async fn analyze(client: &Object) -> Result<(), Error> {
    for model in ReadModel::ALL {
        client.batch_execute(&format!("analyze pg_temp.{model}")).await?;
    }
    Ok(())
}

/// Takes each read model to the checkpoint that the snapshot shows, those that lag no further than they are.
async fn finish(transaction: &mut Transaction<'_>, replay: &mut Replay) -> Result<(), Error> {
    let checkpoints = checkpoint::positions(&**transaction).await?;
    let stages: BTreeSet<Position> = checkpoints.values().copied().collect();
    for stage in stages {
        replay.keep(|model| checkpoints.get(&model).is_some_and(|position| *position >= stage));
        replay.advance(transaction, stage, |_| {}).await?;
    }
    Ok(())
}

/// Streams that the live read models have parked: what their rows lack, they lack knowingly.
async fn parked(transaction: &Transaction<'_>) -> Result<Vec<Difference>, Error> {
    let parked = "select projection, account_id::text, stream_id::text, version, reason \
                  from public.parked_streams order by projection, position";
    let rows = transaction.query(parked, &[]).await?;
    rows.iter()
        .map(|row| {
            let (account, stream): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
            let (version, reason): (i64, &str) = (row.try_get(3)?, row.try_get(4)?);
            let detail = format!("stream {account}/{stream} is parked at version {version}: {reason}");
            Ok(Difference { model: row.try_get::<_, &str>(0)?.parse()?, detail })
        })
        .collect()
}

/// The rows that only one side has, or that differ. The keys pair them, so that one wrong row is told once
/// and with the columns that are wrong.
async fn compare(transaction: &Transaction<'_>, model: ReadModel) -> Result<Vec<Difference>, Error> {
    let key = copies::key_columns(&**transaction, model.name()).await?;
    let using = key.join(", ");
    let sql = format!(
        "select to_jsonb(live), to_jsonb(replayed), count(*) over ()
        from public.{model} live full join pg_temp.{model} replayed using ({using})
        where live is distinct from replayed
        limit {MOST_TOLD}"
    );
    let rows = transaction.query(&sql, &[]).await?;
    let mut differences = Vec::new();
    for row in &rows {
        let detail = difference(&key, row.try_get(0)?, row.try_get(1)?);
        differences.push(Difference { model, detail });
    }
    if let Some(row) = rows.first() {
        let more = row.try_get::<_, i64>(2)? - MOST_TOLD;
        if more > 0 {
            differences.push(Difference { model, detail: format!("{more} more rows differ") });
        }
    }
    Ok(differences)
}

fn difference(key: &[String], live: Option<Value>, replayed: Option<Value>) -> String {
    match (live, replayed) {
        (Some(Value::Object(live)), Some(Value::Object(replayed))) => {
            let columns: Vec<String> = live
                .iter()
                .filter_map(|(column, is)| {
                    let should = replayed.get(column)?;
                    (is != should).then(|| format!("{column} is {is} and should be {should}"))
                })
                .collect();
            format!("row {}: {}", named(key, &live), columns.join(", "))
        }
        (Some(Value::Object(live)), _) => format!("row {} is not in the log", named(key, &live)),
        (_, Some(Value::Object(replayed))) => format!("row {} is missing", named(key, &replayed)),
        _ => "a row that cannot be told".to_owned(),
    }
}

fn named(key: &[String], row: &Map<String, Value>) -> String {
    let parts = key.iter().map(|column| format!("{column}={}", row.get(column).unwrap_or(&Value::Null)));
    parts.collect::<Vec<_>>().join(" ")
}

fn count(position: Position) -> u64 {
    u64::try_from(position.0).unwrap_or(0)
}
