//! Replicate's predictions.
//!
//! From Replicate's public documentation (HTTP API, prediction lifecycle, deadlines, rate limits) and its Python client:
//! addresses, statuses, `Cancel-After`, the text of a 429. A prediction that its deadline ends is `canceled`, and billed,
//! if it ran, or `aborted`, and not billed, if it did not. Outputs are removed after an hour. A prediction that fails
//! says why in a sentence without a code, so its class is read from the sentence; the sentence itself goes nowhere.
//!
//! Not checked against the service itself: what canceling a prediction that has ended answers (both an error and the
//! prediction as it is are understood), and which failures are billed. Replicate knows nothing of our references, so a lost
//! submit cannot be asked after. It can be told of, though, if `webhook` gave Replicate an address, which it calls when a
//! prediction has started and when it has ended.

use super::answer::Answer;
use super::artifacts::artifacts;
use super::client::{Call, Client};
use super::inputs::{unusable_route, with_inputs};
use super::invalid::InvalidProvider;
use super::options::HttpOptions;
use super::protocol::Protocol;
use super::refusal::{
    Stage, failed, foreign, of_meaning, question_refused, refused, stopped, unanswered, unreadable,
    unsubmitted,
};
use super::wish::Wish;
use super::words::Meaning;
use crate::provider::{Cancelled, Origin, Progress, ProviderFailure, Submission, Task};
use ledger::catalogue::Route;
use ledger::job::Billed;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use webhooks::Address;

/// The shortest deadline that Replicate takes.
const SHORTEST_DEADLINE_SECONDS: u64 = 5;

const LONGEST_ID: usize = 128;

/// What is wanted to be reported. The start comes early, and so tells soon of a submit whose answer was lost.
const REPORTED: [&str; 2] = ["start", "completed"];

/// What sentences about refused content have in common.
const MODERATION: [&str; 6] =
    ["nsfw", "flagged as sensitive", "(e005)", "content policy", "safety checker", "moderation"];

/// Replicate's predictions.
pub(super) struct Replicate {
    client: Client,
    origin: Arc<Origin>,
    webhook: Option<Address>,
    deadline_seconds: u64,
}

impl Replicate {
    pub(super) fn new(
        options: &HttpOptions,
        origin: impl Fn(&Client) -> Origin,
    ) -> Result<Replicate, InvalidProvider> {
        let client = Client::new(options, &AUTHORIZATION, "Bearer ")?;
        let origin = Arc::new(origin(&client));
        let deadline_seconds = options.deadline.as_secs().max(SHORTEST_DEADLINE_SECONDS);
        Ok(Replicate { client, origin, webhook: options.webhook.clone(), deadline_seconds })
    }

    async fn question(&self, call: Call) -> Result<Answer, ProviderFailure> {
        self.client.ask(call).await.map_err(unanswered)
    }

    fn ended(&self, prediction: &Value) -> Result<Progress, ProviderFailure> {
        match prediction.get("status").and_then(Value::as_str) {
            Some("starting" | "processing") => Ok(Progress::Working),
            Some("succeeded") => match prediction.get("output").filter(|output| !output.is_null()) {
                None => Ok(Progress::Failed(ProviderFailure::output_expired())),
                Some(output) => Ok(Progress::Done(artifacts(output, &self.origin))),
            },
            Some("failed") => Ok(Progress::Failed(reason(prediction))),
            Some("canceled") => Ok(Progress::Failed(stopped().billed(Billed::Yes))),
            Some("aborted") => Ok(Progress::Failed(stopped().billed(Billed::No))),
            Some(_) | None => Err(unreadable()),
        }
    }
}

#[async_trait::async_trait]
impl Protocol for Replicate {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        let (path, version) = place(&route.model).ok_or_else(unusable_route)?;
        let input = with_inputs(input(task), route, &Wish::of(task, route))?;
        let mut body = Map::from_iter([("input".to_owned(), Value::Object(input))]);
        body.extend(version.map(|version| ("version".to_owned(), json!(version))));
        if let Some(address) = &self.webhook {
            body.insert("webhook".to_owned(), json!(address.of(task.account_id, &task.as_reference())));
            body.insert("webhook_events_filter".to_owned(), json!(REPORTED));
        }
        let deadline =
            HeaderValue::try_from(format!("{}s", self.deadline_seconds)).map_err(|_| unusable_route())?;
        let call = Call::new(Method::POST, path)
            .with_body(Value::Object(body))
            .with_header("cancel-after", deadline);
        let answer = self.client.ask(call).await.map_err(unsubmitted)?;
        if !answer.status.is_success() {
            return Err(refused(&answer, &[]));
        }
        let id =
            answer.json().and_then(|told| Some(told.get("id")?.as_str().filter(|id| is_id(id))?.to_owned()));
        id.map(Submission::Accepted).ok_or_else(|| unreadable().billed(Billed::Unknown))
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure> {
        let path = ["v1", "predictions", Some(task_id).filter(|id| is_id(id)).ok_or_else(foreign)?];
        let answer = self.question(Call::new(Method::GET, path)).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Progress::Gone),
            status if status.is_success() => self.ended(&answer.json().ok_or_else(unreadable)?),
            _ => Err(question_refused(&answer, &[])),
        }
    }

    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure> {
        let task_id = Some(task_id).filter(|id| is_id(id)).ok_or_else(foreign)?;
        let answer = self.question(Call::new(Method::POST, ["v1", "predictions", task_id, "cancel"])).await?;
        let told = answer.json();
        let has_ended = told.as_ref().and_then(|told| told.get("status")?.as_str());
        match (answer.status, has_ended) {
            (StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::CONFLICT, _) => Ok(Cancelled::TooLate),
            (_, Some("succeeded" | "failed")) => Ok(Cancelled::TooLate),
            (status, _) if status.is_success() => Ok(Cancelled::Stopped),
            _ => Err(question_refused(&answer, &[])),
        }
    }
}

/// Where a model is asked for, and which version of it. `owner/name` is the newest of an official model,
/// `owner/name:version` or a version alone any other, `deployments/owner/name` a deployment.
fn place(model: &str) -> Option<(Vec<&str>, Option<&str>)> {
    if !model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte)) {
        return None;
    }
    let parts: Vec<&str> = model.split('/').collect();
    match parts.as_slice() {
        _ if parts.iter().any(|part| part.bytes().all(|byte| byte == b'.')) => None,
        ["deployments", owner, name] => Some((vec!["v1", "deployments", owner, name, "predictions"], None)),
        [_, name] if name.contains(':') => Some((vec!["v1", "predictions"], Some(model))),
        [owner, name] => Some((vec!["v1", "models", owner, name, "predictions"], None)),
        [version] => Some((vec!["v1", "predictions"], Some(version))),
        _ => None,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What was asked for, under the names that most models there give it.
fn input(task: &Task) -> Map<String, Value> {
    let (request, params) = (&task.request, &task.request.params);
    let mut input = Map::from_iter([("prompt".to_owned(), json!(request.prompt))]);
    if request.count > 1 {
        input.insert("num_outputs".to_owned(), json!(request.count));
    }
    let optional = [
        ("width", params.width),
        ("height", params.height),
        ("seed", params.seed),
        ("duration", params.seconds),
    ];
    input.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    input
}

/// Why a prediction failed, from the sentence that says so.
fn reason(prediction: &Value) -> ProviderFailure {
    let sentence = prediction.get("error").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    if MODERATION.iter().any(|of_moderation| sentence.contains(of_moderation)) {
        return of_meaning(Meaning::Moderation, &[], Stage::Output, None).billed(Billed::Unknown);
    }
    failed(&[], Stage::Output)
}

#[cfg(test)]
mod tests {
    use super::{place, reason};
    use ledger::job::FailureClass;
    use serde_json::json;

    #[test]
    fn a_model_says_where_it_is_asked_for() {
        for (model, path, version) in [
            ("black-forest-labs/flux-schnell", "v1/models/black-forest-labs/flux-schnell/predictions", None),
            ("stability-ai/sdxl:7762fd07", "v1/predictions", Some("stability-ai/sdxl:7762fd07")),
            ("7762fd07cf82c948538e41f6", "v1/predictions", Some("7762fd07cf82c948538e41f6")),
            ("deployments/acme/painter", "v1/deployments/acme/painter/predictions", None),
        ] {
            let (parts, told) = place(model).unwrap();
            assert_eq!((parts.join("/").as_str(), told), (path, version), "{model}");
        }
        for model in ["", "a/", "/a", "a/b/c/d", "../x", "a/b?c", "a b"] {
            assert!(place(model).is_none(), "{model}");
        }
    }

    #[test]
    fn a_refused_picture_is_told_by_its_sentence() {
        for (sentence, code, class) in [
            ("NSFW content detected in all outputs", "moderation_output", FailureClass::Permanent),
            (
                "The input or output was flagged as sensitive. (E005)",
                "moderation_output",
                FailureClass::Permanent,
            ),
            ("CUDA out of memory", "provider_failed", FailureClass::Transient),
            ("", "provider_failed", FailureClass::Transient),
        ] {
            let failure = reason(&json!({"error": sentence}));
            assert_eq!((failure.failure.code.as_str(), failure.failure.class), (code, class), "{sentence}");
            assert!(sentence.is_empty() || !failure.to_string().contains(sentence));
        }
        assert_eq!(reason(&json!({"error": null})).failure.code, "provider_failed");
    }
}
