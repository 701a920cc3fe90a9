//! Making an API key, for whoever may.

use super::told::{ApiKey, MadeApiKey};
use super::values::KeyName;
use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::scalars::Instant;
use apikeys::{Created, MOST_KEYS, NewKey, Scope};
use ledger::{Context, Idempotency, Refusal, UserId};
use poem::http::StatusCode;
use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use uuid::Uuid;

/// The key that is wanted.
pub(crate) struct Wish {
    pub name: KeyName,
    pub scope: Scope,
    /// As whom it acts; `None` if and only if it acts for any user.
    pub owner: Option<UserId>,
    pub expires_at: Option<Instant>,
}

/// The answer.
#[derive(ApiResponse)]
pub(crate) enum MadeKey {
    /// The key is there. Its secret is told this once.
    #[oai(status = 201)]
    Made(
        Json<MadeApiKey>,
        /// `true` if this repeats the answer to an earlier request with the same key; then without the secret.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// Makes a key.
pub(crate) async fn make(
    app: &App,
    context: Context,
    idempotency: Option<Idempotency>,
    wish: Wish,
) -> Result<MadeKey, Problem> {
    let new = NewKey {
        id: Uuid::now_v7(),
        name: wish.name.0,
        environment: app.gate.environment(),
        scope: wish.scope,
        owner: wish.owner,
        expires_at: wish.expires_at.map(|end| end.0),
        created_by: context.actor.to_string(),
        request_id: context.request_id,
        idempotency,
    };
    made(app, &new).await
}

async fn made(app: &App, new: &NewKey) -> Result<MadeKey, Problem> {
    let mut client = app.operator().await?;
    let transaction = client.transaction().await.map_err(ledger::Error::from)?;
    match apikeys::create(&transaction, new, app.now()).await? {
        Created::Made(key, secret) => {
            transaction.commit().await.map_err(|_| ledger::Error::OutcomeUnknown)?;
            tracing::info!(key = %key.id, scope = key.scope.as_str(), request_id = new.request_id, "an API key was made");
            let secret = Some(secret.expose().to_owned());
            Ok(MadeKey::Made(Json(MadeApiKey { key: ApiKey::of(key, app.now()), secret }), None))
        }
        Created::Repeated(key) => {
            let made = MadeApiKey { key: ApiKey::of(key, app.now()), secret: None };
            Ok(MadeKey::Made(Json(made), Some(true)))
        }
        Created::KeyReused => Err(Refusal::KeyReused.into()),
        Created::Late => Err(Problem::value("expires_at", "must be in the future")),
        Created::TooMany => Err(too_many()),
    }
}

fn too_many() -> Problem {
    let detail = format!(
        "an owner may have {MOST_KEYS} API keys that are active or were made within a day, and those of back ends count as one \
         owner's; revoke some, or wait"
    );
    Problem::new(StatusCode::CONFLICT, "keys_too_many", "Too many API keys", detail)
}

/// Of a key that is not there, or somebody else's.
pub(crate) fn unknown() -> Problem {
    Problem::not_found("there is no such API key")
}
