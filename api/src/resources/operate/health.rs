//! `/health`: whether the process runs, and whether it can serve. Never shed, never limited.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::declared::{Answer, Open};
use crate::serve::problem::Problem;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::time::Duration;
use tokio::time::timeout;

/// A database that has not answered by then does not count as there.
const PATIENCE: Duration = Duration::from_secs(2);

/// All is well.
#[derive(Debug, Object)]
struct Health {
    /// `live` or `ready`.
    status: String,
    /// What does not keep it from serving and somebody should know all the same, such as a queue that is away: jobs
    /// are taken and wait then.
    warnings: Vec<String>,
}

/// See the module.
pub(crate) struct HealthApi;

#[OpenApi(tag = "Tag::Operations")]
impl HealthApi {
    /// Whether the process runs
    #[oai(path = "/health/live", method = "get", operation_id = "isLive")]
    #[expect(clippy::unused_async, reason = "operations are async by declaration")]
    async fn live(&self) -> Answer<Json<Health>, Open> {
        Ok(Json(Health { status: "live".into(), warnings: Vec::new() }))
    }

    /// Whether it can serve
    ///
    /// The database answers, its clock and this server's agree, the keys of tokens are there, and the server is not shutting down.
    #[oai(path = "/health/ready", method = "get", operation_id = "isReady")]
    async fn ready(&self, app: Data<&App>) -> Answer<Json<Health>, Open> {
        if app.shutdown.is_cancelled() {
            return Err(Problem::unavailable("shutting_down", "this server is shutting down").into());
        }
        app.ledger.clock().check()?;
        app.keys.ready().map_err(|problem| Problem::unavailable("unavailable", problem))?;
        let asked = async {
            let client = app.reader().await?;
            client.simple_query("select 1").await.map_err(ledger::Error::from)?;
            Ok::<_, Problem>(())
        };
        match timeout(PATIENCE, asked).await {
            Ok(answered) => answered?,
            Err(_) => return Err(Problem::unavailable("unavailable", "the database does not answer").into()),
        }
        let mut warnings = app.warnings.as_ref().map(|warnings| warnings()).unwrap_or_default();
        warnings.extend(app.keys.warning());
        Ok(Json(Health { status: "ready".into(), warnings }))
    }
}
