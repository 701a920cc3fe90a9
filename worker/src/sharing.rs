//! How jobs are kept from holding up others: by the queue and the slots of their class, and within it by the window and the
//! seats of their provider.

use crate::queue::{Letter, Queue};
use crate::station::Station;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// So many messages of a provider may be out however few slots there are: enough for a round trip of short jobs.
const LEAST_OUT: usize = 64;

/// Most messages of one window that the relay lets out and nobody has claimed, where a worker has so many slots for them.
pub(crate) fn most_out(slots: usize) -> usize {
    (slots * 4).max(LEAST_OUT)
}

impl Station {
    /// The queue that messages about jobs of this model go to.
    pub(crate) fn queue_of(&self, model: &str) -> Arc<Queue> {
        let offer = self.offer();
        let own = offer.class_of(model).and_then(|class| self.queues.of(class));
        own.unwrap_or_else(|| self.queues.default_queue())
    }

    /// What goes to each queue, in order, by the model that each item is about.
    pub(crate) fn by_queue<Item>(
        &self,
        items: Vec<Item>,
        model: impl Fn(&Item) -> &str,
    ) -> Vec<(Arc<Queue>, Vec<Item>)> {
        let mut parted: Vec<(Arc<Queue>, Vec<Item>)> = Vec::new();
        for item in items {
            let queue = self.queue_of(model(&item));
            match parted.iter_mut().find(|(other, _)| other.class() == queue.class()) {
                Some((_, items)) => items.push(item),
                None => parted.push((queue, vec![item])),
            }
        }
        parted
    }

    /// Sends letters, each to the queue of its job, and returns those that SQS did not acknowledge.
    pub(crate) async fn send(&self, letters: &[Letter]) -> Vec<Letter> {
        let mut refused = Vec::new();
        for (queue, letters) in self.by_queue(letters.to_vec(), Letter::model) {
            refused.extend(queue.send(&letters).await);
        }
        refused
    }

    /// Whose seats the model's jobs take in a worker: those of its provider, or its own if nobody makes it.
    pub(crate) fn seats_of(&self, model: &str) -> Arc<str> {
        self.offer().first_provider(model).map_or_else(|| format!("model {model}").into(), Arc::from)
    }

    /// Whose window in the relay they take: that of the provider, apart for each class with a queue of its own, since what
    /// waits there must not keep back what goes through another.
    pub(crate) fn window_of(&self, model: &str) -> Arc<str> {
        let seats = self.seats_of(model);
        match self.offer().class_of(model) {
            Some(class) => format!("{seats} for {class}").into(),
            None => seats,
        }
    }

    /// Most jobs that run here at once of those that come through the queue of a class, or through the default one.
    pub(crate) fn slots_of(&self, class: Option<&str>) -> usize {
        let offer = self.offer();
        let own = class.and_then(|class| offer.classes.get(class)?.slots);
        own.map_or(self.concurrency, NonZeroUsize::get)
    }

    /// Whether providers have to share those slots.
    pub(crate) fn is_shared(&self, class: Option<&str>) -> bool {
        let offer = self.offer();
        match class {
            Some(class) => offer.has_several_providers_of(class),
            None => offer.providers.count() > 1,
        }
    }
}
