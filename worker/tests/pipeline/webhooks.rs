//! Work that a provider reports by webhook: it is asked after at once, and what was accepted without an answer is found. A
//! report alone moves nothing.

use crate::over_http::{KEY, options, settings};
use crate::rig::{Rig, catalogue_with, eventually};
use embedded::providers::{Fault, MockOptions, MockProvider, Protocol, Report, Step, Trouble, WebhookFault};
use ledger::AccountId;
use ledger::catalogue::Route;
use ledger::job::{JobCommand, JobState, Status};
use ledger::{JobId, Role};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use webhooks::{
    Address, Described, KeySet, Knock, Reception, Reference, ReportOptions, Signal, Signing, StandardSecret,
    WebhookKey, signals,
};
use worker::WorkerOptions;
use worker::provider::http::{Adapter, GenericOptions, HttpOptions, HttpProvider};

/// No poll by itself comes within a test.
const HOUR: Duration = Duration::from_secs(3_600);

fn key() -> WebhookKey {
    WebhookKey::new(&[7; 32]).unwrap()
}

/// What stands where the API would: it takes what is proved, and tells nobody why it does not take something.
struct Door {
    url: String,
}

impl Door {
    async fn open(rig: &Rig, signing: Signing) -> Door {
        let reception = Arc::new(Reception::default().with("mock", key(), signing));
        let pool = rig.database().pool(Role::Appender, 2).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reception, pool) = (Arc::clone(&reception), pool.clone());
                tokio::spawn(async move { serve(stream, &reception, &pool).await });
            }
        });
        Door { url }
    }
}

/// Answers one request and closes the connection.
async fn serve(mut stream: TcpStream, reception: &Reception, pool: &deadpool_postgres::Pool) {
    let mut received = Vec::new();
    let (head, body) = loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
                break (head.to_owned(), body.to_owned());
            }
        }
        if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let status = if take(&head, &body, reception, pool).await { "200 OK" } else { "403 Forbidden" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap_or_default();
}

async fn take(head: &str, body: &str, reception: &Reception, pool: &deadpool_postgres::Pool) -> bool {
    let path = head.split(' ').nth(1).unwrap();
    let (path, mac) = path.split_once("?mac=").unwrap();
    let parts: Vec<&str> = path.trim_start_matches("/v1/webhooks/").split('/').collect();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: HeaderMap = headers
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let knock = Knock { provider: parts[0], account: parts[1], reference: parts[2], mac };
    let Ok(door) = reception.admit(knock) else { return false };
    let Ok(signal) = door.read(&headers, body.as_bytes(), chrono::Utc::now()).await else { return false };
    signals::note(&**pool.get().await.unwrap(), &signal).await.unwrap();
    true
}

/// A provider that reports, and a worker that asks it by itself only once an hour.
struct Stage {
    rig: Rig,
    mock: MockProvider,
    worker: Option<crate::rig::Running>,
}

impl Stage {
    async fn start(protocol: Protocol, change: impl FnOnce(&mut WorkerOptions)) -> Stage {
        let adapter = if protocol == Protocol::Fal { Adapter::Fal } else { Adapter::Replicate };
        let signing = |mock: &MockProvider| match protocol {
            Protocol::Fal => Signing::Fal(KeySet::at(&mock.keys_url()).unwrap()),
            _ => Signing::Standard(StandardSecret::parse(mock.webhook_secret()).unwrap()),
        };
        Stage::start_as(protocol, adapter, signing, change).await
    }

    async fn start_as(
        protocol: Protocol,
        adapter: Adapter,
        signing: impl FnOnce(&MockProvider) -> Signing,
        change: impl FnOnce(&mut WorkerOptions),
    ) -> Stage {
        let rig = Rig::start().await;
        let mock = MockOptions { key: Some(KEY.into()), ..MockOptions::default() };
        let mock = MockProvider::start(protocol, mock).await.unwrap();
        let door = Door::open(&rig, signing(&mock)).await;
        let settings = HttpOptions {
            webhook: Some(Address::new(&door.url, "mock", key())),
            poll_interval: HOUR,
            ..settings(&mock, adapter)
        };
        let provider = HttpProvider::new(&settings).unwrap();
        let mut options = options(&rig, provider, Route::new("mock", protocol.example_model()));
        // Whoever takes the poller's duty over asks after everything, and so sees without a report what was made.
        options.timings.duty_lease = HOUR;
        change(&mut options);
        let worker = Some(rig.run(options));
        Stage { rig, mock, worker }
    }

    /// Buys a picture that is under way until it is finished by hand, and has been asked after.
    async fn under_way(&self) -> (JobId, String) {
        self.mock.once(Fault::Fate(embedded::providers::Fate::Never));
        let id = self.rig.queue_one("scripted-image").await;
        self.rig.until_submitted(id).await;
        let asked = self.mock.asked(|record| record.statuses > 0).await;
        (id, asked.paid()[0].to_owned())
    }

    /// The webhooks, once there are so many.
    async fn reports(&self, count: usize) -> Vec<Report> {
        self.mock.asked(|record| record.reports.len() >= count).await.reports
    }

    async fn signals(&self) -> i64 {
        let query = "select count(*) from provider_signals";
        self.rig.reader().await.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn end(mut self) {
        if let Some(worker) = self.worker.take() {
            worker.stop().await;
        }
        self.mock.stop().await;
        self.rig.verify().await;
    }
}

/// Work takes three seconds at most, so nobody waits longer for a report.
fn impatient(options: &mut WorkerOptions) {
    let mut offer = worker::Offer::clone(&options.offer.borrow());
    offer.catalogue = catalogue_with("scripted-image", |model| {
        model.timeout_seconds = Some(3);
        model.routes = vec![Route::new("mock", Protocol::Fal.example_model())];
    });
    options.offer = offer.fixed();
}

fn code(job: &JobState) -> Option<&str> {
    job.failure.as_ref().map(|failure| failure.code.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reported_is_fetched_at_once_though_it_would_be_asked_after_in_an_hour() {
    for protocol in [Protocol::Fal, Protocol::Replicate] {
        let stage = Stage::start(protocol, |_| {}).await;
        let (id, task) = stage.under_way().await;
        assert!(stage.mock.finish(&task));
        let job = stage.rig.until(id, Status::Succeeded).await;
        assert_eq!((job.outputs.len(), stage.mock.record().paid().len()), (1, 1), "{protocol}");
        stage.end().await;
    }
}

/// Replicate as somebody describes it who has no adapter for it, with a signature or without.
fn described(signature: &str) -> (Adapter, ReportOptions) {
    let description = serde_json::json!({
        "submit": {
            "path": "/v1/models/{model}/predictions",
            "body": {"input": {"prompt": "{prompt}"}, "webhook": "{webhook}"},
        },
        "id": "/id",
        "status": {
            "request": {"path": "/v1/predictions/{id}"},
            "state": "/status",
            "states": {"starting": "queued", "processing": "running", "succeeded": "done", "failed": "failed"},
        },
        "outputs": "/output",
        "webhook": {"signature": signature},
    });
    let description: GenericOptions = serde_json::from_value(description).unwrap();
    let report = description.webhook.clone().unwrap();
    (Adapter::Generic(Box::new(description)), report)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_described_service_reports_too_and_makes_up_for_a_lost_answer() {
    for signature in ["standard", "none"] {
        let (adapter, report) = described(signature);
        let signing = |mock: &MockProvider| {
            Signing::Described(Described::new(&report, mock.webhook_secret(), "/id").unwrap())
        };
        let stage = Stage::start_as(Protocol::Replicate, adapter, signing, |_| {}).await;
        let (id, task) = stage.under_way().await;
        assert!(stage.mock.finish(&task));
        let job = stage.rig.until(id, Status::Succeeded).await;
        assert_eq!((job.outputs.len(), stage.mock.record().paid().len()), (1, 1), "{signature}");

        stage.mock.once(Fault::after(Step::Submit, Trouble::HangUp));
        let lost = stage.rig.queue_one("scripted-image").await;
        stage.rig.until(lost, Status::Succeeded).await;
        assert_eq!(stage.mock.record().paid().len(), 2, "{signature}");
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_made_up_for_by_a_report_and_paid_once() {
    for protocol in [Protocol::Fal, Protocol::Replicate] {
        let stage = Stage::start(protocol, |_| {}).await;
        stage.mock.once(Fault::after(Step::Submit, Trouble::HangUp));
        let id = stage.rig.queue_one("scripted-image").await;
        let job = stage.rig.until(id, Status::Succeeded).await;
        assert_eq!((job.outputs.len(), stage.mock.record().paid().len()), (1, 1), "{protocol}");
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_which_nothing_is_reported_waits_for_a_person_in_the_end() {
    let stage = Stage::start(Protocol::Fal, impatient).await;
    stage.mock.always(Fault::Webhook(WebhookFault::Never));
    stage.mock.once(Fault::after(Step::Submit, Trouble::HangUp));
    let id = stage.rig.queue_one("scripted-image").await;
    let job = stage.rig.until(id, Status::Dead).await;
    assert_eq!((code(&job), stage.mock.record().paid().len()), (Some("submit_unknown"), 1));
    let events = stage.rig.events(id).await;
    let tries = events.iter().filter(|name| **name == "job.started").count();
    assert!(tries > 2 && tries < 20, "it is waited for, and not hotly: {events:?}");
    stage.end().await;
}

/// It came after a person was asked, and before that person had answered.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_reported_of_an_earlier_run_is_taken_by_its_retry() {
    let stage = Stage::start(Protocol::Fal, impatient).await;
    stage.mock.always(Fault::Webhook(WebhookFault::Never));
    stage.mock.once(Fault::after(Step::Submit, Trouble::HangUp));
    let id = stage.rig.queue_one("scripted-image").await;
    stage.rig.until(id, Status::Dead).await;
    let task_id = stage.mock.record().paid()[0].to_owned();
    let signal = Signal {
        provider: "mock".into(),
        event_id: "at last".into(),
        account_id: stage.rig.account,
        reference: Reference { job_id: id, run: 1, fencing: 2 },
        task_id,
    };
    signals::note(&stage.rig.owner().await, &signal).await.unwrap();
    stage.rig.ask(id, JobCommand::Retry { run: Some(1), reason: None }).await;
    let job = stage.rig.until(id, Status::Succeeded).await;
    assert_eq!((job.outputs.len(), stage.mock.record().paid().len()), (1, 1));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_forged_or_old_changes_nothing() {
    for fault in [WebhookFault::Forged, WebhookFault::Old] {
        let stage = Stage::start(Protocol::Replicate, |_| {}).await;
        stage.mock.always(Fault::Webhook(fault.clone()));
        let (id, task) = stage.under_way().await;
        assert!(stage.mock.finish(&task));
        let reports = stage.reports(2).await;
        assert!(reports.iter().all(|report| report.status == Some(403)), "{fault:?}: {reports:?}");
        assert_eq!(
            (stage.signals().await, stage.rig.job(id).await.status),
            (0, Status::Running),
            "{fault:?}"
        );
        assert_eq!(stage.rig.events(id).await.last(), Some(&"job.submitted"));
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_twice_counts_once() {
    let stage = Stage::start(Protocol::Fal, |_| {}).await;
    stage.mock.always(Fault::Webhook(WebhookFault::Twice));
    let (id, task) = stage.under_way().await;
    assert!(stage.mock.finish(&task));
    let job = stage.rig.until(id, Status::Succeeded).await;
    let reports = stage.reports(2).await;
    assert!(reports.iter().all(|report| report.status == Some(200)), "{reports:?}");
    assert_eq!((stage.signals().await, job.outputs.len()), (1, 1));
    let events = stage.rig.events(id).await;
    assert_eq!(events.iter().filter(|name| **name == "job.succeeded").count(), 1, "{events:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_when_all_is_over_changes_nothing() {
    let stage = Stage::start(Protocol::Fal, |_| {}).await;
    stage.mock.always(Fault::Webhook(WebhookFault::Late(Duration::from_millis(500))));
    // It is made when it is asked after for the first time, so nobody waits for the report.
    let id = stage.rig.queue_one("scripted-image").await;
    stage.rig.until(id, Status::Succeeded).await;
    let before = stage.rig.events(id).await;
    stage.reports(1).await;
    let taken = "select count(*) from provider_signals where taken_at is not null";
    eventually("the poller takes notice", async || {
        stage.rig.reader().await.query_one(taken, &[]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    assert_eq!(stage.rig.events(id).await, before);
    stage.end().await;
}

/// A report that names a task which another job has is believed of neither.
#[tokio::test(flavor = "multi_thread")]
async fn work_of_one_job_is_not_taken_for_the_lost_work_of_another() {
    for protocol in [Protocol::Fal, Protocol::Replicate] {
        let stage = Stage::start(protocol, |_| {}).await;
        let (_, others) = stage.under_way().await;
        stage.mock.always(Fault::Webhook(WebhookFault::NamesAnother(others.clone())));
        stage.mock.once(Fault::after(Step::Submit, Trouble::HangUp));
        let id = stage.rig.queue_one("scripted-image").await;
        let told = "select count(*) from provider_signals where job_id = $1 and task_id = $2";
        let reader = stage.rig.reader().await;
        eventually("it is told wrongly", async || {
            reader.query_one(told, &[&id.0, &others]).await.unwrap().get::<_, i64>(0) > 0
        })
        .await;
        let starts = async || {
            let events = stage.rig.events(id).await;
            events.iter().filter(|name| **name == "job.started").count()
        };
        let before = starts().await;
        eventually("it is looked for again", async || starts().await > before + 1).await;
        let events = stage.rig.events(id).await;
        assert!(!events.contains(&"job.submitted"), "{protocol}: {events:?}");
        stage.end().await;
    }
}

/// A report that names nothing that the provider knows is not believed either.
#[tokio::test(flavor = "multi_thread")]
async fn lost_work_counts_only_once_the_provider_confirms_it() {
    let stage = Stage::start(Protocol::Replicate, |_| {}).await;
    stage.mock.always(Fault::Webhook(WebhookFault::NamesAnother("nobodystask".into())));
    stage.mock.once(Fault::after(Step::Submit, Trouble::HangUp));
    let id = stage.rig.queue_one("scripted-image").await;
    let asked = stage.mock.asked(|record| record.statuses >= 2).await;
    assert_eq!(asked.paid().len(), 1);
    let events = stage.rig.events(id).await;
    assert!(!events.contains(&"job.submitted"), "{events:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_reports_are_removed() {
    let rig = Rig::start().await;
    let insert = "insert into provider_signals (provider, event_id, account_id, job_id, run, fencing, task_id, received_at)
        values ('mock', 'old', $1, $1, 1, 2, 'a', now() - interval '8 days'),
            ('mock', 'new', $1, $1, 1, 2, 'b', now() - interval '6 days')";
    let AccountId(account) = rig.account;
    rig.owner().await.execute(insert, &[&account]).await.unwrap();
    let worker = rig.worker("one");
    let reader = rig.reader().await;
    eventually("only the young one is left", async || {
        let rows = reader.query("select event_id from provider_signals", &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, &str>(0)).eq(["new"])
    })
    .await;
    worker.stop().await;
}
