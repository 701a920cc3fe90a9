//! `cooly key create`.

use super::{actor, told};
use crate::cli::KeyCreateOptions;
use anyhow::Context;
use apikeys::{Created, Key, MAX_NAME_CHARS, MOST_KEYS, NewKey, Scope, Secret};
use chrono::{DateTime, Utc};
use ledger::UserId;
use tokio_postgres::Client;
use uuid::Uuid;

pub(super) async fn run(options: &KeyCreateOptions, client: &mut Client) -> anyhow::Result<()> {
    let now: DateTime<Utc> = client.query_one("select now()", &[]).await?.try_get(0)?;
    let new = wanted(options, now)?;
    let transaction = client.transaction().await?;
    match apikeys::create(&transaction, &new, now).await? {
        Created::Made(key, secret) => {
            transaction.commit().await?;
            tell(&key, &secret, options.json, now);
            Ok(())
        }
        Created::TooMany => anyhow::bail!(
            "there are {MOST_KEYS} keys of this owner that are active or were made within a day; revoke some with `cooly key revoke`"
        ),
        Created::Late => anyhow::bail!("it would have ended by now; give --expires-in more time"),
        Created::Repeated(_) | Created::KeyReused => anyhow::bail!("the key was made before"),
    }
}

fn wanted(options: &KeyCreateOptions, now: DateTime<Utc>) -> anyhow::Result<NewKey> {
    let name = options.name.trim();
    anyhow::ensure!(
        name.chars().count() <= MAX_NAME_CHARS
            && ledger::shows_something(name)
            && !name.contains(char::is_control),
        "--name must be a line of 1 to {MAX_NAME_CHARS} characters that shows something"
    );
    match (&options.owner, options.scope) {
        (Some(_), Scope::Backend) => {
            anyhow::bail!("a backend acts for the user that each request names; leave --owner out")
        }
        (None, Scope::User | Scope::Admin | Scope::Auditor) => {
            anyhow::bail!("--owner must say as whom the key acts, such as --owner alice")
        }
        _ => {}
    }
    anyhow::ensure!(
        options.owner.as_ref().is_none_or(UserId::is_plain),
        "--owner cannot be told from other ids by looking at it"
    );
    let expires_at = match options.expires_in {
        Some(time) => Some(
            now.checked_add_signed(chrono::TimeDelta::from_std(time)?).context("--expires-in is too long")?,
        ),
        None => None,
    };
    Ok(NewKey {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        environment: options.environment.of(options.database.database_url.is_none()),
        scope: options.scope,
        owner: options.owner.clone(),
        expires_at,
        created_by: actor(),
        request_id: format!("cooly-key-{}", std::process::id()),
        idempotency: None,
    })
}

fn tell(key: &Key, secret: &Secret, json: bool, now: DateTime<Utc>) {
    if json {
        let mut told = told::as_json(key, now);
        told["secret"] = secret.expose().into();
        println!("{told}");
        return;
    }
    eprintln!("{}", told::as_line(key, now));
    eprintln!("This is the only time that the key itself is shown:");
    println!("{}", secret.expose());
}
