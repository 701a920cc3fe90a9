//! Performs bulk actions: retries or gives up many dead jobs, each as a command of its own, at the rate that was ordered.
//!
//! The first few are the canary: the rest waits for their ends, and for a person if too many ended badly. A job is noted as
//! begun before the ledger is asked and settled afterwards, so a crash in between leaves at most those to be asked about once
//! more. The ledger refuses a second time by the run that was seen to be dead, and the log tells whether it was this action.
//! What is begun when a person stops the action is not performed any more: it is done if the log says so, and else waits again.

mod bucket;
mod course;
mod item;
mod judge;

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use course::Course;
use futures::stream::{self, StreamExt, TryStreamExt};
use projections::bulk::{self, Action};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const NAME: &str = "bulk";

/// Actions worked on; those that were ordered later wait.
const MOST: i64 = 16;

/// Of them at once: each holds a connection, and leases need some too.
const AT_ONCE: usize = 2;

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, perform).await
}

async fn perform(station: Arc<Station>, fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let mut courses = HashMap::new();
    while !held.is_cancelled() {
        courses = round(&station, fencing, courses).await?;
        held.run_until_cancelled(tokio::time::sleep(station.timings.bulk_every)).await;
    }
    Ok(())
}

/// Takes every open action a step further, and forgets those that are over.
async fn round(
    station: &Station,
    fencing: i64,
    mut courses: HashMap<Uuid, Course>,
) -> Result<HashMap<Uuid, Course>, Error> {
    let open = bulk::open(&**station.writer.get().await?, MOST).await?;
    metrics::gauge!("cooly_bulk_actions_open").set(open.len() as f64);
    let steps = open.into_iter().map(|action| {
        let known = courses.remove(&action.id);
        step(station, fencing, action, known)
    });
    stream::iter(steps.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect().await
}

async fn step(
    station: &Station,
    fencing: i64,
    action: Action,
    known: Option<Course>,
) -> Result<(Uuid, Course), Error> {
    let mut course = match known {
        Some(course) => course,
        None => Course::take_over(station, fencing, &action).await?,
    };
    course.step(station, &action).await?;
    Ok((action.id, course))
}
