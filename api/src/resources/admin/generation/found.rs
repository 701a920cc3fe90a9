//! Whose a generation is, for an admin who knows its id only.

use crate::app::App;
use crate::serve::freshness;
use crate::serve::problem::Problem;
use crate::words::scalars::LogPosition;
use ledger::{AccountId, JobId};
use projections::generations;

/// The account of a generation, if there is one.
pub(crate) async fn account_of(app: &App, job: JobId) -> Result<Option<AccountId>, Problem> {
    let known = generations::find_account(&**app.reader().await?, job).await?;
    if known.is_some() {
        return Ok(known);
    }
    // One that was queued a moment ago: what knows its account may not have come to it yet.
    let newest = *app.ledger.appended().borrow();
    freshness::wait(app, Some(LogPosition(newest))).await?;
    Ok(generations::find_account(&**app.reader().await?, job).await?)
}

/// What is answered where there is no such generation.
pub(super) fn unknown() -> Problem {
    Problem::not_found("there is no generation of this id; it is the `id` that a purchase was answered with")
}
