//! What is kept.

use super::{Bench, here, png, serving, there};
use crate::outputs::keys;
use crate::outputs::loopback::{Answer, Server, answer};
use crate::provider::{Artifact, Facts};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

#[tokio::test]
async fn each_attempt_has_a_folder_of_its_own() {
    let bench = Bench::new();
    let early = bench.store(&[here(b"one"), here(b"two")]).await.unwrap();
    let until = Instant::now() + super::LONG;
    let late = bench.store.store(&super::task(6), &[here(b"new")], until).await.unwrap();
    assert_eq!(
        early[1].key,
        "outputs/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002/3-4/1.png"
    );
    assert_eq!((early[1].index, early[1].bytes), (1, 3));
    assert_eq!(early[0].sha256.as_deref().unwrap(), hex::encode(Sha256::digest(b"one")));
    assert_eq!(bench.read(&early[0].key).await.unwrap(), "one");

    bench.store.discard(&keys(&early)).await;
    assert_eq!(bench.read(&early[0].key).await, None);
    assert_eq!(bench.read(&late[0].key).await.unwrap(), "new", "another attempt's outputs stay");
    bench.store.discard(&keys(&early)).await;
}

#[tokio::test]
async fn a_file_at_a_provider_is_fetched_and_told_what_it_is() {
    let server = serving(200, "content-type: text/html\r\n", png(30, 20)).await;
    let told = Some(Facts { content_type: "video/mp4".into(), width: 1, height: 1 });
    let artifact = Artifact { facts: told, ..there(server.url("/a.jpg?signature=secret")) };
    let bench = Bench::new();
    let output = bench.store(&[artifact]).await.unwrap().remove(0);
    assert_eq!((output.content_type.as_str(), output.width, output.height), ("image/png", 30, 20));
    assert!(output.key.ends_with("/3-4/0.png"), "{}", output.key);
    let bytes = bench.read(&output.key).await.unwrap();
    assert_eq!(bytes, png(30, 20));
    assert_eq!(output.bytes, bytes.len() as u64);
    assert_eq!(output.sha256.unwrap(), hex::encode(Sha256::digest(&bytes)));
    let head = server.heads.lock().unwrap()[0].to_lowercase();
    assert!(head.starts_with("get /a.jpg?signature=secret http/1.1"), "{head}");
    for secret in ["authorization", "cookie", "referer", "accept-encoding"] {
        assert!(!head.contains(secret), "{head}");
    }
}

#[tokio::test]
async fn bytes_that_nobody_described_are_described_by_themselves() {
    let bench = Bench::new();
    let mut artifact = here(b"");
    artifact.content = crate::provider::Content::Bytes(png(5, 4).into());
    artifact.facts = None;
    let output = bench.store(&[artifact.clone()]).await.unwrap().remove(0);
    assert_eq!((output.content_type.as_str(), output.width, output.height), ("image/png", 5, 4));
    artifact.content = crate::provider::Content::Bytes("not a picture".into());
    assert_eq!(Bench::new().refusal(artifact).await, "output_type");
}

#[tokio::test]
async fn the_outputs_keep_their_order() {
    let server = Server::start(|path, _| {
        let side = path.trim_start_matches('/').parse().unwrap();
        answer(200, "", &png(side, 1))
    })
    .await;
    let artifacts: Vec<_> = (1..=9).map(|side| there(server.url(&format!("/{side}")))).collect();
    let outputs = Bench::new().store(&artifacts).await.unwrap();
    let told: Vec<_> = outputs.iter().map(|output| (output.index + 1, output.width)).collect();
    assert_eq!(told, (1..=9).map(|side| (side, side)).collect::<Vec<_>>());
}

#[tokio::test]
async fn bytes_beyond_the_promised_length_do_not_count() {
    let whole = png(8, 8);
    let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", whole.len());
    let sent = [head.as_bytes(), &whole, &[b'x'; 100_000]].concat();
    let server = Server::start(move |_, _| Answer::Send(sent.clone())).await;
    let bench = Bench::new();
    let output = bench.store(&[there(server.url("/a"))]).await.unwrap().remove(0);
    assert_eq!(bench.read(&output.key).await.unwrap(), whole);
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    let server = Server::start(|_, before| match before {
        0 => answer(500, "", b"oh no"),
        1 => answer(429, "", b"slowly"),
        // It promises more than it sends.
        2 => Answer::Send(b"HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n\x89PNG\r\n\x1a\n".to_vec()),
        3 => Answer::Send(b"this is not HTTP".to_vec()),
        _ => answer(200, "", &png(8, 8)),
    })
    .await;
    let bench = Bench::new();
    let output = bench.store(&[there(server.url("/a"))]).await.unwrap().remove(0);
    assert_eq!((output.width, server.requests()), (8, 5));
    let kept = bench.read(&output.key).await.unwrap();
    assert_eq!(kept, png(8, 8));
}

#[tokio::test]
async fn a_picture_has_a_small_copy_that_goes_with_it() {
    let server = serving(200, "", png(640, 320)).await;
    let bench = Bench::new();
    let outputs = bench.store(&[there(server.url("/a"))]).await.unwrap();
    let key = outputs[0].thumbnail.clone().unwrap();
    assert!(key.ends_with("/3-4/0-thumbnail.jpg"), "{key}");
    let copy = imagesize::blob_size(&bench.read(&key).await.unwrap()).unwrap();
    assert_eq!((copy.width, copy.height), (320, 160));
    assert_eq!(bench.keys().await.len(), 2);
    bench.store.discard(&keys(&outputs)).await;
    assert_eq!(bench.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_picture_of_which_there_can_be_no_copy_is_kept_without() {
    let output = Bench::new().store(&[here(b"no picture at all")]).await.unwrap().remove(0);
    assert_eq!(output.thumbnail, None);
}

#[tokio::test]
async fn redirects_are_followed_a_few_times() {
    let server = Server::start(|path, _| match path {
        "/5" => answer(200, "", &png(8, 8)),
        hop => {
            let next = hop.trim_start_matches('/').parse::<u32>().unwrap() + 1;
            let status = [301, 302, 303, 307, 308][next as usize % 5];
            answer(status, &format!("location: /{next}\r\n"), b"over there")
        }
    })
    .await;
    let output = Bench::new().store(&[there(server.url("/0"))]).await.unwrap().remove(0);
    assert_eq!((output.width, server.requests()), (8, 6));
}
