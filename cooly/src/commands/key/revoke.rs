//! `cooly key revoke`.

use super::{actor, told};
use crate::cli::KeyRevokeOptions;
use anyhow::Context;
use apikeys::{PREFIX, Secret};
use chrono::Utc;
use tokio_postgres::Client;
use uuid::Uuid;

pub(super) async fn run(options: &KeyRevokeOptions, client: &Client) -> anyhow::Result<()> {
    let id = named(&options.key, client).await?;
    let reason = options.reason.as_deref();
    anyhow::ensure!(
        reason.is_none_or(|reason| !reason.contains(char::is_control)),
        "--reason must not contain control characters"
    );
    let revoked = apikeys::revoke(client, id, &actor(), reason).await?;
    let key = revoked.context("there is no key with this id; `cooly key list` shows all")?;
    match options.json {
        true => println!("{}", told::as_json(&key, Utc::now())),
        false => println!("{}", told::as_line(&key, Utc::now())),
    }
    Ok(())
}

/// The id of the key that was named, by whichever way. What it was named by is not repeated: it may be the key itself.
async fn named(text: &str, client: &Client) -> anyhow::Result<Uuid> {
    if !text.starts_with(PREFIX) {
        return text.parse().context("this is neither the id of a key nor a key; `cooly key list` shows ids");
    }
    let found = apikeys::find(client, &Secret::parse(text)?).await?;
    found.map(|key| key.id).context("there is no such key in this database")
}
