//! Tells customers what happens: one more consumer of the log.
//!
//! Four loops under one lease. `follow` reads the log, has `message` make of an event what is told of it, and writes down who is to be
//! told, together with its checkpoint; so nothing is told that the log does not say, and nothing is left out. `send` sends what is due,
//! many at once, and writes down what became of it; a crash before that has it sent once more, under the same id. `foresee` tells of what no
//! event does: that credits will be gone soon. `tidy` deletes what was kept for long enough. What is written shows the fencing number of the lease. Each loop starts over by itself when it fails: what is
//! under way does not depend on the others.

mod context;
mod flights;
mod follow;
mod foresee;
mod message;
mod payload;
mod post;
mod send;
mod tidy;
mod verdict;

use crate::checkpoint;
use crate::duty::{self, supervise};
use crate::error::Error;
use crate::station::Station;
use flights::Flights;
use futures::future::join4;
use post::Post;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

/// Of the lease and of the checkpoint; the statements of `projections::hooks` know it too.
const NAME: &str = "hooks";

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, tell).await
}

async fn tell(station: Arc<Station>, fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let post = Post::new(station.hooks.may_be_private, station.timings.hook)?;
    // Before any loop begins: from now on nothing is noted under an earlier lease, and all of them can note under this one.
    checkpoint::claim(&**station.writer.get().await?, NAME, fencing).await?;
    let (news, flights) = (&Notify::new(), &Mutex::new(Flights::new(Arc::clone(&station), post)));
    let following =
        supervise("hooks_follow", held.clone(), Arc::clone(&station), |station, held| async move {
            follow::follow(&station, fencing, news, &held).await
        });
    let sending = supervise("hooks_send", held.clone(), Arc::clone(&station), |station, held| async move {
        send::send(&station, fencing, flights, news, &held).await
    });
    let tidying = supervise("hooks_tidy", held.clone(), Arc::clone(&station), |station, held| async move {
        tidy::tidy(&station, fencing, &held).await
    });
    let foreseeing =
        supervise("hooks_foresee", held.clone(), Arc::clone(&station), |station, held| async move {
            foresee::foresee(&station, fencing, news, &held).await
        });
    join4(following, sending, tidying, foreseeing).await;
    // Whoever leads next tells it; what stayed here would be told for ever.
    tidy::tell_nothing();
    Ok(())
}
