//! Makes the queues again when somebody has deleted them, and opens those of classes that the catalogue names meanwhile.
//!
//! Nothing is lost with a queue: the relay sends again what was in it. Any worker may do it, and all at once.

use crate::classes;
use crate::error::Error;
use crate::station::Station;
use futures::future::{self, join};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// SQS refuses a name for a minute after its queue was deleted.
const PAUSE: Duration = Duration::from_secs(5);

/// The queue of a class that cannot be opened is tried again after this: somebody has to mend something first.
const OPEN_AGAIN: Duration = Duration::from_secs(15);

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    // On the heap: both carry the making of queues along.
    let keep = join(Box::pin(make_again(&station)), Box::pin(open_classes(&station)));
    shutdown.run_until_cancelled(keep).await;
    Ok(())
}

async fn make_again(station: &Station) {
    loop {
        station.queues.presence().noticed().await;
        match station.queues.make_again().await {
            Ok(()) => metrics::counter!("cooly_queues_made_again_total").increment(1),
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be made again yet");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Has the gates and the queues follow what is on offer.
async fn open_classes(station: &Station) {
    let mut offers = station.offers();
    offers.mark_changed();
    loop {
        if offers.has_changed().unwrap_or(false) {
            station.governing.follow(&offers.borrow_and_update().limits);
        }
        let are_all_open = classes::open_missing(&station.queues, &station.offer()).await;
        let try_again =
            async { if are_all_open { future::pending().await } else { sleep(OPEN_AGAIN).await } };
        let changed = async {
            // An offer whose sender is gone never changes.
            match offers.changed().await {
                Ok(()) => offers.mark_changed(),
                Err(_) => future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            () = try_again => {}
        }
    }
}
