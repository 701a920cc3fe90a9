//! The images API that OpenAI offers, and many services like it: the answer is the work itself.
//!
//! From OpenAI's public documentation (Images, Error codes): the address, `n`, `size`, `b64_json` and `url`, the codes of
//! errors. An answer that is lost is lost for good, nothing can be asked after, so whether it was paid for is unknown. It
//! is never asked twice from here. The attempt's reference goes along as `Idempotency-Key` for services that take one;
//! OpenAI's documentation does not promise that its own does.
//!
//! Not checked against the service itself: whether refused pictures are billed. Sides are passed on as they were asked for;
//! which ones a model takes is for the catalogue to say.

use super::answer::Answer;
use super::artifacts::artifacts_with;
use super::client::{ANSWER_BYTES, Call, Client};
use super::cut::Cut;
use super::inputs::{sides, unusable_route, with_inputs};
use super::invalid::InvalidProvider;
use super::options::HttpOptions;
use super::protocol::Protocol;
use super::refusal::{Stage, foreign, of_meaning, refused, unreadable, unsubmitted};
use super::whole::{encoded_bytes, unless_too_large};
use super::wish::Wish;
use super::words::{Meaning, meaning};
use crate::provider::{Cancelled, Origin, Progress, ProviderFailure, Submission, Task};
use ledger::catalogue::Route;
use ledger::job::{Billed, Kind};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A service with an images API.
pub(super) struct OpenAi {
    client: Client,
    origin: Arc<Origin>,
    patience: Duration,
}

impl OpenAi {
    pub(super) fn new(
        options: &HttpOptions,
        origin: impl Fn(&Client) -> Origin,
    ) -> Result<OpenAi, InvalidProvider> {
        let client = Client::new(options, &AUTHORIZATION, "Bearer ")?;
        let origin = Arc::new(origin(&client));
        Ok(OpenAi { client, origin, patience: options.deadline })
    }
}

#[async_trait::async_trait]
impl Protocol for OpenAi {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        if task.request.kind != Kind::Image {
            return Err(unusable_route());
        }
        let body = with_inputs(body(task, route), route, &Wish::of(task, route))?;
        let reference = HeaderValue::try_from(task.reference()).map_err(|_| unusable_route())?;
        let mut call = Call::new(Method::POST, ["images", "generations"])
            .with_body(Value::Object(body))
            .with_header("idempotency-key", reference);
        call.patience = Some(self.patience);
        call.answer_bytes = ANSWER_BYTES + encoded_bytes(self.origin.max_bytes, task.request.count);
        call.inline_bytes = Some(self.origin.max_bytes);
        let answer = self.client.ask(call).await.map_err(|cut| match cut {
            Cut::TooLarge => ProviderFailure::output_too_large(),
            cut => unsubmitted(cut),
        })?;
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let told = answer.json().ok_or_else(|| unreadable().billed(Billed::Unknown))?;
        let made = told.get("data").ok_or_else(|| unreadable().billed(Billed::Unknown))?;
        unless_too_large(artifacts_with(made, &self.origin, &answer.files), &self.origin)
            .map(Submission::Done)
    }

    async fn poll(&self, _task_id: &str) -> Result<Progress, ProviderFailure> {
        Err(foreign())
    }

    async fn cancel(&self, _task_id: &str) -> Result<Cancelled, ProviderFailure> {
        Err(foreign())
    }
}

fn body(task: &Task, route: &Route) -> Map<String, Value> {
    let request = &task.request;
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(route.model)),
        ("prompt".to_owned(), json!(request.prompt)),
        ("n".to_owned(), json!(request.count)),
    ]);
    let size = sides(&request.params).map(|(width, height)| json!(format!("{width}x{height}")));
    body.extend(size.map(|size| ("size".to_owned(), size)));
    body
}

/// `{"error": {"code", "type", "moderation_details": {"moderation_stage"}}}`.
fn refusal(answer: &Answer) -> ProviderFailure {
    let told = answer.json().unwrap_or_default();
    let error = &told["error"];
    let words: Vec<&str> = [&error["code"], &error["type"]].into_iter().filter_map(Value::as_str).collect();
    let is_moderation = words.iter().any(|word| meaning(word) == Some(Meaning::Moderation));
    if is_moderation && error["moderation_details"]["moderation_stage"] == "output" {
        return of_meaning(Meaning::Moderation, &words, Stage::Output, None).billed(Billed::Unknown);
    }
    refused(answer, &words)
}
