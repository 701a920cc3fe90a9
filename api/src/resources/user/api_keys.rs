//! `/v1/keys`: the caller's own API keys. Those by which somebody acts as an admin or an auditor are not among them.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::body::{Strict, body};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, FreeChange, Order, ReadList};
use crate::serve::idempotency;
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, listed, split};
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::Problem;
use crate::words::api_keys::{
    ApiKey, ApiKeyPage, KeyId, KeyName, KeyStateName, MadeKey, Wish, make, unknown,
};
use crate::words::scalars::{Instant, Limit, Term, page_size};
use apikeys::{Filter, Key, Scope, State};
use ledger::UserId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;
use uuid::Uuid;

body! {
    /// An API key of one's own.
    struct NewOwnKey {
        /// What it is called.
        name: KeyName,
        /// From when on it is refused; it does not expire if this is left out.
        expires_at: Option<Instant>,
    }
}

/// A user's own keys.
struct Own {
    filter: Filter,
}

impl Walk for Own {
    type Item = ApiKey;
    type Place = Uuid;

    async fn page(&self, app: &App, after: Option<Uuid>, limit: i64) -> Result<Part<ApiKey, Uuid>, Problem> {
        let now = app.now();
        let keys = apikeys::list_told(&**app.reader().await?, &self.filter, now, after, limit + 1).await?;
        let (shown, next) = split(&keys, limit, |last| last.id);
        Ok(Part::new(shown.iter().map(|key| ApiKey::of(key.clone(), now).for_owner()).collect(), next))
    }
}

/// See the module.
pub(crate) struct OwnKeys;

#[OpenApi(tag = "Tag::ApiKeys")]
impl OwnKeys {
    /// List your API keys
    ///
    /// Newest first; with those that have expired or were revoked.
    #[oai(path = "/v1/keys", method = "get", operation_id = "listOwnKeys")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn list(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        asking: Asking,
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
        let state = state.0.map(|state| state.0);
        let list = List::new("own_keys", &(&caller.user, state.map(State::as_str)));
        let after = list.place(cursor.0.as_ref())?;
        let filter = Filter { owner: Some(caller.user.clone()), scope: Some(Scope::User), state };
        let keys = Own { filter };
        let page = |items, next_cursor| ApiKeyPage { items, next_cursor };
        let place = (&list, after, page_size(limit.0));
        Ok(listed((&app, &caller), ("own-keys", form), keys, place, page).await?)
    }

    /// Make an API key
    ///
    /// It may do under `/v1` what you may. Needs a token: an API key cannot make others (`key_not_enough`). The answer holds the key
    /// itself, this once; a repeat with the same `Idempotency-Key` makes no second key and answers without it.
    #[oai(path = "/v1/keys", method = "post", operation_id = "createOwnKey")]
    async fn create(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// Makes a repeated request harmless.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<NewOwnKey>,
    ) -> Answer<MadeKey, Order> {
        caller.demand_token("making an API key")?;
        let idempotency = idempotency::of(key.0, "createOwnKey", &body.0.to_json())?;
        let NewOwnKey { name, expires_at } = body.0;
        let wish = Wish { name, scope: Scope::User, owner: Some(caller.user.clone()), expires_at };
        Ok(make(&app, caller.context(), idempotency, wish).await?)
    }

    /// Revoke one of your API keys
    ///
    /// From the answer on, every server refuses it; event streams that it opened end within seconds. It cannot be taken back. Harmless
    /// to repeat.
    #[oai(path = "/v1/keys/:id/revoke", method = "post", operation_id = "revokeOwnKey")]
    async fn revoke(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The key.
        id: Path<KeyId>,
    ) -> Answer<Json<ApiKey>, FreeChange> {
        let client = app.operator().await?;
        let found = apikeys::get(&**client, id.0.0).await?;
        found.filter(|key| is_of(key, &caller.user)).ok_or_else(unknown)?;
        let context = caller.context();
        let key = apikeys::revoke(&**client, id.0.0, &context.actor.to_string(), None)
            .await?
            .ok_or_else(unknown)?;
        tracing::info!(key = %key.id, request_id = context.request_id, "an API key was revoked");
        Ok(Json(ApiKey::of(key, app.now()).for_owner()))
    }
}

/// Whether a key is one of this user's own.
fn is_of(key: &Key, user: &UserId) -> bool {
    key.scope == Scope::User && key.owner.as_ref() == Some(user)
}
