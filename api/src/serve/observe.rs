//! Health and metrics of a process that serves no API: a worker, a projector.

use crate::Error;
use crate::options::Limits;
use crate::serve::problem::Problem;
use crate::serve::server;
use futures::future::BoxFuture;
use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::{Method, StatusCode};
use poem::web::Json;
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// What has not answered by then does not count as there.
const PATIENCE: Duration = Duration::from_secs(2);

/// Only whoever watches over the process comes here.
const CONNECTIONS: usize = 32;

/// Why a process cannot do its work now, for people.
pub type Ailment = String;

/// What is to be seen of a process.
#[derive(Clone)]
pub struct Observed {
    /// Renders the metrics of this process.
    pub metrics: PrometheusHandle,
    /// Asks whether it can do its work.
    pub ready: Arc<dyn Fn() -> BoxFuture<'static, Result<(), Ailment>> + Send + Sync>,
}

/// Serves `/health/live`, `/health/ready` and `/metrics` on a bound listener until shutdown. Nothing of it asks for a
/// token: bind it where only those come who watch.
///
/// # Errors
/// When the listener cannot be used.
pub async fn observe(
    listener: TcpListener,
    observed: Observed,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let limits = Limits {
        connections: CONNECTIONS,
        connections_per_address: CONNECTIONS,
        head: Duration::from_secs(10),
        drain: Duration::from_secs(1),
        ..Limits::default()
    };
    Ok(server::serve(listener, observed, &limits, &shutdown).await?)
}

impl Endpoint for Observed {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let answered = if [Method::GET, Method::HEAD].contains(request.method()) {
            self.answer(request.uri().path()).await
        } else {
            Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED))
        };
        let request_id = uuid::Uuid::now_v7().to_string();
        Ok(answered.unwrap_or_else(|problem| problem.render(&request_id)))
    }
}

impl Observed {
    async fn answer(&self, path: &str) -> Result<Response, Problem> {
        match path {
            "/health/live" => Ok(Json(json!({ "status": "live" })).into_response()),
            "/health/ready" => match timeout(PATIENCE, (self.ready)()).await {
                Ok(Ok(())) => Ok(Json(json!({ "status": "ready" })).into_response()),
                Ok(Err(ailment)) => Err(Problem::unavailable("unavailable", ailment)),
                Err(_) => Err(Problem::unavailable("unavailable", "the database does not answer")),
            },
            "/metrics" => {
                Ok(self.metrics.render().with_content_type("text/plain; version=0.0.4").into_response())
            }
            _ => Err(Problem::of_status(StatusCode::NOT_FOUND)),
        }
    }
}
