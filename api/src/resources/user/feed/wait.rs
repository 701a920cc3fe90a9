//! Waiting for one generation to end, for requests that prefer to.

use crate::app::App;
use crate::serve::problem::Problem;
use ledger::job::JobState;
use ledger::{AccountId, JobId, Position, read};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The job once it has ended, or as it is when the time is up, and the position that tells so. `None` if there is no such job.
pub(crate) async fn until_finished(
    app: &App,
    account: AccountId,
    job: JobId,
    within: Duration,
) -> Result<Option<(JobState, Position)>, Problem> {
    let deadline = Instant::now() + within;
    // Listen first, then look: what happens in between is heard.
    let mut changes = app.feed.subscribe(account);
    loop {
        let found = read::job_at(&**app.reader().await?, account, job).await?;
        if found.as_ref().is_none_or(|(state, _)| state.status.is_finished()) {
            return Ok(found);
        }
        let changed = async {
            loop {
                match changes.next().await {
                    Some(change) if change.job != job => {}
                    heard => return heard,
                }
            }
        };
        match timeout_at(deadline, changed).await {
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Ok(found),
        }
    }
}
