//! `/admin/keys`: the API keys of everybody, and those of back ends.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{Strict, body};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, FreeOrderOnOne, Order, ReadList, ReadOne};
use crate::serve::idempotency;
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::Problem;
use crate::words::api_keys::{
    ApiKey, ApiKeyPage, KeyId, KeyName, KeyScopeName, KeyStateName, MadeKey, Wish, make, unknown,
};
use crate::words::scalars::{Instant, Limit, Reason, Term, UserName, page_size};
use apikeys::{Filter, Scope, State};
use ledger::UserId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;
use uuid::Uuid;

body! {
    /// An API key for somebody.
    struct NewApiKey {
        /// What it is called.
        name: KeyName,
        /// What it may do. `auditor` is refused, and so is `admin` for another than oneself.
        scope: KeyScopeName,
        /// As whom it acts. Needed for a `user`; a `backend` has none, and acts for whom each request names.
        owner: Option<UserName>,
        /// From when on it is refused; it does not expire if this is left out.
        expires_at: Option<Instant>,
    }
}

body! {
    /// What goes with a revocation.
    struct Revoking {
        /// Why.
        reason: Option<Reason>,
    }
}

/// The keys that fit a filter.
struct Keys {
    filter: Filter,
}

impl Walk for Keys {
    type Item = ApiKey;
    type Place = Uuid;

    async fn page(&self, app: &App, after: Option<Uuid>, limit: i64) -> Result<Part<ApiKey, Uuid>, Problem> {
        let now = app.now();
        let keys = apikeys::list(&**app.operator().await?, &self.filter, now, after, limit + 1).await?;
        let (shown, next) = split(&keys, limit, |last| last.id);
        Ok(Part::new(shown.iter().map(|key| ApiKey::of(key.clone(), now)).collect(), next))
    }
}

/// See the module.
pub(crate) struct ApiKeys;

#[OpenApi(tag = "Tag::ApiKeys")]
impl ApiKeys {
    /// List API keys
    ///
    /// Those of everybody, newest first; with those that have expired or were revoked.
    #[oai(path = "/admin/keys", method = "get", operation_id = "listApiKeys")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only those that act as this user.
        owner: Query<Option<UserName>>,
        /// Only those that may do this.
        scope: Query<Option<KeyScopeName>>,
        /// Only those that stand so.
        state: Query<Option<KeyStateName>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<ApiKeyPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let filter = Filter {
            owner: owner.0.map(|owner| owner.0),
            scope: scope.0.map(|scope| scope.0),
            state: state.0.map(|state| state.0),
        };
        let narrowed = (&filter.owner, filter.scope.map(Scope::as_str), filter.state.map(State::as_str));
        let list = List::new("api_keys", &narrowed);
        let after = list.place(cursor.0.as_ref())?;
        let keys = Keys { filter };
        let page = |items, next_cursor| ApiKeyPage { items, next_cursor };
        let place = (&list, after, page_size(limit.0));
        Ok(listed((&app, &caller), ("api-keys", form), keys, place, page).await?)
    }

    /// Make an API key
    ///
    /// For any user, for a back end, or for oneself as an admin; those of other admins and of auditors are made with `cooly key`. Needs
    /// a token: an API key cannot make others (`key_not_enough`). The answer holds the key itself, this once; a repeat with the same
    /// `Idempotency-Key` makes no second key and answers without it.
    #[oai(path = "/admin/keys", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Makes a repeated request harmless.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<NewApiKey>,
    ) -> Answer<MadeKey, Order> {
        caller.demand_token("making an API key")?;
        let idempotency = idempotency::of(key.0, "createApiKey", &body.0.to_json())?;
        let NewApiKey { name, scope, owner, expires_at } = body.0;
        let owner = owner_of(scope.0, owner.map(|owner| owner.0), &caller.user)?;
        let wish = Wish { name, scope: scope.0, owner, expires_at };
        Ok(make(&app, caller.context(), idempotency, wish).await?)
    }

    /// Look at an API key
    #[oai(path = "/admin/keys/:id", method = "get", operation_id = "getApiKey")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The key.
        id: Path<KeyId>,
    ) -> Answer<Json<ApiKey>, ReadOne> {
        let key = apikeys::get(&**app.operator().await?, id.0.0).await?.ok_or_else(unknown)?;
        Ok(Json(ApiKey::of(key, app.now())))
    }

    /// Revoke an API key
    ///
    /// From the answer on, every server refuses it; event streams that it opened end within seconds. It cannot be taken back. Harmless
    /// to repeat: who revoked it first, and why, stays.
    #[oai(path = "/admin/keys/:id/revoke", method = "post", operation_id = "revokeApiKey")]
    async fn revoke(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The key.
        id: Path<KeyId>,
        body: Strict<Revoking>,
    ) -> Answer<Json<ApiKey>, FreeOrderOnOne> {
        let context = caller.context();
        let (by, reason) = (context.actor.to_string(), body.0.reason.map(|reason| reason.0));
        let client = app.operator().await?;
        let revoked = apikeys::revoke(&**client, id.0.0, &by, reason.as_deref()).await?;
        let key = revoked.ok_or_else(unknown)?;
        tracing::info!(key = %key.id, request_id = context.request_id, "an API key was revoked");
        Ok(Json(ApiKey::of(key, app.now())))
    }
}

/// As whom a key acts. A token is soon over, and what somebody with one left behind must not speak for others who may do as much.
fn owner_of(scope: Scope, owner: Option<UserId>, caller: &UserId) -> Result<Option<UserId>, Problem> {
    match (scope, owner) {
        (Scope::Auditor, _) => Err(Problem::forbidden("keys of auditors are made with `cooly key create`")),
        (Scope::Admin, Some(owner)) if owner != *caller => Err(Problem::forbidden(
            "an admin's key acts as whoever makes it; for another it is made with `cooly key create`",
        )),
        (Scope::Admin, _) if caller.is_plain() => Ok(Some(caller.clone())),
        (Scope::Backend, None) => Ok(None),
        (Scope::Backend, Some(_)) => {
            Err(Problem::value("owner", "must be left out: a `backend` acts for whom each request names"))
        }
        (_, None) => Err(Problem::value("owner", "must say as whom the key acts")),
        (_, Some(owner)) if owner.is_plain() => Ok(Some(owner)),
        (_, Some(_)) => Err(Problem::value("owner", "cannot be told from other ids by looking at it")),
    }
}
