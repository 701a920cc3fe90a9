//! Waiting for one generation to end, for requests that prefer to.

use crate::app::App;
use crate::serve::problem::Problem;
use ledger::job::JobState;
use ledger::{AccountId, JobId, read};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The job once it has ended, or as it is when the time is up. `None` if there is no such job.
pub(crate) async fn until_finished(
    app: &App,
    account: AccountId,
    job: JobId,
    within: Duration,
) -> Result<Option<JobState>, Problem> {
    let deadline = Instant::now() + within;
    // Listen first, then look: what happens in between is heard.
    let mut changes = app.feed.subscribe(account);
    loop {
        let state = current(app, account, job).await?;
        if state.as_ref().is_none_or(|state| state.status.is_finished()) {
            return Ok(state);
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
            Ok(None) | Err(_) => return Ok(state),
        }
    }
}

async fn current(app: &App, account: AccountId, job: JobId) -> Result<Option<JobState>, Problem> {
    Ok(read::job(&**app.reader().await?, account, job).await?)
}
