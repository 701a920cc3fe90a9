//! Replicate's predictions.

use crate::served::{Reply, Served};
use crate::support::{cancelled, picture, polled, provider, route, route_with, submitted, task};
use ledger::job::{Kind, Params};
use serde_json::{Value, json};
use worker::provider::http::Adapter;
use worker::provider::{Found, Provider, Submission};

fn prediction(status: &str, output: Value, error: Value) -> Reply {
    let body = json!({"id": "gm3q", "status": status, "output": output, "error": error,
        "urls": {"get": "https://elsewhere.test/v1/predictions/gm3q"}});
    Reply::json(200, body)
}

#[tokio::test]
async fn a_picture_is_predicted() {
    let output = json!(["https://a.media.test/1.webp", "https://a.media.test/2.webp"]);
    let served = Served::new([
        Reply::json(201, json!({"id": "gm3q", "status": "starting", "output": null})),
        prediction("starting", json!(null), json!(null)),
        prediction("processing", json!(null), json!(null)),
        prediction("succeeded", output, json!(null)),
    ])
    .await;
    let replicate = provider(&served, Adapter::Replicate);
    let params = Params { width: Some(640), height: None, seed: Some(7), seconds: None };
    let submitted = replicate.submit(&task(Kind::Image, 2, params), &route("acme/painter")).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("a prediction is made later") };
    assert_eq!(id, "gm3q");

    let asked = served.asked().remove(0);
    assert_eq!(asked.line(), "POST /v1/models/acme/painter/predictions");
    assert_eq!(asked.headers["authorization"], "Bearer k3y-secret");
    assert_eq!(asked.headers["cancel-after"], "900s");
    assert!(!asked.headers.contains_key("prefer"), "nobody waits for it there");
    let prompt = "a quiet \"harbour\" {seed}";
    assert_eq!(asked.json(), json!({"input": {"prompt": prompt, "num_outputs": 2, "width": 640, "seed": 7}}));

    let replicate = provider(&served, Adapter::Replicate);
    for expected in ["working", "working", "done 1.webp, 2.webp"] {
        assert_eq!(polled(&replicate, &id).await, expected);
    }
    assert_eq!(served.lines(), ["GET /v1/predictions/gm3q"; 3]);
}

#[tokio::test]
async fn a_version_is_asked_for_as_one() {
    let served = Served::new([Reply::json(201, json!({"id": "gm3q"}))]).await;
    let replicate = provider(&served, Adapter::Replicate);
    let route = route_with("acme/painter:7762fd07", json!({"aspect_ratio": "1:1", "num_outputs": 1}));
    replicate.submit(&picture(), &route).await.unwrap();
    let asked = served.asked().remove(0);
    assert_eq!(asked.line(), "POST /v1/predictions");
    let input = json!({"prompt": "a quiet \"harbour\" {seed}", "aspect_ratio": "1:1", "num_outputs": 1});
    assert_eq!(asked.json(), json!({"version": "acme/painter:7762fd07", "input": input}));
}

#[tokio::test]
async fn a_submit_that_is_refused() {
    let served = Served::new([]).await;
    let replicate = provider(&served, Adapter::Replicate);
    let throttled =
        json!({"detail": "Request was throttled. Your rate limit resets in ~30s.", "retry_after": 30});
    for (status, body, expected) in [
        (401, json!({"detail": "raw words"}), "throttled provider_auth, billed no, again in 60 s"),
        (402, json!({"detail": "raw words"}), "throttled provider_quota, billed no, again in 60 s"),
        (404, json!({"detail": "raw words"}), "permanent model_not_offered, billed no"),
        (422, json!({"detail": "raw words"}), "permanent invalid_request, billed no"),
        (429, throttled, "throttled provider_busy, billed no, again in 30 s"),
        (502, json!("raw words"), "transient provider_error, billed unknown"),
        (201, json!({"id": "a/b"}), "transient answer_unreadable, billed unknown"),
        (201, json!({"id": 5}), "transient answer_unreadable, billed unknown"),
    ] {
        served.will_answer([Reply::json(status, body.clone())]);
        assert_eq!(submitted(&replicate, "acme/painter").await, expected, "{status} {body}");
    }
    assert_eq!(served.lines().len(), 8, "each was sent once");
}

#[tokio::test]
async fn how_a_prediction_ends() {
    let served = Served::new([]).await;
    let replicate = provider(&served, Adapter::Replicate);
    let (none, clip) = (json!(null), json!({"video": "https://a.media.test/1.mp4", "duration": 5.5}));
    for (status, output, error, expected) in [
        ("succeeded", json!("https://a.media.test/1.png"), none.clone(), "done 1.png"),
        ("succeeded", clip, none.clone(), "done 1.mp4 (5500 ms)"),
        (
            "succeeded",
            none.clone(),
            none.clone(),
            "failed transient output_expired, billed yes, for a person",
        ),
        ("succeeded", json!([]), none.clone(), "done "),
        (
            "failed",
            none.clone(),
            json!("raw words: NSFW content detected"),
            "failed permanent moderation_output, billed unknown",
        ),
        ("failed", none.clone(), json!("raw words"), "failed transient provider_failed, billed unknown"),
        ("canceled", none.clone(), none.clone(), "failed transient provider_stopped, billed yes"),
        ("aborted", none.clone(), none.clone(), "failed transient provider_stopped, billed no"),
        ("resting", none.clone(), none.clone(), "unanswered: transient answer_unreadable"),
    ] {
        served.will_answer([prediction(status, output.clone(), error.clone())]);
        assert_eq!(polled(&replicate, "gm3q").await, expected, "{status} {output} {error}");
    }
    for (reply, expected) in [
        (Reply::json(404, json!({"detail": "raw words"})), "gone"),
        (Reply::text(500, "raw words"), "unanswered: transient provider_error"),
        (Reply::text(200, "raw words"), "unanswered: transient answer_unreadable"),
    ] {
        served.will_answer([reply.clone()]);
        assert_eq!(polled(&replicate, "gm3q").await, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn a_prediction_is_stopped_or_had_ended() {
    let served = Served::new([]).await;
    let replicate = provider(&served, Adapter::Replicate);
    for (reply, expected) in [
        (prediction("canceled", json!(null), json!(null)), "Stopped"),
        (prediction("processing", json!(null), json!(null)), "Stopped"),
        (prediction("succeeded", json!("https://a.media.test/1"), json!(null)), "TooLate"),
        (Reply::text(404, ""), "TooLate"),
        (Reply::text(502, ""), "unanswered: transient provider_error"),
    ] {
        served.will_answer([reply.clone()]);
        assert_eq!(cancelled(&replicate, "gm3q").await, expected, "{reply:?}");
        assert_eq!(served.lines(), ["POST /v1/predictions/gm3q/cancel"]);
    }
}

#[tokio::test]
async fn tasks_of_others_are_not_asked_after_with_our_key() {
    let served = Served::new([]).await;
    let replicate = provider(&served, Adapter::Replicate);
    for id in ["fal-ai/flux|r-1", "", "../models", "a?b"] {
        assert_eq!(polled(&replicate, id).await, "unanswered: transient task_foreign", "{id}");
        assert_eq!(cancelled(&replicate, id).await, "unanswered: transient task_foreign", "{id}");
    }
    assert_eq!(replicate.find(&picture().reference()).await.unwrap(), Found::CannotTell);
    assert!(served.lines().is_empty());
}
