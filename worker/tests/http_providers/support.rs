//! What the tests of every protocol need: a provider, a task, and outcomes as text that can be compared.

use crate::served::Served;
use ledger::catalogue::Route;
use ledger::job::{JobRequest, Kind, Params};
use ledger::{AccountId, JobId};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;
use worker::provider::http::{Adapter, HttpOptions, HttpProvider, ProviderKey};
use worker::provider::{Artifact, Content, Progress, Provider, ProviderFailure, Submission, Task};

pub(crate) const KEY: &str = "k3y-secret";

/// The reference of [`task`].
pub(crate) const REFERENCE: &str = "00000000-0000-0000-0000-000000000002-1-2";

/// Settings for a provider at this address.
pub(crate) fn options(url: &str, adapter: Adapter) -> HttpOptions {
    HttpOptions {
        base_url: Some(url.to_owned()),
        key: Some(ProviderKey::parse(KEY).unwrap()),
        is_private: true,
        output_hosts: vec!["*.media.test".into()],
        max_output_bytes: 1_000,
        // A slow machine must not look like a silent provider.
        answer_timeout: Duration::from_secs(120),
        connect_timeout: Duration::from_secs(60),
        ..HttpOptions::new("acme", adapter)
    }
}

pub(crate) fn provider(served: &Served, adapter: Adapter) -> HttpProvider {
    HttpProvider::new(&options(&served.url, adapter)).unwrap()
}

pub(crate) fn task(kind: Kind, count: u32, params: Params) -> Task {
    let prompt = "a quiet \"harbour\" {seed}".to_owned();
    Task {
        account_id: AccountId(Uuid::from_u128(1)),
        job_id: JobId(Uuid::from_u128(2)),
        run: 1,
        attempt: 1,
        fencing: 2,
        queued_at: chrono::DateTime::UNIX_EPOCH,
        request: JobRequest { kind, model: "painter".into(), prompt, count, params }.into(),
        is_metered: false,
    }
}

/// One picture, nothing else wished for.
pub(crate) fn picture() -> Task {
    task(Kind::Image, 1, Params::default())
}

pub(crate) fn route(model: &str) -> Route {
    Route::new("acme", model)
}

pub(crate) fn route_with(model: &str, inputs: Value) -> Route {
    let Value::Object(inputs) = inputs else { panic!("inputs are an object") };
    Route { inputs, ..route(model) }
}

/// What a submit led to, such as `accepted r-1` or `permanent moderation_input, billed no`.
pub(crate) async fn submitted(provider: &HttpProvider, model: &str) -> String {
    match provider.submit(&picture(), &route(model)).await {
        Ok(Submission::Accepted(id)) => format!("accepted {id}"),
        Ok(Submission::Done(made)) => format!("done {}", told(&made)),
        Err(failure) => failed(&failure),
    }
}

/// How far a task is, such as `working`, `done 1.png`, `gone`, `failed transient provider_failed`, or what asking failed
/// with.
pub(crate) async fn polled(provider: &HttpProvider, id: &str) -> String {
    match provider.poll(id).await {
        Ok(Progress::Working) => "working".to_owned(),
        Ok(Progress::Gone) => "gone".to_owned(),
        Ok(Progress::Done(made)) => format!("done {}", told(&made)),
        Ok(Progress::Failed(failure)) => format!("failed {}", failed(&failure)),
        Err(failure) => format!("unanswered: {}", failed(&failure)),
    }
}

/// What became of a wish to stop, such as `Stopped`.
pub(crate) async fn cancelled(provider: &HttpProvider, id: &str) -> String {
    match provider.cancel(id).await {
        Ok(cancelled) => format!("{cancelled:?}"),
        Err(failure) => format!("unanswered: {}", failed(&failure)),
    }
}

/// The artifacts: the ends of their addresses, or their bytes as text, with lengths.
pub(crate) fn told(made: &[Artifact]) -> String {
    let each = made.iter().map(|artifact| {
        assert_eq!(artifact.facts, None);
        let content = match &artifact.content {
            Content::Remote(remote) => {
                assert_eq!(remote.origin.hosts, ["*.media.test"]);
                assert!(remote.origin.is_private);
                assert_eq!(remote.origin.max_bytes, 1_000);
                remote.url.strip_prefix("https://a.media.test/").unwrap().to_owned()
            }
            Content::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Content::Spooled(file) => format!("{} bytes on the disk", file.length()),
        };
        let length = artifact.duration_milliseconds.map(|length| format!(" ({length} ms)"));
        content + &length.unwrap_or_default()
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A failure, after a look that it gives away nothing.
pub(crate) fn failed(failure: &ProviderFailure) -> String {
    for text in [format!("{failure}"), format!("{failure:?}")] {
        assert!(!text.contains(KEY) && !text.contains("raw words"), "{text}");
    }
    let billed = failure.failure.billed.map(|billed| format!(", billed {billed:?}").to_lowercase());
    let wait = failure.retry_after.map(|wait| format!(", again in {} s", wait.as_secs()));
    let person = if failure.gives_up { ", for a person" } else { "" };
    let (class, code) = (failure.failure.class.as_str(), &failure.failure.code);
    format!("{class} {code}{}{}{person}", billed.unwrap_or_default(), wait.unwrap_or_default())
}
