//! The queue of all jobs, and one for each class of work that has its own.
//!
//! Each is a pair, a queue and its DLQ. There may come more while a worker runs; none goes, because what is in it is still
//! to be received.

use super::Queue;
use super::error::Error;
use super::presence::{Presence, measure};
use super::source::Source;
use std::sync::Arc;
use tokio::sync::watch;

/// See the module.
#[derive(Debug)]
pub(crate) struct Queues {
    default: Arc<Queue>,
    /// Those of classes, in the order in which they came.
    of_classes: watch::Sender<Vec<Arc<Queue>>>,
}

impl Queues {
    /// The queue of all jobs alone.
    pub(crate) fn new(default: Queue) -> Queues {
        Queues { default: Arc::new(default), of_classes: watch::Sender::default() }
    }

    /// The queue of all jobs whose class has none.
    pub(crate) fn default_queue(&self) -> Arc<Queue> {
        Arc::clone(&self.default)
    }

    /// The queue of this class, if it has one that is open.
    pub(crate) fn of(&self, class: &str) -> Option<Arc<Queue>> {
        self.of_classes.borrow().iter().find(|queue| queue.class() == Some(class)).cloned()
    }

    /// All of them, the default one first. Later ones come at the end.
    pub(crate) fn all(&self) -> Vec<Arc<Queue>> {
        let of_classes = self.of_classes.borrow();
        std::iter::once(&self.default).chain(of_classes.iter()).cloned().collect()
    }

    /// Waits until there are more than so many, and tells which those are.
    pub(crate) async fn beyond(&self, known: usize) -> Vec<Arc<Queue>> {
        let mut of_classes = self.of_classes.subscribe();
        // The sender is here.
        let _ = of_classes.wait_for(|of_classes| of_classes.len() + 1 > known).await;
        self.all().split_off(known)
    }

    /// Opens the queue of a class, by the name that it is given or else by the default one's and the class'; creates what is
    /// missing, with the redrive policy of the default one.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or when another queue has the name.
    pub(crate) async fn open(&self, class: &str, name: Option<&str>) -> Result<(), Error> {
        let opened = self.default.of_class(class, name, &self.all()).await;
        measure(Source::Jobs, class, opened.is_err());
        self.of_classes.send_modify(|of_classes| of_classes.extend(opened.as_ref().ok().cloned()));
        opened.map(drop)
    }

    /// Makes again what was deleted since.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, as SQS does for a minute after a queue was deleted. The others are made.
    pub(crate) async fn make_again(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for queue in self.all() {
            outcome = outcome.and(queue.make_again().await);
        }
        outcome.inspect(|()| self.presence().all_there())
    }

    /// Tells which of them are away.
    pub(crate) fn presence(&self) -> &Presence {
        self.default.presence()
    }
}
