//! The bytes of finished outputs.

use crate::support::{Client, Server, Setup};
use api::auth::Role;
use ledger::job::Output;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use reqwest::Method;
use std::time::Duration;

#[tokio::test]
async fn an_output_is_its_bytes_for_its_owner_to_keep() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    let path = format!("/v1/generations/{}/outputs/0", bought.id());
    alice.get(&path).await.refused(404, "not_found");
    server.succeed("alice", bought.id(), b"\x89PNG and so on").await;
    let output = alice.get(&path).await.expect(200);
    assert_eq!(output.bytes, b"\x89PNG and so on");
    assert_eq!(output.headers.get_all("content-type").iter().count(), 1);
    assert_eq!(output.header("content-type"), Some("image/png"));
    let length = output.bytes.len().to_string();
    assert_eq!(output.header("content-length"), Some(&*length), "one that was cut off must not look whole");
    assert_eq!(output.header("cache-control"), Some("private, max-age=31536000, immutable"));
    assert!(output.header("content-disposition").unwrap().starts_with("inline; filename="));
    assert!(output.header("content-security-policy").unwrap().contains("default-src 'none'"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    server.succeed("alice", bought.id(), b"png").await;
    for index in ["1", "4294967295"] {
        let path = format!("/v1/generations/{}/outputs/{index}", bought.id());
        alice.get(&path).await.refused(404, "not_found");
    }
    for index in ["-1", "x", "4294967296", "0.0", "%2F"] {
        let path = format!("/v1/generations/{}/outputs/{index}", bought.id());
        assert_eq!(alice.get(&path).await.refused(400, "parameter_invalid").blamed(), ["index"], "{index}");
    }
}

/// A generation of ten bytes, and the address of its output.
async fn ten_bytes(server: &Server, told: impl FnOnce(Output) -> Output) -> (Client, String) {
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    server.succeed_as("alice", bought.id(), b"0123456789", told).await;
    (alice, format!("/v1/generations/{}/outputs/0", bought.id()))
}

#[tokio::test]
async fn an_output_is_named_by_its_hash_and_not_sent_again_to_who_has_it() {
    let server = Server::start().await;
    let (alice, path) = ten_bytes(&server, |output| output).await;
    let hash = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    let etag = format!("\"{hash}\"");
    let output = alice.get(&path).await.expect(200);
    assert_eq!(output.header("etag"), Some(&*etag));
    let generation = alice.get(path.trim_end_matches("/outputs/0")).await.expect(200);
    assert_eq!(generation.body["outputs"][0]["sha256"], hash);
    for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
        let unchanged = alice.with("if-none-match", &known).with("range", "bytes=90-").get(&path).await;
        let unchanged = unchanged.expect(304);
        assert!(unchanged.bytes.is_empty());
        assert_eq!(unchanged.header("etag"), Some(&*etag));
        assert_eq!(unchanged.header("cache-control"), output.header("cache-control"));
    }
    let changed = alice.with("if-none-match", "\"other\"").get(&path).await.expect(200);
    assert_eq!(changed.bytes, b"0123456789");
}

#[tokio::test]
async fn a_part_of_an_output_can_be_had() {
    let server = Server::start().await;
    let (alice, path) = ten_bytes(&server, |output| output).await;
    let whole = alice.get(&path).await.expect(200);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    for (range, bytes, place) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=7-700", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=0-", "0123456789", "bytes 0-9/10"),
    ] {
        let part = alice.with("range", range).get(&path).await.expect(206);
        assert_eq!((part.bytes.as_slice(), part.header("content-range")), (bytes.as_bytes(), Some(place)));
        assert_eq!(part.header("content-length"), Some(&*bytes.len().to_string()));
        for name in ["etag", "content-type", "cache-control", "content-disposition", "accept-ranges"] {
            assert_eq!(part.header(name), whole.header(name), "{range}: {name}");
        }
    }
    for range in ["bytes=0-1,4-5", "items=0-1", "bytes=5-2", "nonsense"] {
        let answer = alice.with("range", range).get(&path).await.expect(200);
        assert_eq!(answer.bytes, whole.bytes, "{range}");
    }
    for range in ["bytes=10-", "bytes=-0", "bytes=99999999999999999999999-"] {
        let refused = alice.with("range", range).get(&path).await.refused(416, "range_unsatisfiable");
        assert_eq!(refused.header("content-range"), Some("bytes */10"), "{range}");
    }
    let alice = alice.with("range", "bytes=2-4");
    let same = alice.with("if-range", whole.header("etag").unwrap()).get(&path).await.expect(206);
    assert_eq!(same.bytes, b"234");
    for other in ["\"other\"", "Sun, 29 Nov 2026 00:00:00 GMT"] {
        assert_eq!(alice.with("if-range", other).get(&path).await.expect(200).bytes, whole.bytes, "{other}");
    }
}

#[tokio::test]
async fn the_head_of_an_output_is_that_of_the_whole() {
    let server = Server::start().await;
    let (alice, path) = ten_bytes(&server, |output| output).await;
    let head = alice.with("range", "bytes=2-4").send(Method::HEAD, &path, None).await.expect(200);
    assert!(head.bytes.is_empty());
    assert_eq!((head.header("content-length"), head.header("content-range")), (Some("10"), None));
    assert!(head.header("etag").is_some());
}

#[tokio::test]
async fn an_output_from_before_hashes_is_served_without_a_name() {
    let server = Server::start().await;
    let (alice, path) = ten_bytes(&server, |output| Output { sha256: None, ..output }).await;
    let whole = alice.with("if-none-match", "\"x\"").get(&path).await.expect(200);
    assert_eq!((whole.header("etag"), whole.bytes.as_slice()), (None, b"0123456789".as_slice()));
    let part = alice.with("range", "bytes=8-").get(&path).await.expect(206);
    assert_eq!((part.header("etag"), part.bytes.as_slice()), (None, b"89".as_slice()));
    let generation = alice.get(path.trim_end_matches("/outputs/0")).await.expect(200);
    assert!(generation.body["outputs"][0].get("sha256").is_none());
}

#[tokio::test]
async fn a_file_that_is_shorter_than_recorded_is_not_passed_off_as_whole() {
    let server = Server::start().await;
    let (alice, path) = ten_bytes(&server, |output| Output { bytes: 20, ..output }).await;
    alice.with("range", "bytes=5-14").get(&path).await.refused(503, "output_unavailable");
    alice.get(&path).await.refused(503, "output_unavailable");
}

#[tokio::test]
async fn a_small_copy_is_served_where_there_is_one() {
    let server = Server::start().await;
    let key = "outputs/x/0-thumbnail.jpg";
    let (alice, path) = ten_bytes(&server, |output| Output { thumbnail: Some(key.into()), ..output }).await;
    let small = format!("{path}/thumbnail");
    let generation = alice.get(path.trim_end_matches("/outputs/0")).await.expect(200);
    assert_eq!(generation.body["outputs"][0]["thumbnail_url"], *small);
    alice.get(&small).await.refused(404, "not_found");
    server.outputs.put(&Path::from(key), "small".into()).await.unwrap();
    let copy = alice.get(&small).await.expect(200);
    assert_eq!(
        (copy.bytes.as_slice(), copy.header("content-type")),
        (b"small".as_slice(), Some("image/jpeg"))
    );
    assert_eq!(copy.header("content-length"), Some("5"));
    assert!(copy.header("cache-control").unwrap().starts_with("private"));
    server.rich_user("bob", 1).await.get(&small).await.refused(404, "not_found");

    let plain = alice.buy("a fox").await;
    server.succeed("alice", plain.id(), b"png").await;
    let path = format!("/v1/generations/{}", plain.id());
    alice.get(&format!("{path}/outputs/0/thumbnail")).await.refused(404, "not_found");
    assert!(alice.get(&path).await.expect(200).body["outputs"][0].get("thumbnail_url").is_none());
}

#[tokio::test]
async fn an_output_that_was_kept_for_long_enough_has_expired() {
    let server = Server::start().await;
    let (alice, path) = ten_bytes(&server, |output| output).await;
    alice.get(&path).await.expect(200);
    let keeping = async |keep| server.beside(Setup { keep_outputs: Some(keep), ..Setup::default() }).await;
    let brief = keeping(Duration::ZERO).await;
    let alice = brief.client(Role::User, "alice");
    for what in ["", "/thumbnail"] {
        alice.get(&format!("{path}{what}")).await.refused(410, "output_deleted");
    }
    let refused = alice.with("if-none-match", "*").get(&path).await.refused(410, "output_deleted");
    assert!(refused.body["detail"].as_str().unwrap().contains("make it again with"), "{}", refused.body);
    let generation = alice.get(path.trim_end_matches("/outputs/0")).await.expect(200);
    assert!(generation.body["outputs"][0]["sha256"].is_string(), "what it was is known for ever");
    let long = keeping(Duration::from_secs(3600)).await;
    // Its own store is empty.
    long.client(Role::User, "alice").get(&path).await.refused(404, "not_found");
}
