//! What happens on the wire: connections that fail or end early, answers without end, redirects, and the key.

use crate::served::{Reply, Served};
use crate::support::{KEY, options, polled, provider, submitted};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use worker::provider::http::{Adapter, HttpProvider};

const TASK: &str = "fal-ai/flux|r-1";

fn fal(url: &str) -> HttpProvider {
    HttpProvider::new(&options(url, Adapter::Fal)).unwrap()
}

/// An address where nobody listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn what_was_never_sent_is_not_paid_for() {
    for url in [nowhere().await, "http://no-such-host.invalid".to_owned()] {
        let fal = fal(&url);
        assert_eq!(submitted(&fal, "fal-ai/flux").await, "transient provider_unreachable, billed no");
        assert_eq!(polled(&fal, TASK).await, "unanswered: transient provider_unreachable");
    }
}

#[tokio::test]
async fn a_connection_that_never_becomes_tls_carried_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fal = fal(&format!("https://{}", listener.local_addr().unwrap()));
    let _closing = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    assert_eq!(submitted(&fal, "fal-ai/flux").await, "transient provider_unreachable, billed no");
}

#[tokio::test]
async fn what_was_sent_and_not_answered_may_be_paid_for() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    for (reply, expected) in [
        (Reply::Cut, "transient answer_lost, billed unknown"),
        (Reply::Half, "transient answer_lost, billed unknown"),
        (Reply::text(200, "<html>raw words"), "transient answer_unreadable, billed unknown"),
        (Reply::text(200, ""), "transient answer_unreadable, billed unknown"),
        (Reply::Endless(200), "transient answer_unreadable, billed unknown"),
    ] {
        served.will_answer([reply.clone()]);
        assert_eq!(submitted(&fal, "fal-ai/flux").await, expected, "{reply:?}");
        assert_eq!(served.lines().len(), 1, "it was sent once: {reply:?}");
    }
}

#[tokio::test]
async fn a_silent_provider_is_left_after_its_time() {
    let served = Served::new([Reply::Silence, Reply::Silence]).await;
    let mut settings = options(&served.url, Adapter::Fal);
    settings.answer_timeout = Duration::from_millis(500);
    let fal = HttpProvider::new(&settings).unwrap();
    assert_eq!(submitted(&fal, "fal-ai/flux").await, "transient answer_lost, billed unknown");
    assert_eq!(polled(&fal, TASK).await, "unanswered: transient answer_lost");
}

#[tokio::test]
async fn a_refusal_counts_whatever_becomes_of_its_reasons() {
    let served = Served::new([Reply::Endless(422), Reply::Endless(500)]).await;
    let fal = provider(&served, Adapter::Fal);
    assert_eq!(submitted(&fal, "fal-ai/flux").await, "permanent invalid_request, billed no");
    assert_eq!(polled(&fal, TASK).await, "unanswered: transient provider_error");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_key_goes_elsewhere() {
    let elsewhere = Served::new([]).await;
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    for status in [301, 302, 303, 307, 308] {
        let place = format!("{}/fal-ai/flux", elsewhere.url);
        let reply = || Reply::text(status, "").with("location", place.as_str());
        served.will_answer([reply(), reply()]);
        assert_eq!(submitted(&fal, "fal-ai/flux").await, "transient provider_moved, billed no", "{status}");
        assert_eq!(polled(&fal, TASK).await, "unanswered: transient provider_moved", "{status}");
    }
    assert!(elsewhere.lines().is_empty());
    assert_eq!(served.lines().len(), 10);
}

#[tokio::test]
async fn every_request_says_who_asks_and_wants_plain_json() {
    let served = Served::new([Reply::json(202, json!({"status": "IN_QUEUE"}))]).await;
    let mut settings = options(&format!("{}/behind/a/proxy/", served.url), Adapter::Fal);
    settings.key = None;
    let fal = HttpProvider::new(&settings).unwrap();
    assert_eq!(polled(&fal, TASK).await, "working");
    let asked = served.asked().remove(0);
    assert_eq!(asked.line(), "GET /behind/a/proxy/fal-ai/flux/requests/r-1/status");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(asked.headers["user-agent"], format!("cooly/{version}"));
    assert_eq!(asked.headers["accept"], "application/json");
    for absent in ["authorization", "accept-encoding", "referer", "cookie"] {
        assert!(!asked.headers.contains_key(absent), "{absent}");
    }
    assert!(!asked.path.contains(KEY));
}

#[tokio::test]
async fn a_wish_to_wait_is_kept() {
    let served = Served::new([]).await;
    let fal = provider(&served, Adapter::Fal);
    for (name, value, expected) in [
        ("retry-after", "7", ", again in 7 s"),
        ("retry-after", "0", ", again in 1 s"),
        ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", ", again in 1 s"),
        ("retry-after", "Thu, 06 Nov 2194 08:49:37 GMT", ", again in 3600 s"),
        ("x-other", "7", ""),
    ] {
        served.will_answer([Reply::text(429, "").with(name, value)]);
        let expected = format!("throttled provider_busy, billed no{expected}");
        assert_eq!(submitted(&fal, "fal-ai/flux").await, expected, "{value}");
    }
}
