//! Users who buy under load, and who write down what they were told.

use crate::stage::Doors;
use anyhow::{Context as _, Result, bail, ensure};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Buyers at once.
const BUYERS: u64 = 3;

/// How long a request may take, and how long one is repeated until it is answered.
const REQUEST: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(120);

/// How much rarer a buyer buys that goes on for as long as it takes: all of it has to end.
const PATIENTLY: u32 = 5;

/// One user, and how the API is reached for them.
#[derive(Clone)]
pub(crate) struct Customer {
    pub doors: Doors,
    pub name: String,
    pub token: String,
    client: reqwest::Client,
}

/// A request that was sent, and the generation that was answered, if an answer came.
#[derive(Debug)]
pub(crate) struct Intent {
    key: String,
    body: Value,
    id: Option<String>,
}

impl Intent {
    /// Whether it was accepted as far as its sender knows.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.id.is_some()
    }
}

impl Customer {
    pub(crate) fn new(doors: Doors, name: &str, token: &str) -> Result<Customer> {
        let client = reqwest::Client::builder().timeout(REQUEST).build()?;
        Ok(Customer { doors, name: name.to_owned(), token: token.to_owned(), client })
    }

    /// Buys, as often as the seed says, until the time is over.
    pub(crate) async fn buy(&self, models: &[&str], seed: u64, span: Duration) -> Result<Vec<Intent>> {
        let over = CancellationToken::new();
        over.cancel();
        self.buy_until(models, seed, span, &over).await
    }

    /// The same, and then more rarely until something is over.
    pub(crate) async fn buy_until(
        &self,
        models: &[&str],
        seed: u64,
        span: Duration,
        over: &CancellationToken,
    ) -> Result<Vec<Intent>> {
        let until = Instant::now() + span;
        let buyers = (0..BUYERS).map(|buyer| self.buy_alone(models, buyer, seed, until, over));
        let bought: Vec<Vec<Intent>> = join_all(buyers).await.into_iter().collect::<Result<_>>()?;
        Ok(bought.into_iter().flatten().collect())
    }

    async fn buy_alone(
        &self,
        models: &[&str],
        buyer: u64,
        seed: u64,
        until: Instant,
        over: &CancellationToken,
    ) -> Result<Vec<Intent>> {
        let mut dice = StdRng::seed_from_u64(seed * BUYERS + buyer);
        let mut intents = Vec::new();
        while Instant::now() < until || !over.is_cancelled() {
            let key = format!("{}-{buyer}-{}", self.name, intents.len());
            let model = models[dice.random_range(0..models.len())];
            let params =
                if model.starts_with("sim-") { json!({ "width": 64, "height": 64 }) } else { json!({}) };
            let body = json!({ "model": model, "prompt": key, "params": params });
            let id = self.order(&key, &body, &mut dice).await?;
            intents.push(Intent { key, body, id });
            let pause = Duration::from_millis(dice.random_range(40..160));
            tokio::time::sleep(if Instant::now() < until { pause } else { pause * PATIENTLY }).await;
        }
        Ok(intents)
    }

    /// The id of what was bought; `None` if nobody knows. A refusal is an error: nothing here is to be refused.
    async fn order(&self, key: &str, body: &Value, dice: &mut StdRng) -> Result<Option<String>> {
        let Some(door) = self.doors.any(dice) else { return Ok(None) };
        let request = self.client.post(format!("{door}/v1/generations")).bearer_auth(&self.token);
        let Ok(answer) = request.header("Idempotency-Key", key).json(body).send().await else {
            return Ok(None);
        };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return Ok(None) };
        ensure!(status == 202 || status.is_server_error(), "`{key}` is refused: {status}: {text}");
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        Ok(if status == 202 { answer["id"].as_str().map(str::to_owned) } else { None })
    }

    /// Repeats every request under its key, now that nothing is wrong: what was open is settled, what was answered must be
    /// answered the same. Returns the ids.
    pub(crate) async fn settle(&self, intents: &[Intent]) -> Result<Vec<String>> {
        let mut dice = StdRng::seed_from_u64(0);
        let mut ids = Vec::new();
        for Intent { key, body, id } in intents {
            let until = Instant::now() + PATIENCE;
            let found = loop {
                if let Some(found) = self.order(key, body, &mut dice).await? {
                    break found;
                }
                ensure!(Instant::now() < until, "`{key}` is not answered");
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            ensure!(
                id.as_ref().is_none_or(|id| *id == found),
                "`{key}` was answered with {found} and {id:?}"
            );
            ids.push(found);
        }
        Ok(ids)
    }

    /// All generations of the user, as they are listed.
    pub(crate) async fn generations(&self) -> Result<Vec<Value>> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/generations?limit=100{cursor}")).await?;
            all.extend(page["items"].as_array().context("a list has items")?.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }

    /// Reads as this user.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.ask(reqwest::Method::GET, path, None).await
    }

    /// Asks for something as this user; an answer above 299 is an error.
    pub(crate) async fn ask(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value> {
        self.send(method, path, body, None).await
    }

    /// Orders something that is not done before it is answered.
    pub(crate) async fn order_later(&self, path: &str, body: Value) -> Result<Value> {
        self.send(reqwest::Method::POST, path, Some(body), Some("respond-async")).await
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
        prefer: Option<&str>,
    ) -> Result<Value> {
        let door = self.doors.any(&mut StdRng::seed_from_u64(0)).context("no API runs")?;
        let request = self.client.request(method, format!("{door}{path}")).bearer_auth(&self.token);
        let request = match prefer {
            Some(prefer) => request.header("Prefer", prefer),
            None => request,
        };
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}
