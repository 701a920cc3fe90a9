//! The bytes of finished outputs.

use crate::support::Server;

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
