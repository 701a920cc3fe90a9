//! Tells customers what happens: one more consumer of the log.
//!
//! Three loops under one lease. `follow` reads the log, has `message` make of an event what is told of it, and writes down who is to be
//! told, together with its checkpoint; so nothing is told that the log does not say, and nothing is left out. `send` sends what is due,
//! many at once, and writes down what became of it; a crash before that has it sent once more, under the same id. `tidy` deletes what was
//! kept for long enough. What is written shows the fencing number of the lease.

mod context;
mod flights;
mod follow;
mod message;
mod payload;
mod post;
mod send;
mod tidy;
mod verdict;

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use futures::future::try_join3;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Of the lease and of the checkpoint; the statements of `projections::hooks` know it too.
const NAME: &str = "hooks";

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, tell).await
}

async fn tell(station: Arc<Station>, fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let news = Notify::new();
    let following = follow::follow(&station, fencing, &news, &held);
    let sending = send::send(&station, fencing, &news, &held);
    let tidying = tidy::tidy(&station, &held);
    let ended = try_join3(following, sending, tidying).await.map(drop);
    // Whoever leads next tells it; what stayed here would be told for ever.
    tidy::tell_nothing();
    ended
}
