//! Makes the queues again when somebody has deleted them, and opens those of classes that the catalogue names meanwhile.
//!
//! Nothing is lost with a queue: the relay sends again what was in it. Any worker may do it, and all at once.

use crate::classes;
use crate::error::Error;
use crate::station::Station;
use futures::future::{self, join};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
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
    let mut is_new = true;
    loop {
        if is_new {
            station.governing.follow(&offers.borrow_and_update().limits);
        }
        let are_all_open = classes::open_missing(&station.queues, &station.offer()).await;
        is_new = changed(&mut offers, !are_all_open).await;
    }
}

/// Waits for another offer, or for the time to try again where that is wanted. Whether there is another offer.
async fn changed<T>(offers: &mut watch::Receiver<T>, try_again: bool) -> bool {
    tokio::select! {
        Ok(()) = offers.changed() => true,
        () = sleep(OPEN_AGAIN), if try_again => false,
        // An offer whose sender is gone never changes.
        else => future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::changed;
    use futures::FutureExt;
    use tokio::sync::watch;

    #[tokio::test]
    async fn an_offer_that_cannot_change_is_waited_for_without_work() {
        let (sender, mut offers) = watch::channel(1);
        sender.send_replace(2);
        drop(sender);
        assert_eq!(changed(&mut offers, false).now_or_never(), Some(true));
        assert_eq!(changed(&mut offers, false).now_or_never(), None);
        assert_eq!(changed(&mut offers, true).now_or_never(), None);
    }

    #[tokio::test]
    async fn another_offer_is_told_once() {
        let (sender, mut offers) = watch::channel(1);
        sender.send_replace(2);
        assert_eq!(changed(&mut offers, false).now_or_never(), Some(true));
        assert_eq!(changed(&mut offers, false).now_or_never(), None);
    }
}
