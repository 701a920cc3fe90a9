//! Tells how many messages the queues hold. By the relay that leads alone: each question is a request that SQS bills.

use crate::queue::{Depth, Queue, Source};
use crate::station::Station;
use ledger::error_chain;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::sleep;

const EVERY: Duration = Duration::from_secs(30);

/// Tells it for as long as `leading` goes on. Afterwards somebody else does.
pub(super) async fn while_telling<Ended>(station: &Station, leading: impl Future<Output = Ended>) -> Ended {
    let ended = tokio::select! {
        ended = leading => ended,
        never = tell_on(station) => match never {},
    };
    for queue in station.queues.all() {
        BOTH.iter().for_each(|source| tell(&queue, *source, NOTHING));
    }
    ended
}

async fn tell_on(station: &Station) -> Infallible {
    loop {
        for queue in station.queues.all() {
            look(&queue).await;
        }
        sleep(EVERY).await;
    }
}

const BOTH: [Source; 2] = [Source::Jobs, Source::DeadLetters];

const NOTHING: Depth = Depth { visible: 0, in_flight: 0, delayed: 0 };

async fn look(queue: &Queue) {
    for source in BOTH {
        match queue.depth(source).await {
            Ok(depth) => tell(queue, source, depth),
            Err(error) => {
                tracing::debug!(error = %error_chain(&error), "a queue does not tell what it holds")
            }
        }
    }
}

fn tell(queue: &Queue, source: Source, depth: Depth) {
    let Depth { visible, in_flight, delayed } = depth;
    for (state, count) in [("visible", visible), ("in_flight", in_flight), ("delayed", delayed)] {
        let (queue, class) = (source.as_str(), queue.class_label().to_owned());
        metrics::gauge!("cooly_queue_depth", "queue" => queue, "class" => class, "state" => state)
            .set(count as f64);
    }
}
