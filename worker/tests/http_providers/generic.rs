//! Services that are described by configuration alone.

use crate::served::{Reply, Served};
use crate::support::{
    REFERENCE, cancelled, options, picture, polled, provider, route, submitted, task, told,
};
use ledger::job::{Kind, Params};
use serde_json::{Value, json};
use webhooks::{Address, WebhookKey};
use worker::provider::http::{Adapter, HttpOptions, HttpProvider};
use worker::provider::{Found, Provider, Submission};

/// A service whose tasks are watched.
fn described() -> Value {
    json!({
        "key": {"header": "X-Api-Key"},
        "submit": {
            "path": "/v2/{model}/tasks",
            "query": {"wait": "no", "seed": "{seed}"},
            "headers": {"Idempotency-Key": "{reference}"},
            "body": {
                "text": "{prompt}", "n": "{count}", "steps": 30, "label": "{{as it is}}",
                "size": {"w": "{width}", "h": "{height}"}, "length": "{seconds}", "client": "{reference}",
            },
        },
        "id": "/task/id",
        "status": {
            "request": {"path": "/v2/tasks/{id}", "query": {"full": "true"}},
            "state": "/task/state",
            "states": {"waiting": "queued", "busy": "running", "1": "running", "ready": "done",
                "broken": "failed", "forgotten": "gone"},
        },
        "result": {"method": "POST", "path": "/v2/results", "body": {"of": "{id}"}},
        "outputs": "/files",
        "duration": "/length",
        "error": "/task/why",
        "moderation": ["naughty"],
        "cancel": {"method": "DELETE", "path": "/v2/tasks/{id}"},
        "find": {"request": {"path": "/v2/search", "query": {"client": "{reference}"}}, "id": "/found/0/id",
            "absent_is_certain": true},
    })
}

fn adapter(described: Value) -> Adapter {
    Adapter::Generic(Box::new(serde_json::from_value(described).unwrap()))
}

#[tokio::test]
async fn a_service_is_used_as_it_is_described() {
    let served = Served::new([
        Reply::json(200, json!({"task": {"id": 17}})),
        Reply::json(200, json!({"task": {"state": "waiting"}})),
        Reply::json(200, json!({"task": {"state": 1}})),
        Reply::json(200, json!({"task": {"state": "ready"}})),
        Reply::json(200, json!({"files": ["https://a.media.test/1.mp4"], "length": "4.5"})),
    ])
    .await;
    let acme = provider(&served, adapter(described()));
    let params = Params { width: Some(640), height: None, seed: None, seconds: Some(5) };
    let submitted = acme.submit(&task(Kind::Video, 1, params), &route("clips/v1")).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("the service answers with a task") };
    assert_eq!(id, "17");

    let asked = served.asked().remove(0);
    assert_eq!(asked.line(), "POST /v2/clips/v1/tasks?wait=no");
    assert_eq!(asked.headers["x-api-key"], "k3y-secret");
    assert_eq!(asked.headers["idempotency-key"], REFERENCE);
    assert!(!asked.headers.contains_key("authorization"));
    let body = json!({"text": "a quiet \"harbour\" {seed}", "n": 1, "steps": 30, "label": "{as it is}",
        "size": {"w": 640}, "length": 5, "client": REFERENCE});
    assert_eq!(asked.json(), body);

    for expected in ["working", "working", "done 1.mp4 (4500 ms)"] {
        assert_eq!(polled(&acme, &id).await, expected);
    }
    let asked = served.asked();
    assert_eq!(asked[3].json(), json!({"of": "17"}));
    let lines: Vec<String> = asked.iter().map(|asked| asked.line()).collect();
    let status = "GET /v2/tasks/17?full=true";
    assert_eq!(lines, [status, status, status, "POST /v2/results"]);
}

#[tokio::test]
async fn a_service_that_reports_is_told_where() {
    let accepted = || Reply::json(200, json!({"task": {"id": "17"}}));
    let served = Served::new([accepted(), accepted()]).await;
    let mut described = described();
    described["submit"]["body"] = json!({"text": "{prompt}", "callback": "{webhook}"});
    described["webhook"] = json!({"signature": "none"});
    let address = Address::new("https://cooly.test", "acme", WebhookKey::new(&[7; 32]).unwrap());
    let settings = HttpOptions { webhook: Some(address), ..options(&served.url, adapter(described.clone())) };
    let reporting = HttpProvider::new(&settings).unwrap();
    assert!(reporting.reports());
    assert_eq!(submitted(&reporting, "m").await, "accepted 17");
    let told = served.asked().remove(0).json()["callback"].as_str().unwrap().to_owned();
    let expected = format!("https://cooly.test/v1/webhooks/acme/{}/{REFERENCE}?mac=", picture().account_id);
    assert!(told.starts_with(&expected), "{told}");

    let asked = provider(&served, adapter(described));
    assert!(!asked.reports());
    assert_eq!(submitted(&asked, "m").await, "accepted 17");
    assert_eq!(served.asked().remove(0).json(), json!({"text": "a quiet \"harbour\" {seed}"}));
}

#[tokio::test]
async fn how_a_task_ends() {
    let served = Served::new([]).await;
    let acme = provider(&served, adapter(described()));
    for (reply, expected) in [
        (json!({"task": {"state": "broken", "why": "naughty"}}), "failed permanent moderation_output"),
        (
            json!({"task": {"state": "broken", "why": "tired"}}),
            "failed transient provider_failed, billed unknown",
        ),
        (json!({"task": {"state": "broken"}}), "failed transient provider_failed, billed unknown"),
        (json!({"task": {"state": "forgotten"}}), "gone"),
        (json!({"task": {"state": "dreaming"}}), "unanswered: transient answer_unreadable"),
        (json!({"task": {}}), "unanswered: transient answer_unreadable"),
    ] {
        served.will_answer([Reply::json(200, reply.clone())]);
        assert_eq!(polled(&acme, "17").await, expected, "{reply}");
    }
    let ready = || Reply::json(200, json!({"task": {"state": "ready"}}));
    for (reply, expected) in [
        (Reply::text(404, ""), "gone"),
        (Reply::text(500, "raw words"), "unanswered: transient provider_error"),
        (Reply::text(200, "raw words"), "unanswered: transient answer_unreadable"),
        (Reply::json(200, json!({"files": []})), "done "),
    ] {
        served.will_answer([ready(), reply.clone()]);
        assert_eq!(polled(&acme, "17").await, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn a_submit_that_is_refused() {
    let served = Served::new([]).await;
    let acme = provider(&served, adapter(described()));
    let why = |word: &str| json!({"task": {"why": word}});
    for (status, body, expected) in [
        (400, why("naughty"), "permanent moderation_input, billed no"),
        (400, why("insufficient_balance"), "throttled provider_quota, billed no, again in 60 s"),
        (400, why("raw words"), "permanent invalid_request, billed no"),
        (500, why("naughty"), "transient provider_error, billed unknown"),
        (200, json!({"task": {}}), "transient answer_unreadable, billed unknown"),
        (200, json!({"task": {"id": "a b"}}), "transient answer_unreadable, billed unknown"),
    ] {
        served.will_answer([Reply::json(status, body.clone())]);
        assert_eq!(submitted(&acme, "m").await, expected, "{status} {body}");
    }
    served.asked();
    assert_eq!(submitted(&acme, "../admin").await, "transient route_invalid, billed no");
    assert!(served.lines().is_empty(), "no model leads out of the path");
}

#[tokio::test]
async fn a_lost_submit_is_asked_after_where_that_is_described() {
    let served = Served::new([]).await;
    let certain = provider(&served, adapter(described()));
    let mut described = described();
    described["find"]["absent_is_certain"] = json!(false);
    let careful = provider(&served, adapter(described.clone()));
    described.as_object_mut().unwrap().remove("find");
    let blind = provider(&served, adapter(described));
    let empty = || Reply::json(200, json!({"found": []}));
    let found = Reply::json(200, json!({"found": [{"id": "17"}]}));
    for (provider, reply, expected) in [
        (&certain, found.clone(), Ok(Found::Accepted("17".into()))),
        (&careful, found, Ok(Found::Accepted("17".into()))),
        (&certain, empty(), Ok(Found::NotAccepted)),
        (&careful, empty(), Ok(Found::CannotTell)),
        (&certain, Reply::text(404, ""), Ok(Found::NotAccepted)),
        (&careful, Reply::text(404, ""), Ok(Found::CannotTell)),
        (&certain, Reply::text(200, "<html>"), Ok(Found::CannotTell)),
        (&certain, Reply::text(500, ""), Err("provider_error")),
        (&certain, Reply::Cut, Err("answer_lost")),
    ] {
        served.will_answer([reply.clone()]);
        let told = provider.find(REFERENCE).await.map_err(|failure| failure.failure.code);
        assert_eq!(told, expected.map_err(str::to_owned), "{reply:?}");
        assert_eq!(served.lines(), [format!("GET /v2/search?client={REFERENCE}")]);
    }
    assert_eq!(blind.find(REFERENCE).await.unwrap(), Found::CannotTell);
    assert!(served.lines().is_empty());
}

#[tokio::test]
async fn a_task_is_stopped_where_that_is_described() {
    let served = Served::new([]).await;
    let acme = provider(&served, adapter(described()));
    for (status, expected) in
        [(204, "Stopped"), (404, "TooLate"), (409, "TooLate"), (500, "unanswered: transient provider_error")]
    {
        served.will_answer([Reply::text(status, "")]);
        assert_eq!(cancelled(&acme, "17").await, expected);
        assert_eq!(served.lines(), ["DELETE /v2/tasks/17"]);
    }
    let mut described = described();
    described.as_object_mut().unwrap().remove("cancel");
    let acme = provider(&served, adapter(described));
    assert_eq!(cancelled(&acme, "17").await, "unanswered: transient cancel_unsupported");
    // An id never leads to another request.
    assert_eq!(polled(&acme, "../../admin").await, "unanswered: transient task_foreign");
    assert!(served.lines().is_empty());
}

#[tokio::test]
async fn an_answer_may_be_the_work_itself() {
    let served = Served::new([Reply::json(200, json!({"art": {"b64_json": "aGFsbG8="}}))]).await;
    let described = json!({"submit": {"path": "/draw", "body": {"text": "{prompt}"}}, "outputs": "/art",
        "has_inline_outputs": true});
    let mut settings = options(&served.url, adapter(described));
    settings.key = None;
    let acme = HttpProvider::new(&settings).unwrap();
    let Submission::Done(made) = acme.submit(&picture(), &route("m")).await.unwrap() else { panic!() };
    assert_eq!(told(&made), "hallo");
    assert!(!served.asked()[0].headers.contains_key("authorization"));
    for (reply, expected) in [
        (Reply::Endless(200), "transient output_too_large, billed yes, for a person"),
        (Reply::text(200, "raw words"), "transient answer_unreadable, billed unknown"),
        (Reply::json(200, json!({})), "done "),
    ] {
        served.will_answer([reply.clone()]);
        assert_eq!(submitted(&acme, "m").await, expected, "{reply:?}");
    }
    assert_eq!(polled(&acme, "x").await, "unanswered: transient task_foreign");
}
