//! The bulk action that the examples of the API's document name. It needs jobs that are dead, so it comes a while after the
//! start.

use super::examples::DUTY;
use api::examples::{ACTION, DEAD, GIVEN_UP};
use ledger::{Actor, Database, Idempotency, IdempotencyKey, JobId, Role};
use projections::bulk::{Change, Choice, Deed, Frozen, NewAction, change, freeze, get};
use projections::dead_letters;
use serde_json::Value;
use std::time::Duration;

/// How often it is looked whether they are dead.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// They use up their attempts within seconds, or somebody has done something else to them.
const LOOKS: usize = 240;

/// Orders a retry of both dead letters once they are there, and ends it at once.
pub(super) async fn order_action(database: Database) {
    if let Err(error) = ordered(&database).await {
        tracing::warn!(error = format!("{error:#}"), "the example of a bulk action was not made");
    }
}

async fn ordered(database: &Database) -> anyhow::Result<()> {
    let pool = database.pool(Role::Operator, 1)?;
    for _ in 0..LOOKS {
        let mut client = pool.get().await?;
        if get(&**client, ACTION).await?.is_some() {
            return Ok(());
        }
        let dead = [JobId(DEAD), JobId(GIVEN_UP)];
        let mut there = Vec::new();
        for job in dead {
            there.extend(dead_letters::get(&**client, job).await?);
        }
        if there.len() == dead.len() {
            let transaction = client.transaction().await?;
            let choice = Choice::Named(dead.map(|job| (job, None)).to_vec());
            if let Frozen::Made(action) = freeze(&transaction, &order()?, &choice).await? {
                let _ended = change(&*transaction, action.id, Change::Abort).await?;
                transaction.commit().await?;
            }
            return Ok(());
        }
        drop(client);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn order() -> anyhow::Result<NewAction> {
    let key = IdempotencyKey::try_from("example-action".to_owned())?;
    Ok(NewAction {
        id: ACTION,
        actor: Actor::System(DUTY).to_string(),
        request_id: DUTY.into(),
        key: None,
        reason: "an example, ended before it began".into(),
        idempotency: Some(Idempotency { key, request_hash: [0; 32] }),
        deed: Deed::Retry,
        filter: Value::Null,
        rate: 1,
        canary: 0,
        pause_above_percent: 100,
    })
}
