//! Makes the queues again when somebody has deleted them.
//!
//! Nothing is lost with them: the relay sends again what was in them. Any worker may do it, and all at once.

use crate::error::Error;
use crate::station::Station;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// SQS refuses a name for a minute after its queue was deleted.
const PAUSE: Duration = Duration::from_secs(5);

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    let keep = async {
        loop {
            station.queue.presence().noticed().await;
            match station.queue.make_again().await {
                Ok(()) => metrics::counter!("cooly_queues_made_again_total").increment(1),
                Err(error) => {
                    tracing::warn!(%error, "the queue cannot be made again yet");
                    sleep(PAUSE).await;
                }
            }
        }
    };
    shutdown.run_until_cancelled(keep).await;
    Ok(())
}
