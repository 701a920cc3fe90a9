//! The whole path over real HTTP, against servers that speak the providers' protocols and fail on demand: what becomes of
//! the job, and how often the provider is paid.

use crate::rig::{Rig, catalogue_with, eventually};
use embedded::providers::{
    Fate, Fault, FileFault, MockOptions, MockProvider, Protocol, Refusal, RetryAfter, Step, Trouble,
};
use ledger::catalogue::Route;
use ledger::job::Status;
use std::time::Duration;
use worker::provider::http::{Adapter, HttpOptions, HttpProvider, ProviderKey};
use worker::{Offer, WorkerOptions};

pub(crate) const KEY: &str = "k3y-secret";

/// A fault that strikes once, and what follows: the job's status, why it failed, and how many tasks the provider accepted.
type Case = (&'static str, Fault, Status, Option<&'static str>, usize);

fn submit(trouble: impl Into<Trouble>) -> Fault {
    Fault::instead(Step::Submit, trouble)
}

fn answer_lost(trouble: Trouble) -> Fault {
    Fault::after(Step::Submit, trouble)
}

/// Faults of asking for work, which every protocol knows.
fn of_submits() -> Vec<Case> {
    let unknown = Some("submit_unknown");
    let busy = |after| submit(Refusal::Busy(after));
    vec![
        ("429 with seconds", busy(RetryAfter::Seconds(1)), Status::Succeeded, None, 1),
        ("429 with a date", busy(RetryAfter::Date(Duration::from_secs(1))), Status::Succeeded, None, 1),
        ("429 and nothing", busy(RetryAfter::Absent), Status::Succeeded, None, 1),
        ("503", submit(Refusal::Down(503)), Status::Succeeded, None, 1),
        (
            "a redirect",
            submit(Trouble::Redirect("http://169.254.169.254/".into())),
            Status::Succeeded,
            None,
            1,
        ),
        ("500", submit(Refusal::Down(500)), Status::Dead, unknown, 0),
        ("accepted, then 502", answer_lost(Refusal::Down(502).into()), Status::Dead, unknown, 1),
        ("accepted, then cut", answer_lost(Trouble::HangUp), Status::Dead, unknown, 1),
        ("accepted, then garbage", answer_lost(Trouble::Garbage), Status::Dead, unknown, 1),
        ("accepted, then silence", answer_lost(Trouble::Silence), Status::Dead, unknown, 1),
    ]
}

/// Faults of what is accepted and asked after; how refused content and a task that is forgotten are called differs.
fn of_tasks(refused: &'static str, forgotten: &'static str) -> Vec<Case> {
    let status = |trouble: Trouble| Fault::instead(Step::Status, trouble);
    vec![
        ("500 while it is made", status(Refusal::Down(500).into()), Status::Succeeded, None, 1),
        ("garbage while it is made", status(Trouble::Garbage), Status::Succeeded, None, 1),
        ("endless words while it is made", status(Trouble::Endless), Status::Succeeded, None, 1),
        ("cut while it is made", status(Trouble::HangUp), Status::Succeeded, None, 1),
        ("refused content", Fault::Fate(Fate::Moderated), Status::Failed, Some(refused), 1),
        ("forgotten", Fault::Fate(Fate::Gone), Status::Dead, Some(forgotten), 1),
        (
            "a file that is not there",
            Fault::File(FileFault::Missing),
            Status::Dead,
            Some("output_expired"),
            1,
        ),
        ("a file that is a page", Fault::File(FileFault::WrongType), Status::Dead, Some("output_type"), 1),
        ("a file without end", Fault::File(FileFault::Endless), Status::Dead, Some("output_too_large"), 1),
        ("a file that is cut", Fault::File(FileFault::Cut), Status::Succeeded, None, 1),
        (
            "a file in a private network",
            Fault::File(FileFault::Elsewhere("http://169.254.169.254/secret".into())),
            Status::Dead,
            Some("output_refused"),
            1,
        ),
    ]
}

fn provider(mock: &MockProvider, adapter: Adapter) -> HttpProvider {
    HttpProvider::new(&settings(mock, adapter)).unwrap()
}

/// How a mock provider is reached.
pub(crate) fn settings(mock: &MockProvider, adapter: Adapter) -> HttpOptions {
    HttpOptions {
        base_url: Some(mock.base_url()),
        key: Some(ProviderKey::parse(KEY).unwrap()),
        is_private: true,
        output_hosts: vec!["127.0.0.1".into()],
        max_output_bytes: 1 << 20,
        poll_interval: Duration::from_millis(50),
        ..HttpOptions::new("mock", adapter)
    }
}

/// A worker that has scripted pictures made there.
pub(crate) fn options(rig: &Rig, provider: HttpProvider, route: Route) -> WorkerOptions {
    let mut options = rig.options("one");
    let catalogue = catalogue_with("scripted-image", |model| model.routes = vec![route]);
    let offer = rig.offer();
    options.offer = Offer { catalogue, providers: offer.providers.with("mock", provider), ..offer }.fixed();
    options.timings.attempt = Duration::from_secs(10);
    options
}

/// Buys a picture under each fault and holds what comes of it to the table.
async fn holds(protocol: Protocol, adapter: Adapter, inputs: serde_json::Value, cases: Vec<Case>) {
    let rig = Rig::start().await;
    let mock = MockProvider::start(protocol, MockOptions { key: Some(KEY.into()), ..MockOptions::default() });
    let mock = mock.await.unwrap();
    let inputs = inputs.as_object().cloned().unwrap_or_default();
    let route = Route { inputs, ..Route::new("mock", protocol.example_model()) };
    let worker = rig.run(options(&rig, provider(&mock, adapter), route));
    let mut paid = 0;
    for (what, fault, status, code, accepted) in cases {
        mock.heal();
        mock.once(fault);
        let id = rig.queue_one("scripted-image").await;
        eventually(what, async || rig.job(id).await.status.is_finished()).await;
        let job = rig.job(id).await;
        let told = job.failure.as_ref().map(|failure| failure.code.as_str());
        let now = mock.record().paid().len();
        assert_eq!((job.status, told, now - paid), (status, code, accepted), "{what} at {}", protocol.name());
        paid = now;
    }
    worker.stop().await;
    mock.stop().await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fal_is_paid_once_whatever_goes_wrong() {
    let mut cases = [of_submits(), of_tasks("moderation_input", "task_gone")].concat();
    let result = Fault::instead(Step::Result, Refusal::Down(500));
    cases.push(("500 for what was made", result, Status::Succeeded, None, 1));
    holds(Protocol::Fal, Adapter::Fal, serde_json::json!({}), cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicate_is_paid_once_whatever_goes_wrong() {
    holds(
        Protocol::Replicate,
        Adapter::Replicate,
        serde_json::json!({}),
        [of_submits(), of_tasks("moderation_output", "output_expired")].concat(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_is_paid_once_whatever_goes_wrong() {
    let mut cases = of_submits();
    let refused = Fault::Fate(Fate::Moderated);
    cases.push(("refused content", refused, Status::Failed, Some("moderation_input"), 0));
    let inputs = serde_json::json!({ "size": "1024x1024" });
    holds(Protocol::OpenAi, Adapter::OpenAi, inputs, cases).await;
}
