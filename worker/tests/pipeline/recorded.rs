//! What the last release left behind, as a database and a queue of this one find it.
//!
//! `worker/tests/recorded/last_release.json` was written by that release: `loadtest/run record` builds it from git, has it
//! bring jobs to each stage, kills its worker, and keeps every row and message. Make it anew when there is another last
//! release (`loadtest/last-release` names the commit), and raise [`SCHEMA`].
//!
//! Dates are moved by whole days, so that the record is about a day old whenever a test runs, and the hashes of the
//! events are computed anew over them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::{Client, NoTls};

/// The schema version of the release that was recorded.
const SCHEMA: i32 = 16;

fn file() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/last_release.json")).unwrap()
}

#[derive(Deserialize)]
struct Recorded {
    messages: Vec<String>,
    #[serde(default)]
    tables: BTreeMap<String, Vec<Box<RawValue>>>,
}

/// The bodies of all messages that were sent, in order.
pub(crate) fn messages() -> Vec<String> {
    let recorded: Recorded = serde_json::from_str(&file()).unwrap();
    recorded.messages
}

/// Fills an empty database as the last release left its own, and then brings it to the schema of this one.
pub(crate) async fn prepare(url: &str) -> anyhow::Result<()> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    migrations::apply(&mut client).await?;
    migrations::undo_to(&mut client, SCHEMA).await?;
    fill(&client).await?;
    migrations::apply(&mut client).await?;
    drop(client);
    driver.await??;
    Ok(())
}

async fn fill(client: &Client) -> anyhow::Result<()> {
    let moved = moved(&file());
    let recorded: Recorded = serde_json::from_str(&moved)?;
    for (table, rows) in &recorded.tables {
        let rows: Vec<String> = rows.iter().map(|row| row.get().to_owned()).collect();
        let rows = if table == "events" {
            chained(client, rows).await?
        } else {
            // Some begin with rows of their own.
            client.batch_execute(&format!("delete from {table}")).await?;
            rows
        };
        for row in rows {
            let insert = format!(
                "insert into {table} overriding system value
                 select * from json_populate_record(null::{table}, $1::text::json)"
            );
            client.execute(&insert, &[&row]).await?;
        }
    }
    client.batch_execute("select setval('events_position_seq', max(position)) from events").await?;
    Ok(())
}

/// The events with the hashes that they have now, in the order of the log.
async fn chained(client: &Client, rows: Vec<String>) -> anyhow::Result<Vec<String>> {
    let hash = r"
        select encode(hash, 'hex'), encode(prev_hash, 'hex'), encode(event_hash(event), 'hex')
        from json_populate_record(null::events, $1::text::json) event";
    let mut now = HashMap::<String, String>::new();
    let mut events = Vec::new();
    for mut row in rows {
        let read = client.query_one(hash, &[&row]).await?;
        let (was, before): (String, String) = (read.get(0), read.get(1));
        if let Some(before_now) = now.get(&before) {
            row = row.replace(&before, before_now);
        }
        let is: String = client.query_one(hash, &[&row]).await?.get(2);
        events.push(row.replace(&was, &is));
        now.insert(was, is);
    }
    Ok(events)
}

/// The text with all dates moved by so many days that its last event was recorded at least an hour and at most a day and an
/// hour ago: what was claimed then has lapsed.
fn moved(text: &str) -> String {
    let recorded_at = r#""recorded_at":""#;
    let times = text.match_indices(recorded_at).filter_map(|(place, _)| {
        let time = text[place + recorded_at.len()..].split('"').next()?;
        DateTime::parse_from_rfc3339(time).ok()
    });
    let last = times.max().expect("the record has events");
    let days = (Utc::now() - TimeDelta::hours(1) - last.to_utc()).num_seconds().div_euclid(24 * 3_600);
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('"') {
        let (before, after) = rest.split_at(place + 1);
        moved.push_str(before);
        rest = after;
        if let Some(date) = date_at_start(rest) {
            moved.push_str(&(date + TimeDelta::days(days)).to_string());
            rest = &rest[10..];
        }
    }
    moved + rest
}

/// A date that the text begins with, alone or with a time.
fn date_at_start(text: &str) -> Option<NaiveDate> {
    let ends = matches!(text.as_bytes().get(10)?, b'T' | b'"');
    ends.then(|| text.get(..10)?.parse().ok()).flatten()
}
