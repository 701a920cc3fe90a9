//! The API key that the examples of the API's document name. Its secret is thrown away: it opens nothing.

use super::examples::DUTY;
use api::examples::{KEY, USER};
use apikeys::{Created, Environment, NewKey, Scope};
use ledger::{Actor, Database, Idempotency, IdempotencyKey, Role};

/// Makes it, once.
pub(super) async fn make(database: &Database) {
    if let Err(error) = made(database).await {
        tracing::warn!(error = format!("{error:#}"), "the example of an API key was not made");
    }
}

async fn made(database: &Database) -> anyhow::Result<()> {
    let mut client = database.connect(Role::Operator).await?;
    let key = IdempotencyKey::try_from("example-key".to_owned())?;
    let new = NewKey {
        id: KEY,
        name: "an example".into(),
        environment: Environment::Test,
        scope: Scope::User,
        owner: Some(USER.parse()?),
        expires_at: None,
        created_by: Actor::System(DUTY).to_string(),
        request_id: DUTY.into(),
        idempotency: Some(Idempotency { key, request_hash: [0; 32] }),
    };
    let transaction = client.transaction().await?;
    if let Created::Made(..) = apikeys::create(&transaction, &new, chrono::Utc::now()).await? {
        transaction.commit().await?;
    }
    Ok(())
}
