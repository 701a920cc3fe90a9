//! Everything behind the shell: pages, documentation, and the operations of the OpenAPI document.

use crate::resources::admin::accounts::Accounts;
use crate::resources::admin::api_keys::ApiKeys;
use crate::resources::admin::bulk::actions::BulkActions;
use crate::resources::admin::bulk::operations::Bulk;
use crate::resources::admin::credit_batch::CreditBatches;
use crate::resources::admin::credit_orders::CreditOrders;
use crate::resources::admin::dead_letter_list::DeadLetterList;
use crate::resources::admin::dead_letters::DeadLetters;
use crate::resources::admin::generation::operations::GenerationStories;
use crate::resources::admin::grant_uploads::BulkGrants;
use crate::resources::admin::hooks::deliveries::WebhookDeliveries;
use crate::resources::admin::hooks::endpoints::WebhookEndpoints;
use crate::resources::admin::incidents::operations::Incidents;
use crate::resources::admin::overview::OverviewApi;
use crate::resources::audit::books::operations::BooksApi;
use crate::resources::audit::export::Exports;
use crate::resources::audit::log::Audit;
use crate::resources::audit::seals::Seals;
use crate::resources::audit::verify::WholeLog;
use crate::resources::operate::dev_token::DevTokens;
use crate::resources::operate::docs::Docs;
use crate::resources::operate::document;
use crate::resources::operate::health::HealthApi;
use crate::resources::operate::metrics::Metrics;
use crate::resources::operate::pages;
use crate::resources::operate::sessions::SessionsApi;
use crate::resources::operate::webhooks::Webhooks;
use crate::resources::user::api_keys::OwnKeys;
use crate::resources::user::batch::Batch;
use crate::resources::user::credits::CreditsApi;
use crate::resources::user::events::EventStreams;
use crate::resources::user::generations::Generations;
use crate::resources::user::models::Models;
use crate::resources::user::outputs::Outputs;
use crate::resources::user::statements::Statements;
use crate::resources::user::usage::UsageApi;
use crate::serve::shell::{Guarded, RouteTemplate, check_headers};
use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::http::header::RANGE;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result};
use poem_openapi::OpenApiService;

type Operations = (
    (Generations, Batch, Outputs, EventStreams),
    (CreditsApi, Statements, UsageApi, Models),
    (Accounts, CreditOrders, CreditBatches),
    (BulkGrants, OverviewApi, GenerationStories),
    (OwnKeys, ApiKeys),
    (DeadLetterList, DeadLetters, Incidents, Bulk, BulkActions),
    (WebhookEndpoints, WebhookDeliveries),
    (Audit, Seals, Exports, BooksApi, WholeLog),
    (HealthApi, Metrics, SessionsApi, DevTokens, Webhooks),
);

fn operations() -> OpenApiService<Guarded<Operations>, ()> {
    let operations: Operations = (
        (Generations, Batch, Outputs, EventStreams),
        (CreditsApi, Statements, UsageApi, Models),
        (Accounts, CreditOrders, CreditBatches),
        (BulkGrants, OverviewApi, GenerationStories),
        (OwnKeys, ApiKeys),
        (DeadLetterList, DeadLetters, Incidents, Bulk, BulkActions),
        (WebhookEndpoints, WebhookDeliveries),
        (Audit, Seals, Exports, BooksApi, WholeLog),
        (HealthApi, Metrics, SessionsApi, DevTokens, Webhooks),
    );
    OpenApiService::new(Guarded(operations), "Cooly", env!("CARGO_PKG_VERSION"))
        // OpenAPI 3.0 has no summary beside the description.
        .description(
            "AI generations for credits, with every credit accounted for. Amounts are decimal numbers in strings. Every error is an RFC 9457 problem document with a stable \
             `code`. Writes answer with `Ledger-Position`; send it along with a list to see them there. Use \
             **Authorize** with a token of the role that the operation needs, or an API key.",
        )
}

/// The OpenAPI document, as `/openapi.json` serves it.
pub fn openapi_document() -> String {
    document::finished(&operations().spec())
}

/// See the module.
pub(crate) struct Service {
    docs: Docs,
    operations: BoxEndpoint<'static>,
}

impl Service {
    pub(crate) fn new() -> Service {
        let operations = operations();
        let (written, document) = (operations.spec(), openapi_document());
        let page = operations.swagger_ui_html().replace(&written, &document);
        let docs = Docs::new(document, &page);
        Service { docs, operations: operations.into_endpoint().map_to_response().boxed() }
    }
}

impl Endpoint for Service {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if request.method() == Method::HEAD {
            // Only a GET can be for a part (RFC 9110, 14.2), and for operations both are one.
            request.headers_mut().remove(RANGE);
        }
        match self.docs.find(&request).or_else(|| pages::find(&request)) {
            Some((mut response, route)) => {
                check_headers(&request, &[])?;
                response.set_data(RouteTemplate(route.into()));
                if request.method() == Method::HEAD {
                    response.set_body(());
                }
                Ok(response)
            }
            None => self.operations.call(request).await,
        }
    }
}
