//! The images API that OpenAI offers, and others like it.

use crate::served::{Reply, Served};
use crate::support::{
    REFERENCE, cancelled, options, picture, polled, provider, route, route_with, submitted, task,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::job::{Kind, Params};
use serde_json::json;
use worker::provider::http::{Adapter, HttpOptions, HttpProvider};
use worker::provider::{Content, Found, Provider, Submission};

#[tokio::test]
async fn pictures_come_in_the_answer() {
    let served = Served::new([Reply::json(
        200,
        json!({"created": 1, "data": [{"b64_json": "aGFsbG8=", "revised_prompt": "https://elsewhere.test/"},
            {"url": "https://a.media.test/2.png"}]}),
    )])
    .await;
    let openai = provider(&served, Adapter::OpenAi);
    let params = Params { width: Some(1_024), height: Some(768), seed: Some(7), seconds: None };
    let route = route_with("gpt-image-1", json!({"quality": "low"}));
    let made = openai.submit(&task(Kind::Image, 2, params), &route).await.unwrap();
    let Submission::Done(made) = made else { panic!("the answer is the work") };
    assert_eq!(crate::support::told(&made), "hallo, 2.png");

    let asked = served.asked().remove(0);
    assert_eq!(asked.line(), "POST /images/generations");
    assert_eq!(asked.headers["authorization"], "Bearer k3y-secret");
    assert_eq!(asked.headers["idempotency-key"], REFERENCE);
    let body = json!({"model": "gpt-image-1", "prompt": "a quiet \"harbour\" {seed}", "n": 2,
        "size": "1024x768", "quality": "low"});
    assert_eq!(asked.json(), body);
}

#[tokio::test]
async fn large_pictures_go_to_the_disk_as_they_arrive() {
    const MIB: usize = 1024 * 1024;
    let pictures: Vec<Vec<u8>> =
        (0..3).map(|seed| (0..6 * MIB + seed).map(|at| ((at * 31 + seed) % 251) as u8).collect()).collect();
    let data = pictures.iter().map(|bytes| json!({"b64_json": STANDARD.encode(bytes)}));
    let answer =
        || Reply::json(200, json!({"data": data.clone().collect::<Vec<_>>(), "usage": {"total": 7}}));
    let served = Served::new([answer(), answer()]).await;
    let settings = HttpOptions { max_output_bytes: 7 * MIB as u64, ..options(&served.url, Adapter::OpenAi) };
    let openai = HttpProvider::new(&settings).unwrap();
    let three = task(Kind::Image, 3, Params::default());
    let Submission::Done(made) = openai.submit(&three, &route("gpt-image-1")).await.unwrap() else {
        panic!("the answer is the work")
    };
    assert_eq!(made.len(), 3);
    for (artifact, bytes) in made.iter().zip(&pictures) {
        let Content::Spooled(file) = &artifact.content else { panic!("it is held in memory") };
        assert_eq!(file.length(), bytes.len() as u64);
        assert!(file.part(0, bytes.len()).await.unwrap() == bytes, "the bytes differ");
        assert!(file.part(MIB as u64, MIB).await.unwrap() == bytes[MIB..2 * MIB]);
        assert_eq!(file.part(file.length(), MIB).await.unwrap().len(), 0);
    }
    let small = HttpOptions { max_output_bytes: 5 * MIB as u64, ..settings };
    let refused = HttpProvider::new(&small).unwrap().submit(&three, &route("m")).await.unwrap_err();
    assert_eq!(refused.failure.code, "output_too_large");
}

#[tokio::test]
async fn an_answer_that_is_no_picture() {
    let served = Served::new([]).await;
    let openai = provider(&served, Adapter::OpenAi);
    let error =
        |code: &str, kind: &str| json!({"error": {"code": code, "type": kind, "message": "raw words"}});
    let after = json!({"error": {"code": "moderation_blocked", "message": "raw words",
        "moderation_details": {"moderation_stage": "output", "categories": ["other"]}}});
    for (status, body, expected) in [
        (
            400,
            error("moderation_blocked", "image_generation_user_error"),
            "permanent moderation_input, billed no",
        ),
        (
            400,
            error("content_policy_violation", "invalid_request_error"),
            "permanent moderation_input, billed no",
        ),
        (400, after, "permanent moderation_output, billed unknown"),
        (400, error("billing_hard_limit_reached", "x"), "throttled provider_quota, billed no, again in 60 s"),
        (
            429,
            error("insufficient_quota", "insufficient_quota"),
            "throttled provider_quota, billed no, again in 60 s",
        ),
        (429, error("rate_limit_exceeded", "requests"), "throttled provider_busy, billed no"),
        (
            401,
            error("invalid_api_key", "invalid_request_error"),
            "throttled provider_auth, billed no, again in 60 s",
        ),
        (400, error("invalid_size", "invalid_request_error"), "permanent invalid_request, billed no"),
        (404, error("model_not_found", "invalid_request_error"), "permanent model_not_offered, billed no"),
        (500, error("server_error", "server_error"), "transient provider_error, billed unknown"),
        (503, json!({}), "transient provider_unavailable, billed no"),
        (200, json!({"created": 1}), "transient answer_unreadable, billed unknown"),
        (200, json!({"data": []}), "done "),
    ] {
        served.will_answer([Reply::json(status, body.clone())]);
        assert_eq!(submitted(&openai, "dall-e-3").await, expected, "{status} {body}");
    }
    assert_eq!(served.lines().len(), 13, "each was sent once");
}

#[tokio::test]
async fn what_is_larger_than_an_output_may_be_waits_for_a_person() {
    let served = Served::new([]).await;
    let openai = provider(&served, Adapter::OpenAi);
    // 1,002 bytes, where 1,000 are allowed.
    let picture = "QUFB".repeat(334);
    let expected = "transient output_too_large, billed yes, for a person";
    served.will_answer([Reply::json(200, json!({"data": [{"b64_json": picture}]}))]);
    assert_eq!(submitted(&openai, "dall-e-3").await, expected);
    served.will_answer([Reply::Endless(200)]);
    assert_eq!(submitted(&openai, "dall-e-3").await, expected);
}

#[tokio::test]
async fn a_lost_answer_is_lost_for_good() {
    let served = Served::new([Reply::Cut, Reply::Half]).await;
    let openai = provider(&served, Adapter::OpenAi);
    for _ in 0..2 {
        assert_eq!(submitted(&openai, "dall-e-3").await, "transient answer_lost, billed unknown");
        assert_eq!(served.lines().len(), 1, "it was sent once");
    }
    assert_eq!(openai.find(&picture().reference()).await.unwrap(), Found::CannotTell);
    assert_eq!(polled(&openai, "x").await, "unanswered: transient task_foreign");
    assert_eq!(cancelled(&openai, "x").await, "unanswered: transient task_foreign");
    assert!(served.lines().is_empty());
}

#[tokio::test]
async fn clips_are_not_asked_for() {
    let served = Served::new([]).await;
    let openai = provider(&served, Adapter::OpenAi);
    let clip = task(Kind::Video, 1, Params::default());
    let refused = openai.submit(&clip, &route("dall-e-3")).await.unwrap_err();
    assert_eq!(crate::support::failed(&refused), "transient route_invalid, billed no");
    assert!(served.lines().is_empty());
}
