//! Lists that show what their caller has just done: a request names the position that its earlier write
//! answered with, and the list waits a moment for the read models to get there.

use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::scalars::LogPosition;

/// Waits for the read models to reach `position`, at most as long as the limits say. A list that is still
/// behind then is shown as it is.
pub(crate) async fn wait(app: &App, position: Option<LogPosition>) -> Result<(), Problem> {
    if let Some(LogPosition(position)) = position {
        let reached = projections::wait_for(&app.pool, position, app.limits.freshness).await?;
        if !reached {
            metrics::counter!("http_stale_lists_total").increment(1);
        }
    }
    Ok(())
}
