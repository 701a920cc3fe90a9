//! Who is told what changed: one tail of the log a process, fanned out to the streams and waiting requests of
//! this process.
//!
//! The feed names jobs that changed and where; whoever listens reads the job. It reads the log only while
//! somebody listens. A listener that does not keep up is dropped, and its client comes back with the last
//! position that it has seen.

mod registry;
mod tail;
mod wait;

pub(crate) use registry::{Change, Subscription};
pub(crate) use wait::until_finished;

use deadpool_postgres::Pool;
use ledger::{AccountId, Position};
use registry::Registry;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The feed of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed {
    registry: Arc<Registry>,
}

impl Feed {
    /// Starts at the mark of this moment.
    pub(crate) fn spawn(pool: Pool, mark: watch::Receiver<Position>, shutdown: CancellationToken) -> Feed {
        let registry = Arc::new(Registry::default());
        tokio::spawn(tail::Tail::new(pool, registry.clone(), mark).run(shutdown));
        Feed { registry }
    }

    /// Tells of every change of this account's jobs from now on.
    pub(crate) fn subscribe(&self, account: AccountId) -> Subscription {
        Registry::subscribe(&self.registry, account)
    }

    /// The same for an event stream; `None` if the account has `most` of them already.
    pub(crate) fn subscribe_stream(&self, account: AccountId, most: usize) -> Option<Subscription> {
        Registry::subscribe_stream(&self.registry, account, most)
    }
}
