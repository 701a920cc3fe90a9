//! Turns events of the log into messages of the queue: no more than workers can take, in turn between accounts.
//!
//! `tail` reads the log up to the safe mark, `board` knows which jobs wait and whose turn it is, `outbox` sends ten to a
//! request, `search` finds in the read model what the board does not know, `suspects` judges which messages were lost,
//! `sight` tells which models nobody could make now, `doors` which of them are held back and which are tried, `lag` tells how
//! far behind all this is, `depth` how much the queues hold, and `leader` keeps it going (`heard` and `holding` are its
//! other parts).
//!
//! The checkpoint moves over events whose message SQS has acknowledged or whose job waits on the board. What was on its way
//! when a crash or a lost answer came in between is sent again, and so is a window of what was out: a claim that somebody
//! has already won makes the second message harmless. What waited is found in `pending_tasks`. The checkpoint carries the
//! fencing number of the lease, so a relay that slept through its end cannot move it.

mod aside;
mod board;
mod depth;
mod doors;
mod heard;
mod holding;
mod lag;
mod leader;
mod news;
mod outbox;
mod search;
mod sight;
mod suspects;
mod tail;
mod timed;

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const NAME: &str = "relay";

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    // The lag is told by every worker, whoever leads and whether anybody does.
    let lag = shutdown.run_until_cancelled(lag::tell(&station));
    let leads = duty::lead(NAME, Arc::clone(&station), shutdown.clone(), leader::follow);
    tokio::join!(leads, lag).0
}
