//! The files that were made, whole and spoilt.

use super::{KEY, client, drawn, sent, start};
use embedded::providers::{Fault, FileFault, MockProvider, Protocol};
use serde_json::json;
use std::time::Duration;

/// A server, and the address of a file on it.
async fn made() -> (MockProvider, String) {
    let fal = start(Protocol::Fal, Duration::ZERO).await;
    let keyed = |request: reqwest::RequestBuilder| request.header("Authorization", format!("Key {KEY}"));
    let input = json!({ "prompt": "a cat", "image_size": "square" });
    let (_, receipt) = sent(keyed(client().post(format!("{}/a/b", fal.base_url())).json(&input))).await;
    let (_, result) = sent(keyed(client().get(receipt["response_url"].as_str().unwrap()))).await;
    (fal, result["images"][0]["url"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_file_needs_no_key_and_stays_the_same() {
    let (fal, url) = made().await;
    let fetch = async || client().get(&url).send().await.unwrap();
    let first = fetch().await;
    assert_eq!(
        (first.status().as_u16(), &first.headers()["content-type"]),
        (200, &"image/png".parse().unwrap())
    );
    let first = first.bytes().await.unwrap();
    assert_eq!(drawn(&first), (512, 512, 1));
    assert_eq!(fetch().await.bytes().await.unwrap(), first);
    for wrong in [
        url.replace("/0.png", "/1.png"),
        url.replace("/0.png", "/x"),
        format!("{}/files/a/0.png", fal.base_url()),
    ] {
        assert_eq!(client().get(&wrong).send().await.unwrap().status(), 404, "{wrong}");
    }
    assert_eq!(fal.record().files, 5);
}

#[tokio::test]
async fn files_can_be_missing_broken_off_or_something_else() {
    let (fal, url) = made().await;
    let fetch = async |fault| {
        fal.once(Fault::File(fault));
        client().get(&url).send().await.unwrap()
    };
    assert_eq!(fetch(FileFault::Missing).await.status(), 404);
    let page = fetch(FileFault::WrongType).await;
    assert_eq!(page.headers()["content-type"], "image/png");
    assert!(page.text().await.unwrap().starts_with("<!doctype html>"));
    let cut = fetch(FileFault::Cut).await;
    assert!(cut.content_length().is_some_and(|length| length > 0));
    assert!(cut.bytes().await.is_err());
    let elsewhere = fetch(FileFault::Elsewhere("http://127.0.0.1:1/".to_owned())).await;
    assert_eq!(
        (elsewhere.status().as_u16(), &elsewhere.headers()["location"]),
        (307, &"http://127.0.0.1:1/".parse().unwrap())
    );
    let whole = client().get(&url).send().await.unwrap();
    assert_eq!(drawn(&whole.bytes().await.unwrap()), (512, 512, 1), "each fault struck once");
}

#[tokio::test]
async fn files_can_come_slowly_or_without_end() {
    let (fal, url) = made().await;
    let whole = client().get(&url).send().await.unwrap().bytes().await.unwrap();
    fal.once(Fault::File(FileFault::Slow));
    let mut slow = client().get(&url).send().await.unwrap();
    let mut read = Vec::new();
    while read.len() < 3 {
        read.extend_from_slice(&slow.chunk().await.unwrap().unwrap());
    }
    assert!(whole.starts_with(&read) && read.len() < whole.len() / 2, "{} bytes came at once", read.len());
    fal.once(Fault::File(FileFault::Endless));
    let mut endless = client().get(&url).send().await.unwrap();
    let mut read = Vec::new();
    while read.len() < 4 * 1024 * 1024 {
        read.extend_from_slice(&endless.chunk().await.unwrap().unwrap());
    }
    assert!(read.starts_with(b"\x89PNG"), "it begins like a picture");
}
