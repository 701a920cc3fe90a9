//! Which of the queues are away: deleted by somebody while they were in use.

use super::source::Source;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What SQS answers about a queue that is not there, whatever the protocol.
const GONE: [&str; 3] =
    ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "com.amazonaws.sqs#QueueDoesNotExist"];

/// Whether this code says that the queue is not there.
pub(super) fn is_gone(code: &str) -> bool {
    GONE.contains(&code)
}

/// See the module. Cheap to clone; the clones tell the same.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    missing: Mutex<BTreeMap<&'static str, String>>,
    noticed: Notify,
}

impl Presence {
    /// The names of the queues that are away now.
    pub fn missing(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }

    /// Notes an answer about a queue of this name that was not there.
    pub(super) fn note(&self, source: Source, name: &str, code: Option<&str>) {
        if !code.is_some_and(is_gone) {
            return;
        }
        if self.lock().insert(source.as_str(), name.to_owned()).is_none() {
            tracing::error!(queue = name, "the queue is away; jobs wait until it is made again");
            measure(source, true);
        }
        self.shared.noticed.notify_one();
    }

    /// Every queue is there.
    pub(super) fn all_there(&self) {
        let was_missing = std::mem::take(&mut *self.lock());
        for (source, name) in [Source::Jobs, Source::DeadLetters]
            .into_iter()
            .filter_map(|source| Some((source, was_missing.get(source.as_str())?)))
        {
            tracing::warn!(
                queue = name,
                "the queue is there again; what was in it is sent again from the log"
            );
            measure(source, false);
        }
    }

    /// Waits until a queue is away.
    pub(crate) async fn noticed(&self) {
        while self.lock().is_empty() {
            self.shared.noticed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.shared.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn measure(source: Source, is_missing: bool) {
    metrics::gauge!("cooly_queue_missing", "queue" => source.as_str()).set(f64::from(u8::from(is_missing)));
}
