//! OpenAI's images, as its documentation asks for them with curl.

use super::{KEY, LONG, client, drawn, read, sent, start};
use base64::{Engine, prelude::BASE64_STANDARD};
use embedded::providers::{Fate, Fault, MockProvider, Protocol};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::time::Duration;

fn generate(openai: &MockProvider, body: &Value) -> RequestBuilder {
    let url = format!("{}/images/generations", openai.base_url());
    client().post(url).bearer_auth(KEY).header("Idempotency-Key", "job-3").json(body)
}

#[tokio::test]
async fn a_gpt_image_comes_as_base64() {
    let openai = start(Protocol::OpenAi, Duration::ZERO).await;
    let body = json!({ "model": "gpt-image-1", "prompt": "a white cat", "n": 2, "size": "1536x1024" });
    let response = generate(&openai, &body).send().await.unwrap();
    assert!(response.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
    let (status, made) = read(response).await;
    assert_eq!(status, 200);
    let images: Vec<Vec<u8>> = made["data"].as_array().unwrap().iter().map(decoded).collect();
    assert_eq!(images.len(), 2);
    assert_ne!(images[0], images[1]);
    assert!(images.iter().all(|image| drawn(image) == (1536, 1024, 1)));
    let (tokens, created) = (&made["usage"]["output_tokens"], &made["created"]);
    let expected = json!({
        "created": created, "data": made["data"], "background": "opaque", "output_format": "png", "quality": "high",
        "size": "1536x1024",
        "usage": {
            "input_tokens": 3, "input_tokens_details": { "text_tokens": 3, "image_tokens": 0 },
            "output_tokens": tokens, "total_tokens": tokens.as_u64().unwrap() + 3,
        },
    });
    assert_eq!(made, expected);
    assert!(created.is_u64());
    assert_eq!(openai.record().paid_for("job-3").len(), 1);
}

fn decoded(image: &Value) -> Vec<u8> {
    assert_eq!(image.as_object().unwrap().len(), 1, "{image}");
    BASE64_STANDARD.decode(image["b64_json"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn dall_e_gives_addresses_unless_asked_for_base64() {
    let openai = start(Protocol::OpenAi, Duration::ZERO).await;
    let (_, made) = sent(generate(&openai, &json!({ "prompt": "a cat", "size": "256x256" }))).await;
    assert_eq!(made, json!({ "created": made["created"], "data": [{ "url": made["data"][0]["url"] }] }));
    let file = reqwest::get(made["data"][0]["url"].as_str().unwrap()).await.unwrap().bytes().await.unwrap();
    assert_eq!(drawn(&file), (256, 256, 1));
    let body = json!({ "model": "dall-e-3", "prompt": "a cat", "response_format": "b64_json" });
    let (_, made) = sent(generate(&openai, &body)).await;
    assert_eq!(made["data"][0]["revised_prompt"], "a cat");
    assert!(made["data"][0]["b64_json"].is_string());
}

#[tokio::test]
async fn what_cannot_be_made_names_its_parameter() {
    let openai = start(Protocol::OpenAi, Duration::ZERO).await;
    let cases = [
        (json!({ "model": "gpt-image-1" }), "prompt", "missing_required_parameter"),
        (json!({ "model": "gpt-image-1", "prompt": "x", "size": "256x256" }), "size", "invalid_value"),
        (json!({ "model": "gpt-image-2", "prompt": "x", "size": "9x9" }), "size", "invalid_value"),
        (json!({ "model": "gpt-image-1", "prompt": "x", "n": 11 }), "n", "integer_above_max_value"),
        (json!({ "model": "dall-e-3", "prompt": "x", "n": 2 }), "n", "integer_above_max_value"),
        (
            json!({ "model": "gpt-image-1", "prompt": "x", "response_format": "url" }),
            "response_format",
            "unknown_parameter",
        ),
    ];
    for (body, param, code) in &cases {
        let (status, refused) = sent(generate(&openai, body)).await;
        let message = &refused["error"]["message"];
        assert!(message.as_str().unwrap().contains(param), "{message}");
        let error =
            json!({ "message": message, "type": "invalid_request_error", "param": param, "code": code });
        assert_eq!((status, refused), (400, json!({ "error": error })), "{body}");
    }
    let record = openai.record();
    assert_eq!((record.submits.len(), record.paid().len()), (cases.len(), 0));
}

#[tokio::test]
async fn refused_content_costs_nothing() {
    let openai = start(Protocol::OpenAi, Duration::ZERO).await;
    openai.always(Fault::Fate(Fate::Moderated));
    for (model, kind, code) in [
        ("gpt-image-1", "image_generation_user_error", "moderation_blocked"),
        ("dall-e-3", "invalid_request_error", "content_policy_violation"),
    ] {
        let (status, refused) = sent(generate(&openai, &json!({ "model": model, "prompt": "x" }))).await;
        let message = "Your request was rejected by the safety system.";
        let error = json!({ "message": message, "type": kind, "param": null, "code": code });
        assert_eq!((status, refused), (400, json!({ "error": error })));
    }
    assert_eq!(openai.record().paid(), [""; 0]);
}

#[tokio::test]
async fn the_answer_waits_until_the_images_are_made() {
    let openai = start(Protocol::OpenAi, LONG).await;
    let answer = tokio::spawn(sent(generate(&openai, &json!({ "model": "gpt-image-1", "prompt": "a cat" }))));
    let record = openai.asked(|record| !record.paid().is_empty()).await;
    assert!(!answer.is_finished());
    assert!(openai.finish(record.paid()[0]));
    assert_eq!(answer.await.unwrap().0, 200);
}

#[tokio::test]
async fn only_the_right_key_and_the_right_address_are_served() {
    let openai = start(Protocol::OpenAi, Duration::ZERO).await;
    let url = format!("{}/images/generations", openai.base_url());
    let (status, refused) =
        sent(client().post(&url).bearer_auth("another").json(&json!({ "prompt": "x" }))).await;
    let error = json!({
        "message": "Incorrect API key provided.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key",
    });
    assert_eq!((status, refused), (401, json!({ "error": error })));
    let elsewhere = client().get(&url).bearer_auth(KEY);
    let (status, refused) = sent(elsewhere).await;
    assert_eq!(
        (status, &refused["error"]["message"]),
        (404, &json!("Invalid URL (GET /v1/images/generations)"))
    );
}
