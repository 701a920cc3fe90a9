//! `GET /metrics`: the counters of this process, for Prometheus.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Role, admitted};
use crate::serve::declared::{Answer, Read};
use crate::serve::shell::Scope;
use poem::web::Data;
use poem::{Request, RequestBody, Result};
use poem_openapi::payload::PlainText;
use poem_openapi::registry::Registry;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi};

/// Somebody who may see the counters: anybody where they are open, else an admin or an auditor.
struct Observer;

impl<'a> ApiExtractor<'a> for Observer {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <crate::serve::auth::Caller<crate::serve::auth::AdminOnly> as ApiExtractor>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        <crate::serve::auth::Caller<crate::serve::auth::AdminOnly> as ApiExtractor>::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let (app, scope) = (App::of(request)?, Scope::of(request)?);
        if !app.open_metrics {
            admitted(request, &app, &scope, &[Role::Admin, Role::Auditor]).await?;
        }
        Ok(Observer)
    }
}

/// See the module.
pub(crate) struct Metrics;

#[OpenApi(tag = "Tag::Operations")]
impl Metrics {
    /// Counters for Prometheus
    ///
    /// Needs the token of an admin or an auditor unless the server was started with open metrics.
    #[oai(path = "/metrics", method = "get", operation_id = "getMetrics")]
    #[expect(clippy::unused_async, reason = "operations are async by declaration")]
    async fn get(&self, _observer: Observer, app: Data<&App>) -> Answer<PlainText<String>, Read> {
        Ok(PlainText(app.metrics.render()))
    }
}
