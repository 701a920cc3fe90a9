//! The operations on endpoints.

use super::order::{NewWebhook, WebhookChange, new_secret, reachable, topics, unknown};
use super::told::{MadeWebhook, Webhook, WebhookSecret};
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::Strict;
use crate::serve::cursor::{List, Moment};
use crate::serve::declared::{Answer, Change, Order, OrderOnOne, ReadList, ReadOne};
use crate::serve::idempotency;
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::Problem;
use crate::words::hooks::WebhookId;
use crate::words::moments::written;
use crate::words::scalars::{Limit, Term, page_size};
use chrono::{DateTime, Utc};
use ledger::Refusal;
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;
use poem_openapi::{ApiResponse, Object, OpenApi};
use projections::hooks::{self, Added, MOST_ENDPOINTS, NewEndpoint, Rotated};
use uuid::Uuid;

/// The answer to making an endpoint.
#[derive(ApiResponse)]
enum Made {
    /// It is there.
    #[oai(status = 201)]
    Made(
        Json<MadeWebhook>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
        /// `true` if this repeats an earlier request with the same key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// A page of endpoints, newest first.
#[derive(Debug, Object)]
struct WebhookPage {
    items: Vec<Webhook>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// All of them, newest first.
struct Endpoints;

impl Walk for Endpoints {
    type Item = Webhook;
    type Place = (Moment, Uuid);

    async fn page(
        &self,
        app: &App,
        before: Option<(Moment, Uuid)>,
        limit: i64,
    ) -> Result<Part<Webhook, (Moment, Uuid)>, Problem> {
        let before = before.map(|(Moment(at), id)| (at, id));
        let found = hooks::list(&**app.reader().await?, before, limit + 1).await?;
        let (shown, next) = split(&found, limit, |last| (Moment(last.created_at), last.id));
        Ok(Part::new(shown.iter().map(Webhook::from).collect(), next))
    }
}

/// See the module.
pub(crate) struct WebhookEndpoints;

#[OpenApi(tag = "Tag::Webhooks")]
impl WebhookEndpoints {
    /// Make an endpoint
    ///
    /// It is told what happens from now on, each message signed as Standard Webhooks describes it, at least once and in order for each user.
    /// What is not answered with a 2xx within 10 s is sent again at growing intervals for three days.
    #[oai(path = "/admin/webhooks", method = "post", operation_id = "createWebhook")]
    async fn create(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Makes a repeat harmless: the same key and request find the same endpoint.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<NewWebhook>,
    ) -> Answer<Made, Order> {
        let (made, is_repeat) = make(&app, &caller, key.0, body.0).await?;
        let location = format!("/admin/webhooks/{}", made.webhook.id.0);
        Ok(Made::Made(Json(made), location, is_repeat.then_some(true)))
    }

    /// List endpoints
    ///
    /// Newest first.
    #[oai(path = "/admin/webhooks", method = "get", operation_id = "listWebhooks")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<WebhookPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let list = List::new("webhooks", &());
        let before = list.place(cursor.0.as_ref())?;
        let page = |items, next_cursor| WebhookPage { items, next_cursor };
        let place = (&list, before, page_size(limit.0));
        Ok(listed((&app, &caller), ("webhooks", form), Endpoints, place, page).await?)
    }

    /// Look at an endpoint
    #[oai(path = "/admin/webhooks/:webhook", method = "get", operation_id = "getWebhook")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
    ) -> Answer<Json<Webhook>, ReadOne> {
        let found = hooks::get(&**app.reader().await?, webhook.0.0).await?.ok_or_else(unknown)?;
        Ok(Json((&found).into()))
    }

    /// Change an endpoint
    ///
    /// Its address, its events, its note, or whether anything is sent to it. Harmless to repeat.
    #[oai(path = "/admin/webhooks/:webhook", method = "post", operation_id = "changeWebhook")]
    async fn change(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
        body: Strict<WebhookChange>,
    ) -> Answer<Json<Webhook>, OrderOnOne> {
        let (id, change) = (webhook.0.0, body.0.change(&app)?);
        let mut client = app.operator().await?;
        let transaction = client.transaction().await.map_err(ledger::Error::from)?;
        let changed = hooks::change(&transaction, id, &change, app.now()).await?.ok_or_else(unknown)?;
        transaction.commit().await.map_err(ledger::Error::from)?;
        note(&caller, id, "a webhook was changed");
        Ok(Json((&changed).into()))
    }

    /// Take an endpoint away
    ///
    /// Nothing more is sent to it, and what it was told is deleted. Answers with the endpoint as it was.
    #[oai(path = "/admin/webhooks/:webhook", method = "delete", operation_id = "deleteWebhook")]
    async fn delete(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
    ) -> Answer<Json<Webhook>, Change> {
        let id = webhook.0.0;
        let mut client = app.operator().await?;
        let transaction = client.transaction().await.map_err(ledger::Error::from)?;
        let found = hooks::get(&*transaction, id).await?.ok_or_else(unknown)?;
        if !hooks::delete(&transaction, id, app.now()).await? {
            return Err(unknown().into());
        }
        transaction.commit().await.map_err(ledger::Error::from)?;
        note(&caller, id, "a webhook was taken away");
        Ok(Json((&found).into()))
    }

    /// Look at the secret of an endpoint
    #[oai(path = "/admin/webhooks/:webhook/secret", method = "get", operation_id = "getWebhookSecret")]
    async fn secret(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
    ) -> Answer<Json<WebhookSecret>, ReadOne> {
        let found = hooks::secrets(&**app.operator().await?, webhook.0.0, app.now()).await?;
        let secrets = found.ok_or_else(unknown)?;
        note(&caller, webhook.0.0, "the secret of a webhook was looked at");
        Ok(Json(secrets.into()))
    }

    /// Give an endpoint another secret
    ///
    /// For 24 hours messages are signed with the one before too, and there can be no third one.
    #[oai(path = "/admin/webhooks/:webhook/secret", method = "post", operation_id = "rotateWebhookSecret")]
    async fn rotate(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The endpoint.
        webhook: Path<WebhookId>,
    ) -> Answer<Json<WebhookSecret>, Change> {
        let (id, secret) = (webhook.0.0, new_secret()?);
        let mut client = app.operator().await?;
        let transaction = client.transaction().await.map_err(ledger::Error::from)?;
        let secrets = match hooks::rotate(&transaction, id, &secret, app.now()).await?.ok_or_else(unknown)? {
            Rotated::Done(secrets) => secrets,
            Rotated::Retiring(until) => return Err(retiring(until).into()),
        };
        transaction.commit().await.map_err(ledger::Error::from)?;
        note(&caller, id, "a webhook was given another secret");
        Ok(Json(secrets.into()))
    }
}

/// Makes an endpoint, or finds the one that was made under the same key; then `true`.
async fn make(
    app: &App,
    caller: &Caller<AdminOnly>,
    key: Option<String>,
    asked: NewWebhook,
) -> Result<(MadeWebhook, bool), Problem> {
    let idempotency = idempotency::of(key, "createWebhook", &asked.to_json())?;
    let context = caller.context();
    let new = NewEndpoint {
        id: Uuid::now_v7(),
        url: reachable(app, asked.url)?,
        topics: topics(asked.events),
        user: asked.user.map(|user| user.0),
        description: asked.description.map(|description| description.0),
        after: app.end_of_log().await?,
        secret: new_secret()?,
        actor: context.actor.to_string(),
        request_id: context.request_id,
        at: app.now(),
        idempotency,
    };
    let mut client = app.operator().await?;
    let transaction = client.transaction().await.map_err(ledger::Error::from)?;
    let (endpoint, is_repeat) = match hooks::add(&transaction, &new).await? {
        Added::Made(endpoint) => (endpoint, false),
        Added::Repeated(endpoint) => (endpoint, true),
        Added::KeyReused => return Err(Refusal::KeyReused.into()),
        Added::TooMany => return Err(too_many()),
    };
    let secrets = hooks::secrets(&*transaction, endpoint.id, app.now()).await?.ok_or_else(unknown)?;
    transaction.commit().await.map_err(ledger::Error::from)?;
    note(caller, endpoint.id, "a webhook was made");
    Ok((MadeWebhook { webhook: (&endpoint).into(), secret: secrets.newest }, is_repeat))
}

fn too_many() -> Problem {
    let detail = format!("there are {MOST_ENDPOINTS}, and no more may be made; take away what is not used");
    Problem::new(StatusCode::CONFLICT, "webhooks_too_many", "There are too many endpoints", detail)
}

fn retiring(until: DateTime<Utc>) -> Problem {
    let until = written(&until);
    let detail = format!(
        "messages are signed with the secret before this one too until {until}; wait for that, or make another endpoint"
    );
    Problem::new(StatusCode::CONFLICT, "secret_retiring", "A secret is being exchanged already", detail)
}

fn note(caller: &Caller<AdminOnly>, endpoint: Uuid, what: &str) {
    tracing::info!(%endpoint, request_id = caller.context().request_id, "{what}");
}
