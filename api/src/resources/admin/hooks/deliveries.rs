//! The operations on what endpoints are told.

use super::order::{ReplayOrder, conflict, unknown};
use super::told::{Webhook, WebhookDelivery, WebhookDeliveryStory};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::Strict;
use crate::serve::cursor::{List, Moment};
use crate::serve::declared::{Answer, Change, OrderOnOne, ReadFile, ReadOne};
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::Problem;
use crate::words::hooks::{DeliveryOutcomeName, MessageId, WebhookId};
use crate::words::moments::written;
use crate::words::scalars::{Limit, Term, page_size};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use projections::hooks;
use serde_json::json;
use uuid::Uuid;

/// What a test is about.
const TEST: &str = "webhook.test";

/// A page of deliveries, newest first.
#[derive(Debug, Object)]
struct WebhookDeliveryPage {
    items: Vec<WebhookDelivery>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// What an endpoint was told, of which something became.
struct Told {
    endpoint: Uuid,
    outcome: Option<hooks::Outcome>,
}

impl Walk for Told {
    type Item = WebhookDelivery;
    type Place = (Moment, Uuid);

    async fn page(
        &self,
        app: &App,
        before: Option<(Moment, Uuid)>,
        limit: i64,
    ) -> Result<Part<WebhookDelivery, (Moment, Uuid)>, Problem> {
        let (client, before) = (app.reader().await?, before.map(|(Moment(at), id)| (at, id)));
        let found = hooks::deliveries(&**client, self.endpoint, self.outcome, before, limit + 1).await?;
        let (shown, next) = split(&found, limit, |last| (Moment(last.created_at), last.message_id));
        Ok(Part::new(shown.iter().map(WebhookDelivery::from).collect(), next))
    }
}

/// See the module.
pub(crate) struct WebhookDeliveries;

#[OpenApi(tag = "Tag::Webhooks")]
impl WebhookDeliveries {
    /// List what an endpoint was told
    ///
    /// Newest first. What became of nothing more is kept for 30 days.
    #[oai(
        path = "/admin/webhooks/:webhook/deliveries",
        method = "get",
        operation_id = "listWebhookDeliveries"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The endpoint.
        webhook: Path<WebhookId>,
        /// Only those of which this became.
        outcome: Query<Option<DeliveryOutcomeName>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<WebhookDeliveryPage>, ReadFile> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let (endpoint, outcome) = (webhook.0.0, outcome.0.map(|outcome| outcome.0));
        let list = List::new("webhook_deliveries", &(endpoint, outcome));
        let before = list.place(cursor.0.as_ref())?;
        hooks::get(&**app.reader().await?, endpoint).await?.ok_or_else(unknown)?;
        let told = Told { endpoint, outcome };
        let page = |items, next_cursor| WebhookDeliveryPage { items, next_cursor };
        let place = (&list, before, page_size(limit.0));
        Ok(listed((&app, &caller), ("webhook-deliveries", form), told, place, page).await?)
    }

    /// Look at a delivery
    ///
    /// With what is sent.
    #[oai(
        path = "/admin/webhooks/:webhook/deliveries/:message",
        method = "get",
        operation_id = "getWebhookDelivery"
    )]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
        /// The message.
        message: Path<MessageId>,
    ) -> Answer<Json<WebhookDeliveryStory>, ReadOne> {
        let client = app.reader().await?;
        hooks::get(&**client, webhook.0.0).await?.ok_or_else(unknown)?;
        let found = hooks::delivery(&**client, webhook.0.0, message.0.0).await?.ok_or_else(no_delivery)?;
        Ok(Json(WebhookDeliveryStory { delivery: (&found).into(), payload: found.payload }))
    }

    /// Send a delivery again
    ///
    /// Under the same id. One that waits for its next attempt is sent now; one that waits for an earlier message goes on waiting.
    #[oai(
        path = "/admin/webhooks/:webhook/deliveries/:message/redeliver",
        method = "post",
        operation_id = "redeliverWebhookMessage"
    )]
    async fn redeliver(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
        /// The message.
        message: Path<MessageId>,
    ) -> Answer<Json<WebhookDelivery>, Change> {
        let (id, message) = (webhook.0.0, message.0.0);
        let client = app.operator().await?;
        if let Some(delivery) = hooks::redeliver(&**client, id, message, app.now()).await? {
            return Ok(Json((&delivery).into()));
        }
        let endpoint = hooks::get(&**client, id).await?.ok_or_else(unknown)?;
        hooks::delivery(&**client, id, message).await?.ok_or_else(no_delivery)?;
        Err(conflict(&endpoint).into())
    }

    /// Send a test
    ///
    /// A message `webhook.test`, signed and sent as any other; look at the delivery for what was answered.
    #[oai(path = "/admin/webhooks/:webhook/test", method = "post", operation_id = "testWebhook")]
    async fn test(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
    ) -> Answer<Json<WebhookDelivery>, Change> {
        let (id, now) = (webhook.0.0, app.now());
        let client = app.operator().await?;
        let endpoint = hooks::get(&**client, id).await?.ok_or_else(unknown)?;
        let payload = json!({ "type": TEST, "timestamp": written(&now), "data": { "webhook": id } });
        let said = (TEST, &*payload.to_string());
        let sent = hooks::send_test(&**client, id, Uuid::now_v7(), said, now).await?;
        let delivery = sent.ok_or_else(|| conflict(&endpoint))?;
        Ok(Json((&delivery).into()))
    }

    /// Tell an endpoint a part of the log again
    ///
    /// What it would have been told by its events as they are now, under the same ids: what was given up, what was never written down
    /// because the endpoint was disabled or not there yet, and with `with_delivered` what was delivered. What waits goes on waiting.
    /// Without it `after` cannot lie before what was delivered so long ago that nobody knows it any more.
    #[oai(path = "/admin/webhooks/:webhook/replay", method = "post", operation_id = "replayWebhook")]
    async fn replay(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
        body: Strict<ReplayOrder>,
    ) -> Answer<Json<Webhook>, OrderOnOne> {
        let id = webhook.0.0;
        let client = app.operator().await?;
        let endpoint = hooks::get(&**client, id).await?.ok_or_else(unknown)?;
        let replay = body.0.replay(app.end_of_log().await?, endpoint.swept)?;
        let ordered = hooks::replay(&**client, id, replay).await?;
        let after = ordered.ok_or_else(|| conflict(&endpoint))?;
        Ok(Json((&after).into()))
    }
}

fn no_delivery() -> Problem {
    Problem::not_found("there is no such delivery; `GET /admin/webhooks/{webhook}/deliveries` lists them")
}
