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

/// The names of queues that are away, by the class of work and by which of its two it is.
type Missing = BTreeMap<(String, Source), String>;

#[derive(Debug, Default)]
struct Shared {
    missing: Mutex<Missing>,
    noticed: Notify,
}

impl Presence {
    /// The names of the queues that are away now.
    pub fn missing(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }

    /// Notes an answer about a queue of this class and name that was not there.
    pub(super) fn note(&self, source: Source, class: &str, name: &str, code: Option<&str>) {
        if !code.is_some_and(is_gone) {
            return;
        }
        if self.lock().insert((class.to_owned(), source), name.to_owned()).is_none() {
            tracing::error!(queue = name, "the queue is away; jobs wait until it is made again");
            measure(source, class, true);
        }
        self.shared.noticed.notify_one();
    }

    /// Every queue is there.
    pub(super) fn all_there(&self) {
        for ((class, source), name) in std::mem::take(&mut *self.lock()) {
            tracing::warn!(
                queue = name,
                "the queue is there again; what was in it is sent again from the log"
            );
            measure(source, &class, false);
        }
    }

    /// Waits until a queue is away.
    pub(crate) async fn noticed(&self) {
        while self.lock().is_empty() {
            self.shared.noticed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Missing> {
        self.shared.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether a queue of this class is there.
pub(super) fn measure(source: Source, class: &str, is_missing: bool) {
    let (queue, class) = (source.as_str(), class.to_owned());
    metrics::gauge!("cooly_queue_missing", "queue" => queue, "class" => class)
        .set(f64::from(u8::from(is_missing)));
}
