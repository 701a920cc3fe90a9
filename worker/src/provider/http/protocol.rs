//! What each protocol must be able to do; how often and how long is the same for all.

use crate::provider::{Cancelled, Found, Progress, ProviderFailure, Submission, Task};
use ledger::catalogue::Route;

/// One service's way of being asked for work. The promises are those of `Provider`.
#[async_trait::async_trait]
pub(super) trait Protocol: Send + Sync + 'static {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure>;

    /// Services that know nothing of our references cannot tell.
    async fn find(&self, _reference: &str) -> Result<Found, ProviderFailure> {
        Ok(Found::CannotTell)
    }

    /// Under which task id a task of this route is asked after that a report calls by this name.
    fn task_named(&self, name: &str, _route: &Route) -> Option<String> {
        Some(name.to_owned())
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure>;

    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure>;
}
