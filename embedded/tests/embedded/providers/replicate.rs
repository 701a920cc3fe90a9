//! Replicate's predictions, as its documentation shows them with curl.

use super::{KEY, LONG, client, drawn, sent, start};
use embedded::providers::{Fate, Fault, MockProvider, Protocol};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::time::Duration;

fn create(replicate: &MockProvider, path: &str, body: &Value) -> RequestBuilder {
    client().post(format!("{}/v1/{path}", replicate.base_url())).bearer_auth(KEY).json(body)
}

fn get(url: &Value) -> RequestBuilder {
    client().get(url.as_str().unwrap()).bearer_auth(KEY)
}

fn post(url: &Value) -> RequestBuilder {
    client().post(url.as_str().unwrap()).bearer_auth(KEY)
}

/// Creates a prediction of an official model.
async fn created(replicate: &MockProvider) -> Value {
    let body = json!({ "input": { "prompt": "a cat" } });
    let (status, prediction) = sent(create(replicate, "models/a/b/predictions", &body)).await;
    assert_eq!(status, 201, "{prediction}");
    prediction
}

#[tokio::test]
async fn a_prediction_starts_and_succeeds() {
    let replicate = start(Protocol::Replicate, LONG).await;
    let root = replicate.base_url();
    let base = format!("{root}/v1");
    let input = json!({ "prompt": "a cat", "width": 64, "height": 32, "num_outputs": 2, "seed": 7 });
    let body = json!({ "version": "stability-ai/sdxl:39ed52f2", "input": input, "webhook": "https://a.example/job-2?x=1" });
    let (status, prediction) = sent(create(&replicate, "predictions", &body)).await;
    let id = prediction["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 26);
    let mut expected = json!({
        "id": id, "model": "stability-ai/sdxl", "version": "39ed52f2", "input": input, "logs": "", "output": null,
        "data_removed": false, "error": null, "status": "starting", "created_at": prediction["created_at"],
        "urls": {
            "get": format!("{base}/predictions/{id}"), "cancel": format!("{base}/predictions/{id}/cancel"),
            "web": format!("https://replicate.com/p/{id}"),
        },
    });
    assert_eq!((status, &prediction), (201, &expected));
    let url = &prediction["urls"]["get"];
    assert_eq!(sent(get(url)).await, (200, expected.clone()));
    replicate.begin(&id);
    let (_, running) = sent(get(url)).await;
    assert_eq!((&running["status"], running["started_at"].is_string()), (&json!("processing"), true));

    replicate.finish(&id);
    let (status, done) = sent(get(url)).await;
    expected["status"] = json!("succeeded");
    expected["output"] = json!([format!("{root}/files/{id}/0.png"), format!("{root}/files/{id}/1.png")]);
    for measured in ["started_at", "completed_at", "metrics"] {
        expected[measured] = done[measured].clone();
    }
    assert_eq!((status, &done), (200, &expected));
    assert!(done["metrics"]["predict_time"].is_f64() && done["completed_at"].is_string(), "{done}");
    let file = reqwest::get(done["output"][1].as_str().unwrap()).await.unwrap().bytes().await.unwrap();
    assert_eq!(drawn(&file), (64, 32, 1));
    assert_eq!(replicate.record().paid_for("job-2"), [id.as_str()]);
}

#[tokio::test]
async fn a_client_may_wait_for_the_end() {
    let replicate = start(Protocol::Replicate, Duration::from_millis(300)).await;
    let body = json!({ "input": { "prompt": "a cat" } });
    let waiting = create(&replicate, "models/a/b/predictions", &body).header("Prefer", "wait");
    let (status, prediction) = sent(waiting).await;
    assert_eq!((status, &prediction["status"]), (201, &json!("succeeded")));
    assert_eq!((&prediction["model"], &prediction["version"]), (&json!("a/b"), &json!("hidden")));

    replicate.once(Fault::Fate(Fate::Never));
    let in_vain = create(&replicate, "models/a/b/predictions", &body).header("Prefer", "wait=1");
    let (status, prediction) = sent(in_vain).await;
    assert_eq!((status, &prediction["status"]), (202, &json!("processing")));
}

#[tokio::test]
async fn a_deadline_aborts_what_was_not_begun_and_cancels_what_was() {
    let body = json!({ "input": { "prompt": "a cat" } });
    for (delay, expected) in [(LONG, "aborted"), (Duration::ZERO, "canceled")] {
        let replicate = start(Protocol::Replicate, delay).await;
        replicate.once(Fault::Fate(Fate::Never));
        let request = create(&replicate, "models/a/b/predictions", &body).header("Cancel-After", "1s");
        let (_, prediction) = sent(request).await;
        let mut status = prediction["status"].clone();
        while status == "starting" || status == "processing" {
            tokio::time::sleep(Duration::from_millis(50)).await;
            status = sent(get(&prediction["urls"]["get"])).await.1["status"].clone();
        }
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn a_cancellation_answers_with_the_prediction() {
    let replicate = start(Protocol::Replicate, LONG).await;
    let running = created(&replicate).await;
    let (status, cancelled) = sent(post(&running["urls"]["cancel"])).await;
    assert_eq!((status, &cancelled["status"], &cancelled["output"]), (200, &json!("canceled"), &Value::Null));
    let ended = created(&replicate).await;
    replicate.finish(ended["id"].as_str().unwrap());
    let (status, unchanged) = sent(post(&ended["urls"]["cancel"])).await;
    assert_eq!((status, &unchanged["status"]), (200, &json!("succeeded")), "as it was");
    let unknown = json!(format!("{}/v1/predictions/nonsense/cancel", replicate.base_url()));
    let not_found = json!({ "detail": "The requested resource could not be found.", "status": 404 });
    assert_eq!(sent(post(&unknown)).await, (404, not_found));
    replicate.once(Fault::Fate(Fate::TooLate));
    let late = created(&replicate).await;
    assert_eq!(sent(post(&late["urls"]["cancel"])).await.1["status"], "succeeded");
}

#[tokio::test]
async fn tasks_fail_in_its_words_and_outputs_vanish() {
    let replicate = start(Protocol::Replicate, Duration::ZERO).await;
    let fates = [
        (
            Fate::Moderated,
            "failed",
            json!("NSFW content detected. Try running it again, or try a different prompt."),
            false,
        ),
        (Fate::Failed, "failed", json!("An unknown error occurred (E1000)"), false),
        (Fate::Gone, "succeeded", Value::Null, true),
    ];
    for (fate, status, error, is_removed) in fates {
        replicate.once(Fault::Fate(fate));
        let ended = created(&replicate).await;
        let (_, told) = sent(get(&ended["urls"]["get"])).await;
        let facts = (&told["status"], &told["error"], &told["data_removed"], &told["output"]);
        assert_eq!(facts, (&json!(status), &error, &json!(is_removed), &Value::Null), "{fate:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_at_once() {
    let replicate = start(Protocol::Replicate, Duration::ZERO).await;
    let (status, refused) =
        sent(create(&replicate, "predictions", &json!({ "version": "1", "input": {} }))).await;
    let expected = json!({
        "title": "Input validation failed", "detail": "- input: prompt is required\n", "status": 422,
        "invalid_fields": [{ "type": "required", "field": "input", "description": "prompt is required" }],
    });
    assert_eq!((status, refused), (422, expected));
    let no_version = json!({ "input": { "prompt": "a cat" } });
    let (status, refused) = sent(create(&replicate, "predictions", &no_version)).await;
    assert_eq!((status, &refused["title"]), (422, &json!("Invalid version or not permitted")));

    let url = format!("{}/v1/predictions", replicate.base_url());
    let body = json!({ "version": "1", "input": { "prompt": "a cat" } });
    let (status, refused) = sent(client().post(&url).json(&body)).await;
    let expected = json!({
        "title": "Unauthenticated", "detail": "You did not pass an authentication token", "status": 401,
    });
    assert_eq!((status, refused), (401, expected));
    let (status, refused) = sent(client().post(&url).bearer_auth("another").json(&body)).await;
    assert_eq!((status, &refused["detail"]), (401, &json!("Invalid or expired API token.")));
    let record = replicate.record();
    assert_eq!((record.paid().len(), record.submits.len(), record.keys_refused), (0, 2, 2));
}
