//! fal's queue, as its documentation shows it with curl.

use super::{KEY, LONG, client, drawn, read, sent, start};
use embedded::providers::{Fate, Fault, MockProvider, Protocol};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::time::Duration;

fn keyed(request: RequestBuilder) -> RequestBuilder {
    request.header("Authorization", format!("Key {KEY}"))
}

fn get(url: &Value) -> RequestBuilder {
    keyed(client().get(url.as_str().unwrap()))
}

fn put(url: &Value) -> RequestBuilder {
    keyed(client().put(url.as_str().unwrap()))
}

/// Submits to a model and returns the receipt.
async fn submitted(fal: &MockProvider, model: &str, input: Value) -> Value {
    let (status, receipt) =
        sent(keyed(client().post(format!("{}/{model}", fal.base_url()))).json(&input)).await;
    assert_eq!(status, 200, "{receipt}");
    receipt
}

#[tokio::test]
async fn a_request_goes_through_the_queue() {
    let fal = start(Protocol::Fal, LONG).await;
    let base = fal.base_url();
    let input =
        json!({ "prompt": "a cat", "image_size": { "width": 64, "height": 32 }, "num_images": 2, "seed": 7 });
    let url = format!("{base}/fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fa.example%2Fhooks%2Fjob-1");
    let response = keyed(client().post(url)).json(&input).send().await.unwrap();
    let header = response.headers()["x-fal-request-id"].to_str().unwrap().to_owned();
    let (status, receipt) = read(response).await;
    let id = receipt["request_id"].as_str().unwrap().to_owned();
    let of_request = format!("{base}/fal-ai/flux/requests/{id}");
    let addresses = json!({
        "request_id": id,
        "response_url": of_request,
        "status_url": format!("{of_request}/status"),
        "cancel_url": format!("{of_request}/cancel"),
    });
    let with = |more: Value| {
        let mut all = addresses.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    assert_eq!((status, header), (200, id.clone()));
    assert_eq!(receipt, with(json!({ "status": "IN_QUEUE", "queue_position": 0 })));

    let (status_url, response_url) = (&receipt["status_url"], &receipt["response_url"]);
    let queued = with(json!({ "status": "IN_QUEUE", "queue_position": 0 }));
    assert_eq!(sent(get(status_url)).await, (202, queued));
    assert!(fal.begin(&id));
    let running = with(json!({ "status": "IN_PROGRESS", "logs": null }));
    assert_eq!(sent(get(status_url)).await, (202, running));
    let with_logs = json!(format!("{}?logs=1", status_url.as_str().unwrap()));
    let (_, logged) = sent(get(&with_logs)).await;
    assert_eq!(logged["logs"][0]["message"], "drawing");
    let early = sent(get(response_url)).await;
    assert_eq!(early, (400, json!({ "detail": "Request is still in progress" })));

    assert!(fal.finish(&id));
    let (status, completed) = sent(get(status_url)).await;
    let seconds = &completed["metrics"]["inference_time"];
    assert!(seconds.is_f64(), "{completed}");
    let expected = json!({ "status": "COMPLETED", "logs": null, "metrics": { "inference_time": seconds } });
    assert_eq!((status, &completed), (200, &with(expected)));
    let (status, result) = sent(get(response_url)).await;
    let image = |number: u64| {
        json!({ "url": format!("{base}/files/{id}/{number}.png"), "content_type": "image/png",
                "file_name": format!("{number}.png"), "width": 64, "height": 32 })
    };
    let expected = json!({
        "images": [image(0), image(1)], "timings": { "inference": seconds }, "seed": 7,
        "has_nsfw_concepts": [false, false], "prompt": "a cat",
    });
    assert_eq!((status, &result), (200, &expected));
    let file = reqwest::get(result["images"][1]["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(drawn(&file.bytes().await.unwrap()), (64, 32, 1));

    let record = fal.record();
    assert_eq!(record.paid_for("job-1"), [id.as_str()]);
    assert_eq!((record.statuses, record.results, record.files), (4, 2, 1));
    let submit = &record.submits[0];
    assert_eq!((submit.model.as_str(), submit.prompt.as_str()), ("fal-ai/flux/dev", "a cat"));
    assert_eq!(submit.input, input);
    assert!(!submit.headers.contains_key("authorization") && submit.headers.contains_key("content-type"));
    fal.stop().await;
}

#[tokio::test]
async fn what_is_cancelled_says_how_far_it_was() {
    let fal = start(Protocol::Fal, LONG).await;
    let mut receipts = Vec::new();
    for _ in 0..3 {
        receipts.push(submitted(&fal, "fal-ai/flux/dev", json!({ "prompt": "a cat" })).await);
    }
    fal.begin(receipts[1]["request_id"].as_str().unwrap());
    fal.finish(receipts[2]["request_id"].as_str().unwrap());
    let expected = [(200, "OK"), (202, "CANCELLATION_REQUESTED"), (400, "ALREADY_COMPLETED")];
    for (receipt, (status, word)) in receipts.iter().zip(expected) {
        assert_eq!(sent(put(&receipt["cancel_url"])).await, (status, json!({ "status": word })));
    }
    let again = sent(put(&receipts[0]["cancel_url"])).await;
    assert_eq!(again, (400, json!({ "status": "ALREADY_COMPLETED" })));
    let unknown = json!(format!("{}/fal-ai/flux/requests/nonsense/cancel", fal.base_url()));
    assert_eq!(sent(put(&unknown)).await, (404, json!({ "status": "NOT_FOUND" })));
    for receipt in &receipts[..2] {
        let (status, told) = sent(get(&receipt["status_url"])).await;
        assert_eq!(
            (status, &told["status"], &told["error_type"]),
            (200, &json!("COMPLETED"), &json!("client_cancelled"))
        );
        let response = get(&receipt["response_url"]).send().await.unwrap();
        assert_eq!(response.headers()["x-fal-error-type"], "client_cancelled");
        let expected =
            json!({ "detail": "Request was cancelled by the client", "error_type": "client_cancelled" });
        assert_eq!(read(response).await, (499, expected));
    }
    assert_eq!(fal.record().cancels.len(), 5);

    fal.once(Fault::Fate(Fate::TooLate));
    let late = submitted(&fal, "fal-ai/flux/dev", json!({ "prompt": "a cat" })).await;
    assert_eq!(sent(get(&late["status_url"])).await.1["status"], "IN_QUEUE");
    let refused = sent(put(&late["cancel_url"])).await;
    assert_eq!(refused, (400, json!({ "status": "ALREADY_COMPLETED" })));
    assert_eq!(sent(get(&late["response_url"])).await.0, 200, "it was made, and is paid for");
}

#[tokio::test]
async fn the_path_of_a_model_is_left_out_when_asking_after_it() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let receipt = submitted(&fal, "workflows/ann/mine/v2/fast", json!({ "prompt": "a cat" })).await;
    let id = receipt["request_id"].as_str().unwrap();
    let address = |path: &str| json!(format!("{}/{path}", fal.base_url()));
    assert_eq!(receipt["response_url"], address(&format!("workflows/ann/mine/requests/{id}")));
    let with_path = address(&format!("workflows/ann/mine/v2/requests/{id}/status"));
    assert_eq!(sent(get(&with_path)).await, (405, json!({ "detail": "Method Not Allowed" })));
    let of_another = address(&format!("fal-ai/flux/requests/{id}/status"));
    assert_eq!(sent(get(&of_another)).await, (404, json!({ "detail": "Request not found" })));
    assert_eq!(sent(get(&receipt["status_url"])).await.0, 200);
}

#[tokio::test]
async fn only_the_right_key_is_let_in() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let url = format!("{}/fal-ai/flux/dev", fal.base_url());
    let input = json!({ "prompt": "a cat" });
    for header in
        [None, Some("Key another".to_owned()), Some(format!("Bearer {KEY}")), Some("Key ".to_owned())]
    {
        let request = client().post(&url).json(&input);
        let request = match &header {
            Some(header) => request.header("Authorization", header),
            None => request,
        };
        let (status, body) = sent(request).await;
        assert_eq!((status, body["detail"].is_string()), (401, true), "{header:?}");
    }
    let record = fal.record();
    assert_eq!((record.keys_refused, record.submits.len()), (4, 0));
}

#[tokio::test]
async fn a_model_refuses_when_it_is_run() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let refused = async |input: Value| {
        let receipt = submitted(&fal, "fal-ai/flux/dev", input).await;
        assert_eq!(sent(get(&receipt["status_url"])).await.1["status"], "COMPLETED");
        let response = get(&receipt["response_url"]).send().await.unwrap();
        let retryable = response.headers()["x-fal-retryable"].to_str().unwrap().to_owned();
        let (status, body) = read(response).await;
        (status, retryable, body["detail"][0].clone())
    };
    let entry = json!({ "loc": ["body", "prompt"], "msg": "Field required", "type": "missing",
                        "url": "https://docs.fal.ai/errors#missing", "input": null });
    assert_eq!(refused(json!({ "num_images": 1 })).await, (422, "false".to_owned(), entry));
    let (_, _, entry) = refused(json!({ "prompt": "a cat", "num_images": 11 })).await;
    assert_eq!((&entry["type"], &entry["ctx"]), (&json!("less_than_equal"), &json!({ "le": 10 })));
    let (_, _, entry) = refused(json!({ "prompt": "a cat", "image_size": "huge" })).await;
    assert_eq!((&entry["type"], &entry["loc"]), (&json!("enum"), &json!(["body", "image_size"])));

    fal.once(Fault::Fate(Fate::Moderated));
    let entry = json!({
        "loc": ["body", "prompt"], "msg": "The content was flagged by a content checker.",
        "type": "content_policy_violation", "url": "https://docs.fal.ai/errors#content_policy_violation",
        "input": "a cat", "categories": ["violence"],
    });
    assert_eq!(refused(json!({ "prompt": "a cat" })).await, (422, "false".to_owned(), entry));
    fal.once(Fault::Fate(Fate::Failed));
    let (status, retryable, entry) = refused(json!({ "prompt": "a cat" })).await;
    assert_eq!((status, retryable.as_str(), &entry["type"]), (500, "true", &json!("internal_server_error")));
}

#[tokio::test]
async fn what_is_gone_is_gone() {
    let fal = start(Protocol::Fal, LONG).await;
    fal.once(Fault::Fate(Fate::Gone));
    let receipt = submitted(&fal, "fal-ai/flux/dev", json!({ "prompt": "a cat" })).await;
    assert_eq!(sent(get(&receipt["status_url"])).await.0, 202);
    fal.finish(receipt["request_id"].as_str().unwrap());
    let gone = (404, json!({ "detail": "Request not found" }));
    assert_eq!(sent(get(&receipt["status_url"])).await, gone);
    assert_eq!(sent(get(&receipt["response_url"])).await, gone);
    assert_eq!(sent(put(&receipt["cancel_url"])).await, (404, json!({ "status": "NOT_FOUND" })));
    assert!(!fal.finish("nonsense"));
}

#[tokio::test]
async fn a_video_model_makes_a_clip() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let receipt =
        submitted(&fal, "fal-ai/kling-video/v2/text-to-video", json!({ "prompt": "a cat", "duration": "3" }))
            .await;
    let (_, result) = sent(get(&receipt["response_url"])).await;
    let video = &result["video"];
    assert_eq!((&video["content_type"], &video["duration"]), (&json!("image/apng"), &json!(3)));
    let file = reqwest::get(video["url"].as_str().unwrap()).await.unwrap().bytes().await.unwrap();
    let (width, height, frames) = drawn(&file);
    assert_eq!((json!(width), json!(height)), (video["width"].clone(), video["height"].clone()));
    assert_eq!((frames, &video["num_frames"]), (12, &json!(12)));
}
