//! What can go wrong between a client and a provider, at each of them.

use super::{KEY, client, sent, start};
use chrono::DateTime;
use embedded::providers::{Fault, MockProvider, Protocol, Refusal, RetryAfter, Step, Trouble, WORDS};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::time::Duration;

/// Submits to the server, whatever it speaks.
fn submit(provider: &MockProvider, protocol: Protocol, model: &str, prompt: &str) -> RequestBuilder {
    let base = provider.base_url();
    let (path, body) = match protocol {
        Protocol::Fal => (model.to_owned(), json!({ "prompt": prompt })),
        Protocol::Replicate => {
            (format!("v1/models/{model}/predictions"), json!({ "input": { "prompt": prompt } }))
        }
        Protocol::OpenAi => ("images/generations".to_owned(), json!({ "model": model, "prompt": prompt })),
    };
    let authorization = format!("{} {KEY}", protocol.scheme());
    client().post(format!("{base}/{path}")).header("Authorization", authorization).json(&body)
}

#[tokio::test]
async fn each_refusal_reads_as_the_service_words_it_and_accepts_nothing() {
    let busy = Refusal::Busy(RetryAfter::Seconds(9));
    let throttled = json!({
        "detail": "Request was throttled. Your rate limit resets in ~9s.", "status": 429, "retry_after": 9,
    });
    let locked =
        "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.";
    let (busy_there, down) = ("Too many requests, please try again later", Refusal::Down);
    let cases = [
        (Protocol::Fal, busy, 429, "", json!({ "detail": busy_there })),
        (Protocol::Fal, down(500), 500, "/error_type", json!("internal_error")),
        (Protocol::Fal, down(503), 503, "/error_type", json!("runner_scheduling_failure")),
        (Protocol::Fal, Refusal::NoCredit, 403, "", json!({ "detail": locked })),
        (Protocol::Replicate, busy, 429, "", throttled),
        (Protocol::Replicate, Refusal::NoCredit, 402, "/title", json!("Insufficient credit")),
        (Protocol::Replicate, Refusal::BadKey, 401, "/title", json!("Unauthenticated")),
        (Protocol::OpenAi, busy, 429, "/error/code", json!("rate_limit_exceeded")),
        (Protocol::OpenAi, Refusal::NoCredit, 429, "/error/code", json!("insufficient_quota")),
        (Protocol::OpenAi, down(503), 503, "/error/code", json!("server_is_overloaded")),
    ];
    for (protocol, refusal, status, pointer, said) in cases {
        let provider = start(protocol, Duration::ZERO).await;
        provider.once(Fault::instead(Step::Submit, refusal));
        let (answered, body) = sent(submit(&provider, protocol, "a/b", "x")).await;
        assert_eq!(
            (answered, body.pointer(pointer)),
            (status, Some(&said)),
            "{protocol} {refusal:?}: {body}"
        );
        let record = provider.record();
        assert_eq!((record.submits.len(), record.paid().len()), (1, 0), "{protocol} {refusal:?}");
        assert!(sent(submit(&provider, protocol, "a/b", "x")).await.0 < 300, "it happened once");
        assert_eq!(provider.record().paid().len(), 1);
    }
}

#[tokio::test]
async fn retry_after_is_told_in_seconds_as_a_date_or_not_at_all() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let told = async |retry_after| {
        fal.once(Fault::instead(Step::Submit, Refusal::Busy(retry_after)));
        let response = submit(&fal, Protocol::Fal, "a/b", "x").send().await.unwrap();
        assert_eq!(response.status(), 429);
        response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(told(RetryAfter::Seconds(0)).await.as_deref(), Some("0"));
    assert_eq!(told(RetryAfter::Absent).await, None);
    let before = chrono::Utc::now();
    let date = told(RetryAfter::Date(Duration::from_secs(600))).await.unwrap();
    assert!(date.ends_with(" GMT"), "{date}");
    let wait = DateTime::parse_from_rfc2822(&date).unwrap().to_utc() - before;
    assert!(wait.num_seconds() >= 599, "{date}");
}

#[tokio::test]
async fn an_answer_can_be_lost_before_and_after_the_work_was_accepted() {
    for protocol in Protocol::ALL {
        let provider = start(protocol, Duration::ZERO).await;
        let sending = || submit(&provider, protocol, "a/b", "x").timeout(Duration::from_secs(60)).send();
        provider.once(Fault::instead(Step::Submit, Trouble::HangUp));
        let error = sending().await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_connect(), "{protocol}: {error:?}");
        assert_eq!(provider.record().paid().len(), 0, "{protocol}: nothing was accepted");

        provider.once(Fault::after(Step::Submit, Trouble::HangUp));
        let error = sending().await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_connect(), "{protocol}: {error:?}");
        assert_eq!(provider.record().paid().len(), 1, "{protocol}: it costs money");

        provider.once(Fault::after(Step::Submit, Trouble::Silence));
        let mut silent = tokio::spawn(submit(&provider, protocol, "a/b", "x").send());
        provider.asked(|record| record.paid().len() == 2).await;
        assert!(tokio::time::timeout(Duration::from_millis(500), &mut silent).await.is_err(), "{protocol}");
        silent.abort();
        provider.once(Fault::after(Step::Submit, Refusal::Down(502)));
        let page = sending().await.unwrap();
        assert_eq!(
            (page.status().as_u16(), &page.headers()["content-type"]),
            (502, &"text/html".parse().unwrap())
        );
        assert!(page.text().await.unwrap().contains("nginx"));
        assert_eq!(provider.record().paid().len(), 3, "{protocol}");
    }
}

#[tokio::test]
async fn bodies_can_be_garbage_or_without_end_and_redirects_lead_away() {
    for protocol in Protocol::ALL {
        let provider = start(protocol, Duration::ZERO).await;
        let sending = || submit(&provider, protocol, "a/b", "x").send();
        provider.once(Fault::after(Step::Submit, Trouble::Garbage));
        assert!(sending().await.unwrap().json::<Value>().await.unwrap_err().is_decode());
        provider.once(Fault::after(Step::Submit, Trouble::Endless));
        let mut endless = sending().await.unwrap();
        assert_eq!((endless.status().as_u16(), endless.content_length()), (200, None));
        let mut read = 0;
        while read < 1024 * 1024 {
            read += endless.chunk().await.unwrap().unwrap().len();
        }
        drop(endless);
        provider.once(Fault::instead(Step::Submit, Trouble::Redirect("http://192.0.2.1/steal".to_owned())));
        let redirected = sending().await.unwrap();
        assert_eq!(
            (redirected.status().as_u16(), &redirected.headers()["location"]),
            (307, &"http://192.0.2.1/steal".parse().unwrap())
        );
        assert_eq!(provider.record().paid().len(), 2, "{protocol}");
    }
}

#[tokio::test]
async fn faults_strike_at_their_step_until_it_is_healed() {
    let replicate = start(Protocol::Replicate, Duration::ZERO).await;
    replicate.always(Fault::instead(Step::Status, Refusal::Down(500)));
    replicate.always(Fault::instead(Step::Cancel, Refusal::Down(503)));
    let (status, prediction) = sent(submit(&replicate, Protocol::Replicate, "a/b", "x")).await;
    assert_eq!(status, 201);
    let get = || client().get(prediction["urls"]["get"].as_str().unwrap()).bearer_auth(KEY);
    for _ in 0..3 {
        assert_eq!(sent(get()).await.0, 500);
    }
    let cancel = client().post(prediction["urls"]["cancel"].as_str().unwrap()).bearer_auth(KEY);
    assert_eq!(sent(cancel).await.0, 503);
    replicate.heal();
    assert_eq!(sent(get()).await.0, 200);
    assert_eq!(replicate.record().statuses, 4);
}

#[tokio::test]
async fn addresses_can_lead_to_another_host() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    fal.once(Fault::ForeignUrls("http://192.0.2.1".to_owned()));
    let (_, receipt) = sent(submit(&fal, Protocol::Fal, "a/b", "x")).await;
    for address in ["status_url", "response_url", "cancel_url"] {
        assert!(
            receipt[address].as_str().unwrap().starts_with("http://192.0.2.1/a/b/requests/"),
            "{receipt}"
        );
    }
}

#[tokio::test]
async fn a_word_in_the_model_or_the_prompt_does_the_same() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let status = async |model: &str, prompt: &str| sent(submit(&fal, Protocol::Fal, model, prompt)).await.0;
    let turns =
        [status("a/b/flaky", "x").await, status("a/b/flaky", "y").await, status("a/b/flaky", "x").await];
    assert_eq!(turns, [503, 503, 200], "each order has its own turns");
    assert_eq!(status("a/b/flaky", "x").await, 503);
    assert_eq!(status("a/b", "mock:busyzero a cat").await, 429);
    assert_eq!(status("a/b", "a busy street").await, 200);
    assert_eq!(status("a/b/broke", "x").await, 403);
    assert_eq!(status("a/b/denied", "x").await, 401);
    assert_eq!(status("a/b/down", "x").await, 500);
    let lost = submit(&fal, Protocol::Fal, "a/b/lost", "x").timeout(Duration::from_secs(60)).send().await;
    assert!(lost.is_err());
    assert_eq!(fal.record().paid().len(), 3);

    let (_, receipt) = sent(submit(&fal, Protocol::Fal, "a/b/strict", "x")).await;
    let result =
        client().get(receipt["response_url"].as_str().unwrap()).header("Authorization", format!("Key {KEY}"));
    assert_eq!(sent(result).await.1["detail"][0]["type"], "content_policy_violation");
    assert!(WORDS.iter().all(|word| !word.meaning.is_empty()));
}

#[tokio::test]
async fn without_a_key_of_its_own_it_takes_any_key() {
    let options = embedded::providers::MockOptions::default();
    let fal = MockProvider::start(Protocol::Fal, options).await.unwrap();
    assert_eq!(sent(submit(&fal, Protocol::Fal, "a/b", "x")).await.0, 200);
    let without = client().post(format!("{}/a/b", fal.base_url())).json(&json!({ "prompt": "x" }));
    assert_eq!(sent(without).await.0, 401);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_kept() {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let long = submit(&fal, Protocol::Fal, "a/b", &"x".repeat(2 * 1024 * 1024)).send().await;
    // Whether the answer is read before the rest could not be sent is for the network to say.
    assert!(long.is_err() || long.is_ok_and(|answer| answer.status() == 413));
    assert_eq!(fal.record().submits, []);
    assert_eq!(sent(submit(&fal, Protocol::Fal, "a/b", "x")).await.0, 200);
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let first = start(Protocol::Fal, Duration::ZERO).await;
    let options = embedded::providers::MockOptions { listen: first.address(), ..Default::default() };
    let error = MockProvider::start(Protocol::Fal, options).await.unwrap_err().to_string();
    assert!(error.contains(&first.address().to_string()), "{error}");
    let options = embedded::providers::MockOptions { key: Some(KEY.to_owned()), ..Default::default() };
    assert!(!format!("{options:?}").contains(KEY), "{options:?}");
}
