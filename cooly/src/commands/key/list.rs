//! `cooly key list`.

use super::told;
use crate::cli::KeyListOptions;
use apikeys::Filter;
use chrono::{DateTime, Utc};
use std::io::Write;
use tokio_postgres::Client;

/// Keys that are read at a time.
const PAGE: i64 = 500;

pub(super) async fn run(options: &KeyListOptions, client: &Client) -> anyhow::Result<()> {
    let now: DateTime<Utc> = client.query_one("select now()", &[]).await?.try_get(0)?;
    let filter = Filter { owner: options.owner.clone(), scope: options.scope, state: options.state };
    let (mut after, mut out) = (None, std::io::stdout().lock());
    loop {
        let keys = apikeys::list(client, &filter, now, after, PAGE).await?;
        for key in &keys {
            match options.json {
                true => writeln!(out, "{}", told::as_json(key, now))?,
                false => writeln!(out, "{}", told::as_line(key, now))?,
            }
        }
        match keys.last() {
            Some(last) if keys.len() as i64 == PAGE => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}
