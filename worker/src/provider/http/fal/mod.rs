//! fal's queue. Work is put there, asked after, and its result fetched from there.
//!
//! From fal's public documentation (Queue API, Platform Headers, Model Errors, Request Error Types) and its Python
//! client: addresses, statuses, headers, error words. A request counts as completed when it failed, too; what happened
//! stands in its result. The documentation says that what ends with 5xx is not billed. fal tries again up to ten
//! times by itself, which `X-Fal-No-Retry` turns off: attempts would multiply with ours. `X-Fal-Request-Timeout` bounds how
//! long a request waits for a machine.
//!
//! Not checked against the service itself: what a used-up balance looks like (it is read from the text of a 403), and
//! whether a refused prompt is billed. fal knows nothing of our references, so a lost submit cannot be asked after. It can be
//! told of, though, if `fal_webhook` gave it an address: fal calls that when a request has ended, and not before.

mod address;

use super::answer::Answer;
use super::artifacts::artifacts;
use super::client::{Call, Client};
use super::inputs::{sides, unusable_route, with_inputs};
use super::invalid::InvalidProvider;
use super::options::HttpOptions;
use super::protocol::Protocol;
use super::refusal::{
    Stage, failed, foreign, of_meaning, question_refused, refused, unanswered, unreadable, unsubmitted,
};
use super::wish::Wish;
use super::words::Meaning;
use crate::provider::{Cancelled, Origin, Progress, ProviderFailure, Submission, Task};
use address::{Ticket, parts};
use ledger::catalogue::Route;
use ledger::job::Billed;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use webhooks::Address;

/// What fal calls an error of the service itself.
const OF_THE_QUEUE: &str = "internal_error";

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-fal-error-type");

/// A place in fal's queue.
pub(super) struct Fal {
    client: Client,
    origin: Arc<Origin>,
    webhook: Option<Address>,
    deadline_seconds: u64,
}

impl Fal {
    pub(super) fn new(
        options: &HttpOptions,
        origin: impl Fn(&Client) -> Origin,
    ) -> Result<Fal, InvalidProvider> {
        let client = Client::new(options, &AUTHORIZATION, "Key ")?;
        let origin = Arc::new(origin(&client));
        let (webhook, deadline_seconds) = (options.webhook.clone(), options.deadline.as_secs().max(1));
        Ok(Fal { client, origin, webhook, deadline_seconds })
    }

    async fn question(&self, call: Call) -> Result<Answer, ProviderFailure> {
        self.client.ask(call).await.map_err(unanswered)
    }

    /// The result of a request that is through: what was made, or why nothing was.
    async fn result(&self, ticket: &Ticket, status: &Value) -> Result<Progress, ProviderFailure> {
        let answer = self.question(Call::new(Method::GET, ticket.path(None))).await?;
        if answer.status.is_success() {
            let made = answer.json().ok_or_else(unreadable)?;
            return Ok(Progress::Done(artifacts(&made, &self.origin)));
        }
        let told = Told::of(&answer);
        let of_status = status.get("error_type").and_then(Value::as_str);
        let words: Vec<&str> = told.words().into_iter().chain(of_status).collect();
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Progress::Gone),
            // Without a word it is not the request that failed, but the question.
            _ if words.is_empty() => Err(question_refused(&answer, &words)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                Err(question_refused(&answer, &words))
            }
            // The queue's own trouble, and not the runner's: what was made is asked for again.
            code if code.is_server_error() && words.iter().all(|word| *word == OF_THE_QUEUE) => {
                Err(question_refused(&answer, &words))
            }
            status if status.is_client_error() => Ok(Progress::Failed(told.failure(&words))),
            _ => Ok(Progress::Failed(failed(&words, told.stage()).billed(Billed::No))),
        }
    }
}

#[async_trait::async_trait]
impl Protocol for Fal {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        let path = parts(&route.model).ok_or_else(unusable_route)?;
        let body = with_inputs(body(task), route, &Wish::of(task, route))?;
        let mut call = Call::new(Method::POST, path)
            .with_body(Value::Object(body))
            .with_header("x-fal-no-retry", HeaderValue::from_static("1"))
            .with_header("x-fal-request-timeout", self.deadline_seconds);
        let webhook = self.webhook.as_ref().map(|address| address.of(task.account_id, &task.as_reference()));
        call.query.extend(webhook.map(|address| ("fal_webhook".to_owned(), address)));
        let answer = self.client.ask(call).await.map_err(unsubmitted)?;
        if !answer.status.is_success() {
            let told = Told::of(&answer);
            if told.speaks_of_balance() {
                let failure = of_meaning(Meaning::Quota, &told.words(), Stage::Input, answer.wait());
                return Err(failure.billed(Billed::No));
            }
            return Err(refused(&answer, &told.words()));
        }
        let accepted = answer.json().and_then(|told| {
            let place = told.get("response_url").and_then(Value::as_str);
            let place = place.and_then(|place| self.client.path_below(place));
            Ticket::new(&route.model, told.get("request_id")?.as_str()?, place.as_deref())
        });
        let ticket = accepted.ok_or_else(|| unreadable().billed(Billed::Unknown))?;
        Ok(Submission::Accepted(ticket.encode()))
    }

    fn task_named(&self, name: &str, route: &Route) -> Option<String> {
        Ticket::new(&route.model, name, None).map(|ticket| ticket.encode())
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure> {
        let ticket = Ticket::decode(task_id).ok_or_else(foreign)?;
        let answer = self.question(Call::new(Method::GET, ticket.path(Some("status")))).await?;
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(Progress::Gone);
        }
        if !answer.status.is_success() {
            return Err(question_refused(&answer, &Told::of(&answer).words()));
        }
        let status = answer.json().ok_or_else(unreadable)?;
        match status.get("status").and_then(Value::as_str) {
            Some("IN_QUEUE" | "IN_PROGRESS") => Ok(Progress::Working),
            Some("COMPLETED") => self.result(&ticket, &status).await,
            // A status of a later time may be an end or not: only a person can tell.
            Some(_) | None => Err(unreadable()),
        }
    }

    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure> {
        let ticket = Ticket::decode(task_id).ok_or_else(foreign)?;
        let answer = self.question(Call::new(Method::PUT, ticket.path(Some("cancel")))).await?;
        let told = answer.json();
        let status = told.as_ref().and_then(|told| told.get("status")?.as_str());
        match (answer.status, status) {
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) | (_, Some("ALREADY_COMPLETED" | "NOT_FOUND")) => {
                Ok(Cancelled::TooLate)
            }
            (status, _) if status.is_success() => Ok(Cancelled::Stopped),
            _ => Err(question_refused(&answer, &Told::of(&answer).words())),
        }
    }
}

/// What was asked for, under the names that most of fal's models give it.
fn body(task: &Task) -> Map<String, Value> {
    let (request, params) = (&task.request, &task.request.params);
    let mut body = Map::from_iter([("prompt".to_owned(), json!(request.prompt))]);
    if request.count > 1 {
        body.insert("num_images".to_owned(), json!(request.count));
    }
    if let Some((width, height)) = sides(params) {
        body.insert("image_size".to_owned(), json!({"width": width, "height": height}));
    }
    body.extend(params.seed.map(|seed| ("seed".to_owned(), json!(seed))));
    body.extend(params.seconds.map(|seconds| ("duration".to_owned(), json!(seconds))));
    body
}

/// The reasons that fal gives: `{"detail": "…", "error_type": "…"}` for its machines, `{"detail": [{"type", "loc", …}]}` for
/// models, and a header that repeats the word.
struct Told {
    header: Option<String>,
    body: Value,
}

impl Told {
    fn of(answer: &Answer) -> Told {
        let header = answer.header(&ERROR_TYPE).map(str::to_owned);
        Told { header, body: answer.json().unwrap_or_default() }
    }

    fn details(&self) -> impl Iterator<Item = &Value> {
        self.body.get("detail").and_then(Value::as_array).into_iter().flatten()
    }

    fn words(&self) -> Vec<&str> {
        let of_details = self.details().filter_map(|detail| detail.get("type")?.as_str());
        let of_body = self.body.get("error_type").and_then(Value::as_str);
        of_details.chain(of_body).chain(self.header.as_deref()).collect()
    }

    /// A complaint about a part of what was sent comes before anything was made.
    fn stage(&self) -> Stage {
        let of_input =
            |detail: &Value| detail.get("loc").and_then(Value::as_array).is_some_and(|loc| loc.len() > 1);
        if self.details().any(of_input) { Stage::Input } else { Stage::Output }
    }

    /// Why a request failed that could be read, and not be done. A word that is not listed is a complaint about the request.
    fn failure(&self, words: &[&str]) -> ProviderFailure {
        let failure = failed(words, self.stage());
        if failure.failure.code == "provider_failed" {
            return of_meaning(Meaning::Invalid, words, self.stage(), None);
        }
        failure
    }

    /// An empty account is locked, which looks like a wrong key but for the text.
    fn speaks_of_balance(&self) -> bool {
        let text = self.body.get("detail").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        text.contains("exhausted balance") || text.contains("insufficient balance")
    }
}
