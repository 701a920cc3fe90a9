//! Opens the queues of the classes of work that are on offer.
//!
//! A class whose queue cannot be opened goes through the default one meanwhile. So a worker that may not create queues holds
//! nobody up, nor does one that has not read the catalogue yet which names a class.

use crate::offer::Offer;
use crate::queue::Queues;

/// Opens those that are not open. Whether all are now.
pub(crate) async fn open_missing(queues: &Queues, offer: &Offer) -> bool {
    let mut are_all_open = true;
    for (class, wanted) in &offer.classes {
        if queues.of(class).is_some() {
            continue;
        }
        match queues.open(class, wanted.queue.as_deref()).await {
            Ok(()) => tracing::info!(class, "a class of work has a queue of its own"),
            Err(error) => {
                tracing::warn!(%error, class, "the queue of a class cannot be opened; its jobs go through the default queue");
                are_all_open = false;
            }
        }
    }
    are_all_open
}
