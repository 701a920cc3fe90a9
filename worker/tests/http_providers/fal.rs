//! fal's queue.

use crate::served::{Reply, Served};
use crate::support::{cancelled, picture, polled, provider, route, route_with, submitted, task, told};
use ledger::job::{Kind, Params};
use serde_json::{Value, json};
use worker::provider::http::Adapter;
use worker::provider::{Found, Progress, Provider, Submission};

fn accepted() -> Reply {
    let queue = "https://elsewhere.test/fal-ai/flux/requests/r-1";
    let body = json!({
        "request_id": "r-1", "status": "IN_QUEUE", "response_url": queue,
        "status_url": format!("{queue}/status"), "cancel_url": format!("{queue}/cancel"),
    });
    Reply::json(200, body)
}

#[tokio::test]
async fn a_picture_is_asked_for_watched_and_fetched_from_the_queue() {
    let served = Served::new([
        accepted(),
        Reply::json(202, json!({"status": "IN_QUEUE", "queue_position": 3})),
        Reply::json(202, json!({"status": "IN_PROGRESS", "logs": null})),
        Reply::json(200, json!({"status": "COMPLETED", "metrics": {"inference_time": 1.5}})),
        Reply::json(
            200,
            json!({"images": [{"url": "https://a.media.test/1.png", "width": 640},
                {"url": "https://a.media.test/2.png"}], "seed": 7, "has_nsfw_concepts": [false]}),
        ),
    ])
    .await;
    let fal = provider(&served, Adapter::Fal);
    let params = Params { width: Some(640), height: Some(480), seed: Some(7), seconds: None };
    let submitted = fal.submit(&task(Kind::Image, 2, params), &route("fal-ai/flux/dev")).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("the queue answers at once") };
    assert_eq!(id, "fal-ai/flux|r-1");

    let asked = served.asked().remove(0);
    assert_eq!(asked.line(), "POST /fal-ai/flux/dev");
    assert_eq!(asked.headers["authorization"], "Key k3y-secret");
    assert_eq!(asked.headers["x-fal-no-retry"], "1");
    assert_eq!(asked.headers["x-fal-request-timeout"], "900");
    let body = json!({"prompt": "a quiet \"harbour\" {seed}", "num_images": 2, "seed": 7,
        "image_size": {"width": 640, "height": 480}});
    assert_eq!(asked.json(), body);

    // Whatever restarts in between.
    let fal = provider(&served, Adapter::Fal);
    assert_eq!(polled(&fal, &id).await, "working");
    assert_eq!(polled(&fal, &id).await, "working");
    let Progress::Done(made) = fal.poll(&id).await.unwrap() else { panic!("it is made") };
    assert_eq!(told(&made), "1.png, 2.png");
    let status = "GET /fal-ai/flux/requests/r-1/status";
    let asked = served.asked();
    assert!(asked.iter().all(|asked| asked.headers["authorization"] == "Key k3y-secret"));
    let lines: Vec<String> = asked.iter().map(|asked| asked.line()).collect();
    assert_eq!(lines, [status, status, status, "GET /fal-ai/flux/requests/r-1"]);
}

#[tokio::test]
async fn a_route_names_what_its_model_calls_otherwise() {
    let served = Served::new([accepted()]).await;
    let inputs = json!({"duration": "{seconds:text}", "aspect_ratio": "16:9"});
    let params = Params { seconds: Some(5), ..Params::default() };
    let fal = provider(&served, Adapter::Fal);
    fal.submit(&task(Kind::Video, 1, params), &route_with("fal-ai/kling-video/v2", inputs)).await.unwrap();
    let body = json!({"prompt": "a quiet \"harbour\" {seed}", "duration": "5", "aspect_ratio": "16:9"});
    assert_eq!(served.asked()[0].json(), body);
}

#[tokio::test]
async fn a_request_is_asked_after_where_fal_says_but_never_elsewhere() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    for (place, expected) in [
        (format!("{}/moved/app/requests/r-1", served.url), "accepted moved/app|r-1"),
        (format!("{}/moved/app/requests/r-2", served.url), "accepted fal-ai/flux|r-1"),
        ("https://elsewhere.test/moved/app/requests/r-1".to_owned(), "accepted fal-ai/flux|r-1"),
        ("no address".to_owned(), "accepted fal-ai/flux|r-1"),
    ] {
        served.will_answer([Reply::json(200, json!({"request_id": "r-1", "response_url": place}))]);
        assert_eq!(submitted(&fal, "fal-ai/flux/dev").await, expected, "{place}");
    }
}

#[tokio::test]
async fn a_submit_that_is_refused() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    let moderated = json!({"detail": [{"loc": ["body", "prompt"], "msg": "raw words",
        "type": "content_policy_violation", "input": "raw words"}]});
    for (status, body, expected) in [
        (401, json!({"detail": "raw words"}), "throttled provider_auth, billed no, again in 60 s"),
        (
            403,
            json!({"detail": "User is locked. Reason: Exhausted balance."}),
            "throttled provider_quota, billed no, again in 60 s",
        ),
        (404, json!({"detail": "raw words"}), "permanent model_not_offered, billed no"),
        (422, moderated, "permanent moderation_input, billed no"),
        (
            422,
            json!({"detail": [{"type": "missing", "loc": ["body"]}]}),
            "permanent invalid_request, billed no",
        ),
        (429, json!({"detail": "raw words"}), "throttled provider_busy, billed no"),
        (
            500,
            json!({"detail": "raw words", "error_type": "internal_error"}),
            "transient provider_error, billed unknown",
        ),
        (503, json!({"detail": "raw words"}), "transient provider_unavailable, billed no"),
        (200, json!({"status": "IN_QUEUE"}), "transient answer_unreadable, billed unknown"),
        (200, json!({"request_id": "../../x"}), "transient answer_unreadable, billed unknown"),
    ] {
        served.will_answer([Reply::json(status, body.clone())]);
        assert_eq!(submitted(&fal, "fal-ai/flux/dev").await, expected, "{status} {body}");
    }
    assert_eq!(served.lines().len(), 10, "each was sent once");
    assert_eq!(submitted(&fal, "flux").await, "transient route_invalid, billed no");
    assert!(served.lines().is_empty(), "what names no model is not sent");
}

#[tokio::test]
async fn a_request_that_failed_says_why_in_its_result() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    let detail = |kind: &str, loc: Value| json!({"detail": [{"type": kind, "loc": loc, "msg": "raw words"}]});
    let machine = |kind: &str| json!({"detail": "raw words", "error_type": kind});
    for (status, body, expected) in [
        (
            422,
            detail("content_policy_violation", json!(["body", "prompt"])),
            "failed permanent moderation_input",
        ),
        (422, detail("content_policy_violation", json!(["body"])), "failed permanent moderation_output"),
        (422, detail("no_media_generated", json!(["body"])), "failed permanent moderation_output"),
        (422, detail("image_too_large", json!(["body", "image"])), "failed permanent invalid_request"),
        (422, detail("never_heard_of", json!(["body", "x"])), "failed permanent invalid_request"),
        (499, machine("client_cancelled"), "failed transient provider_stopped, billed unknown"),
        (504, machine("request_timeout"), "failed transient provider_unavailable, billed no"),
        (500, machine("runner_server_error"), "failed transient provider_unavailable, billed no"),
        (500, detail("something_new", json!(["body"])), "failed transient provider_failed, billed no"),
        (404, json!({"detail": "raw words"}), "gone"),
        (502, json!("raw words"), "unanswered: transient provider_error"),
        (429, json!({"detail": "raw words"}), "unanswered: throttled provider_busy"),
        (401, json!({"detail": "raw words"}), "unanswered: throttled provider_auth, again in 60 s"),
    ] {
        served.will_answer([
            Reply::json(200, json!({"status": "COMPLETED"})),
            Reply::json(status, body.clone()),
        ]);
        assert_eq!(polled(&fal, "fal-ai/flux|r-1").await, expected, "{status} {body}");
    }
    // The word may stand in a header, or beside the status.
    let reply = Reply::json(500, json!({})).with("x-fal-error-type", "runner_disconnected");
    served.will_answer([Reply::json(200, json!({"status": "COMPLETED"})), reply]);
    let expected = "failed transient provider_unavailable, billed no";
    assert_eq!(polled(&fal, "fal-ai/flux|r-1").await, expected);
    let status = json!({"status": "COMPLETED", "error": "raw words", "error_type": "startup_timeout"});
    served.will_answer([Reply::json(200, status), Reply::json(504, json!({}))]);
    assert_eq!(polled(&fal, "fal-ai/flux|r-1").await, expected);
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_decides_nothing() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    for (reply, expected) in [
        (Reply::json(200, json!({"status": "PAUSED"})), "unanswered: transient answer_unreadable"),
        (Reply::text(200, "<html>"), "unanswered: transient answer_unreadable"),
        (Reply::text(503, "").with("retry-after", "7"), "unanswered: throttled provider_busy, again in 7 s"),
        (Reply::text(500, "raw words"), "unanswered: transient provider_error"),
        (Reply::text(404, ""), "gone"),
        (Reply::Cut, "unanswered: transient answer_lost"),
    ] {
        served.will_answer([reply.clone()]);
        assert_eq!(polled(&fal, "fal-ai/flux|r-1").await, expected, "{reply:?}");
    }
    served.asked();
    assert_eq!(polled(&fal, "r-1").await, "unanswered: transient task_foreign");
    assert!(served.lines().is_empty());
}

#[tokio::test]
async fn a_request_is_stopped_or_had_ended() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    for (status, word, expected) in [
        (202, "CANCELLATION_REQUESTED", "Stopped"),
        (200, "OK", "Stopped"),
        (400, "ALREADY_COMPLETED", "TooLate"),
        (404, "NOT_FOUND", "TooLate"),
        (500, "raw words", "unanswered: transient provider_error"),
    ] {
        served.will_answer([Reply::json(status, json!({"status": word}))]);
        assert_eq!(cancelled(&fal, "fal-ai/flux|r-1").await, expected, "{status} {word}");
        assert_eq!(served.lines(), ["PUT /fal-ai/flux/requests/r-1/cancel"]);
    }
}

#[tokio::test]
async fn a_lost_submit_cannot_be_asked_after() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    assert_eq!(fal.find(&picture().reference()).await.unwrap(), Found::CannotTell);
    assert!(served.lines().is_empty());
}
