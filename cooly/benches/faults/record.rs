//! What the last release leaves behind when its worker dies: jobs at each stage, their events, its read models and all messages
//! that it sent. The worker's tests begin from there, see `worker/tests/pipeline/last_release.rs`.
//!
//! The name of a stage is the prompt of its jobs.

use crate::buyers::Customer;
use crate::process::Role;
use crate::stage::{Ground, Stage, connect};
use crate::users::{admin, customer};
use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const PATIENCE: Duration = Duration::from_secs(60);

/// Everything but the history of migrations; no worker seals.
const TABLES: [&str; 16] = [
    "events",
    "leases",
    "relay_checkpoints",
    "projection_checkpoints",
    "parked_streams",
    "account_balances",
    "credit_history",
    "generations",
    "pending_tasks",
    "dead_letters",
    "usage_daily",
    "overview_totals",
    "recalls",
    "provider_signals",
    "provider_spend",
    "workers",
];

/// Long enough not to end while the others are brought to their stages.
const SLOW: [(&str, &str); 4] = [
    ("COOLY_SIM_IMAGE_DELAY", "1h"),
    ("COOLY_SIM_VIDEO_DELAY", "1m"),
    ("COOLY_MAX_ATTEMPTS", "10"),
    ("COOLY_CONCURRENCY", "2"),
];

const QUICK: [(&str, &str); 4] = [
    ("COOLY_SIM_IMAGE_DELAY", "50ms"),
    ("COOLY_SIM_VIDEO_DELAY", "200ms"),
    ("COOLY_MAX_ATTEMPTS", "1"),
    ("COOLY_LEASE", "120s"),
];

/// Runs the last release and writes down what it leaves.
pub(crate) async fn record(last_release: &Path, into: &Path) -> Result<()> {
    let ground = Ground::prepare().await?;
    let mut stage = Stage::set(&ground, "record", &QUICK).await?;
    stage.run(last_release, &["migrate"])?;
    stage.start(last_release, &[Role::Api, Role::Projector, Role::Worker]).await?;
    let mut scribe =
        Scribe { alice: customer(&stage, "alice").await?, log: connect(&stage.database_url).await? };
    scribe.ended(&stage).await?;
    stage.stop(2).await?;
    for (name, value) in SLOW {
        stage.with(name, value);
    }
    stage.start(last_release, &[Role::Worker]).await?;
    scribe.unfinished(&mut stage).await?;
    let kept = scribe.tables().await?;
    write(into, &stage.line.sent(), &kept)?;
    println!("{} events, {} messages in {}", kept[0].1.len(), stage.line.sent().len(), into.display());
    Ok(())
}

struct Scribe {
    alice: Customer,
    log: Client,
}

impl Scribe {
    /// Jobs that have ended, in each way that there is.
    async fn ended(&mut self, stage: &Stage) -> Result<()> {
        let admin = admin(stage)?;
        for (prompt, model, end) in [
            ("succeeded", "sim-image", "job.succeeded"),
            ("succeeded clip", "sim-video", "job.succeeded"),
            ("succeeded metered", "sim-video-metered", "job.succeeded"),
            ("failed", "sim-image-strict", "job.failed"),
            ("dead", "sim-image-down", "job.dead_lettered"),
            ("dead again", "sim-image-down", "job.dead_lettered"),
            ("discarded", "sim-image-down", "job.dead_lettered"),
        ] {
            let id = self.buy(prompt, model).await?;
            self.until(&id, end).await?;
            let letter = format!("/admin/dlq/messages/{id}");
            match prompt {
                "dead again" => {
                    admin.ask(Method::POST, &format!("{letter}/retry"), None).await?;
                    self.until_times(&id, end, 2).await?;
                }
                "discarded" => drop(admin.ask(Method::DELETE, &letter, None).await?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Jobs that a worker leaves when it is killed, and one that is bought after that.
    async fn unfinished(&mut self, stage: &mut Stage) -> Result<()> {
        for (prompt, model) in [
            ("submitted", "sim-video"),
            ("submitted metered", "sim-video-metered"),
            ("cancelled", "sim-video"),
        ] {
            let id = self.buy(prompt, model).await?;
            self.until(&id, "job.submitted").await?;
            if prompt == "cancelled" {
                self.alice.ask(Method::POST, &format!("/v1/generations/{id}/cancel"), None).await?;
            }
        }
        let backing_off = self.buy("backing off", "sim-image-down").await?;
        self.until(&backing_off, "job.attempt_failed").await?;
        for _ in 0..2 {
            let id = self.buy("started", "sim-image").await?;
            self.until(&id, "job.started").await?;
        }
        for _ in 0..2 {
            let id = self.buy("queued", "sim-image").await?;
            let is_sent = || stage.line.sent().iter().any(|body| body.contains(&id));
            let until = Instant::now() + PATIENCE;
            while !is_sent() {
                ensure!(Instant::now() < until, "no message is sent");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        stage.processes.last_mut().context("the worker runs")?.kill()?;
        self.buy("not sent", "sim-image").await?;
        let last = self.last(&backing_off).await?;
        ensure!(last == "job.attempt_failed", "it did not stay in its back-off ({last}): record again");
        // The read models must be as far as the log.
        let listed = async || Ok::<_, anyhow::Error>(self.alice.generations().await?.len());
        let until = Instant::now() + PATIENCE;
        while listed().await? < 16 {
            ensure!(Instant::now() < until, "the read models do not catch up");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stage.processes.clear();
        Ok(())
    }

    async fn buy(&self, prompt: &str, model: &str) -> Result<String> {
        let params = json!({ "width": 64, "height": 64 });
        let order = json!({ "model": model, "prompt": prompt, "params": params });
        let bought = self.alice.ask(Method::POST, "/v1/generations", Some(order)).await?;
        Ok(bought["id"].as_str().context("it has an id")?.to_owned())
    }

    async fn until(&self, id: &str, event: &str) -> Result<()> {
        self.until_times(id, event, 1).await
    }

    async fn until_times(&self, id: &str, event: &str, times: i64) -> Result<()> {
        let count = "select count(*) from events where stream_id = $1::text::uuid and type = $2";
        let until = Instant::now() + PATIENCE;
        while self.log.query_one(count, &[&id, &event]).await?.try_get::<_, i64>(0)? < times {
            ensure!(Instant::now() < until, "{id} has no {event}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn last(&self, id: &str) -> Result<String> {
        let last = "select type from events where stream_id = $1::text::uuid order by version desc limit 1";
        Ok(self.log.query_one(last, &[&id]).await?.try_get(0)?)
    }

    /// Each row as JSON, exactly as Postgres writes it: the payloads of events are hashed to the byte.
    async fn tables(&self) -> Result<Vec<(&'static str, Vec<String>)>> {
        self.log.batch_execute("set timezone to 'UTC'").await?;
        let mut kept = Vec::new();
        for table in TABLES {
            let order = if table == "events" { "position" } else { "1" };
            let rows = format!(
                "select row_to_json(stored)::text from (select * from {table} order by {order}) stored"
            );
            let rows = self.log.query(&rows, &[]).await?;
            kept.push((table, rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?));
        }
        Ok(kept)
    }
}

/// One row a line, so that a difference can be read.
fn write(into: &Path, messages: &[String], tables: &[(&str, Vec<String>)]) -> Result<()> {
    let messages: Vec<String> = messages.iter().map(|body| Value::from(body.as_str()).to_string()).collect();
    let mut text = format!("{{\"messages\": [\n{}\n],\n\"tables\": {{", messages.join(",\n"));
    for (place, (table, rows)) in tables.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(text, "{comma}\n\"{table}\": [\n{}\n]", rows.join(",\n"))?;
    }
    text.push_str("\n}}\n");
    let _: Value = serde_json::from_str(&text).context("what was written is no JSON")?;
    std::fs::write(into, text).with_context(|| format!("{} cannot be written", into.display()))
}
