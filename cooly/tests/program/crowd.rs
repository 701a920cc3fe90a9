//! Strangers that open many connections and are slow on them.

use crate::support::{Up, folder, text, verify};
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

const STRANGERS: usize = 500;

/// Opens a connection and sends a byte a second, again and again.
async fn trickle(address: String) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await {
            let _ = stream.write_all(b"POST /v1/generations HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
            while stream.write_all(b"x").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Few descriptors and many slow strangers: users are served, jobs run, and leases are kept.
#[tokio::test(flavor = "multi_thread")]
async fn slow_strangers_do_not_take_what_the_process_needs() {
    let folder = folder();
    let mut up = Up::start_within(folder.path(), &["--sim-image-delay", "50ms"], Some(256)).await;
    assert!(up.log().contains("the limit of open files is low"), "{}", up.log());
    let address = up.url.trim_start_matches("http://").to_owned();
    let strangers: Vec<_> = (0..STRANGERS).map(|_| tokio::spawn(trickle(address.clone()))).collect();
    sleep(Duration::from_secs(2)).await;
    let demo = up.token("user", "demo");
    let until = Instant::now() + Duration::from_secs(60);
    let (mut bought, mut failed) = (Vec::new(), Vec::new());
    while bought.len() < 5 && Instant::now() < until {
        let client = reqwest::Client::new();
        let request = client
            .post(format!("{}/v1/generations", up.url))
            .bearer_auth(&demo)
            .header("Idempotency-Key", format!("in-the-crowd-{}", bought.len()))
            .json(&json!({ "model": "sim-image", "prompt": "a crowd", "params": { "width": 64, "height": 64 } }));
        match timeout(Duration::from_secs(10), request.send()).await {
            Ok(Ok(answer)) => {
                assert_eq!(answer.status(), 202, "{}", up.log());
                let answer: serde_json::Value = answer.json().await.unwrap();
                bought.push(answer["id"].as_str().unwrap().to_owned());
            }
            Ok(Err(error)) => failed.push(error.to_string()),
            Err(_) => panic!("no answer within 10 s\n{}", up.log()),
        }
    }
    assert_eq!(bought.len(), 5, "{failed:?}");
    strangers.iter().for_each(tokio::task::JoinHandle::abort);
    for id in &bought {
        let until = Instant::now() + Duration::from_secs(30);
        while up.get(&format!("/v1/generations/{id}"), &demo).await["status"] != "succeeded" {
            assert!(Instant::now() < until, "{id} does not end\n{}", up.log());
            sleep(Duration::from_millis(100)).await;
        }
    }
    for trouble in ["Too many open files", "a lease could not be renewed"] {
        assert!(!up.log().contains(trouble), "{}", up.log());
    }
    let verified = verify(folder.path());
    assert!(verified.status.success(), "{}", text(&verified));
    assert!(up.stop().success(), "{}", up.log());
}
