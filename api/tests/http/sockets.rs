//! What no decent client sends: half of something, more than was said, and then silence.

use crate::support::{Server, Setup};
use api::Limits;
use api::auth::Role;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

struct Socket {
    server: Server,
    token: String,
}

impl Socket {
    async fn start() -> Socket {
        let moment = Duration::from_millis(300);
        let limits = Limits { head: moment, receive: moment, ..Limits::default() };
        let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
        server.rich_user("alice", 100).await;
        let sub = "alice".parse().unwrap();
        let token = server.keys.issue(Role::User, &sub, Duration::from_secs(600)).unwrap();
        Socket { server, token }
    }

    fn head(&self, rest: &str) -> Vec<u8> {
        format!(
            "POST /v1/generations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n{rest}",
            self.token
        )
        .into_bytes()
    }

    /// Sends these bytes and then nothing, and returns everything that comes until the server closes.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.server.address).await.unwrap();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let reading = timeout(PATIENCE, stream.read_to_end(&mut answer));
        let _ = reading.await.expect("the server neither answers nor closes");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

#[tokio::test]
async fn half_a_body_is_answered_in_time_and_does_nothing() {
    let socket = Socket::start().await;
    let before = socket.server.log_length().await;
    let answer =
        socket.send(&socket.head("Content-Length: 100\r\nConnection: close\r\n\r\n{\"model\":")).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
    let chunked = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n9\r\n{\"model\":\r\n";
    let answer = socket.send(&socket.head(chunked)).await;
    assert!(answer.contains("body_timeout"), "{answer}");
    assert_eq!(socket.server.log_length().await, before);
}

#[tokio::test]
async fn half_a_head_is_given_up() {
    let socket = Socket::start().await;
    for bytes in [&b"POST /v1/gener"[..], b"GET /v1/credits HTTP/1.1\r\nHost: local", b"\r\n", b""] {
        let answer = socket.send(bytes).await;
        assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not() {
    let socket = Socket::start().await;
    let before = socket.server.log_length().await;
    let mut told = socket.head("Content-Length: 2000000\r\nConnection: close\r\n\r\n");
    told.extend(vec![b' '; 2_000_000]);
    let answer = socket.send(&told).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    let mut chunked = socket.head("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    for _ in 0..20 {
        chunked.extend(b"20000\r\n");
        chunked.extend(vec![b' '; 0x20000]);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let answer = socket.send(&chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    let silent = socket.head("Content-Length: 99999999999\r\nConnection: close\r\n\r\n");
    let answer = socket.send(&silent).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(socket.server.log_length().await, before);
}

/// RFC 9112, 9.6: a connection that is closed on what is still coming is reset, and the answer may be lost with it.
#[tokio::test]
async fn whoever_is_still_sending_when_it_is_refused_can_read_why() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /v1/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 500000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    for _ in 0..50 {
        stream.write_all(&[b' '; 8 * 1024]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

/// RFC 9110, 8.6: a recipient may take a length that is said twice for one. Two lengths are none: whoever stands in between
/// could go by the other.
#[tokio::test]
async fn a_length_may_be_said_twice_and_must_be_the_same() {
    let socket = Socket::start().await;
    let body = "{\"model\":\"sim-image\",\"prompt\":\"x\"}";
    let length = body.len();
    let order = |lengths: String| socket.head(&format!("Connection: close\r\n{lengths}\r\n{body}"));
    let same = format!("Content-Length: {length}\r\nContent-Length: {length}\r\n");
    let answer = socket.send(&order(same)).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let before = socket.server.log_length().await;
    for (first, second) in [(length, length - 1), (length, 0), (0, length), (length, length + 5)] {
        let lengths = format!("Content-Length: {first}\r\nContent-Length: {second}\r\n");
        let answer = socket.send(&order(lengths)).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("request_invalid"), "{answer}");
    }
    let list = socket.send(&order(format!("Content-Length: {length}, {length}\r\n"))).await;
    assert!(list.starts_with("HTTP/1.1 400") && list.contains("request_invalid"), "{list}");
    assert_eq!(socket.server.log_length().await, before);
}

#[tokio::test]
async fn broken_requests_are_refused() {
    let socket = Socket::start().await;
    let before = socket.server.log_length().await;
    let body = "{\"model\":\"sim-image\",\"prompt\":\"x\"}";
    let long = format!("X-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(100_000));
    for rest in [
        format!("Content-Length: {}\r\nContent-Length: 5\r\n\r\n{body}", body.len()),
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{body}", body.len()),
        format!("Content-Length: -1\r\n\r\n{body}"),
        format!("Content-Length: x\r\n\r\n{body}"),
        format!("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{body}\r\n"),
        format!("Bad Header\r\n\r\n{body}"),
        long,
    ] {
        let answer = socket.send(&socket.head(&rest)).await;
        let shown: String = rest.chars().take(50).collect();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{shown}: {answer}");
    }
    for bytes in [&b"nonsense\r\n\r\n"[..], b"GET /v1/credits HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x00\xa5"] {
        let answer = socket.send(bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(socket.server.log_length().await, before);
}

#[tokio::test]
async fn a_client_that_resets_does_not_undo_or_double_what_it_ordered() {
    let socket = Socket::start().await;
    let body = "{\"model\":\"sim-image\",\"prompt\":\"x\"}";
    let head = format!("Idempotency-Key: k\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..20 {
        let mut stream = TcpStream::connect(socket.server.address).await.unwrap();
        stream.write_all(&socket.head(&head)).await.unwrap();
        drop(stream);
    }
    let alice = socket.server.user("alice").with("idempotency-key", "k");
    alice
        .post("/v1/generations", serde_json::json!({ "model": "sim-image", "prompt": "x" }))
        .await
        .expect(202);
    assert_eq!(alice.get("/v1/credits").await.body["available"], "96");
    assert_eq!(socket.server.log_length().await, 3);
}

/// A connection whose client sends one byte now and then: of a head, or of a body.
async fn trickle(address: std::net::SocketAddr, head: Vec<u8>) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    if stream.write_all(&head).await.is_err() {
        return;
    }
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Strangers who send a byte at a time have all the places; whoever comes with a whole request is served all the same.
#[tokio::test]
async fn slow_clients_give_up_their_places() {
    let usual = Limits::default();
    let limits = Limits { connections: 8, connections_per_address: 64, ..usual };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    server.rich_user("alice", 100).await;
    let alice = server.client(Role::User, "alice");
    let heads = [
        b"POST /v1/generations HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_vec(),
        b"POST /v1/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n".to_vec(),
    ];
    for head in heads {
        let strangers: Vec<_> =
            (0..24).map(|_| tokio::spawn(trickle(server.address, head.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        for _ in 0..3 {
            let answer = timeout(Duration::from_secs(6), alice.get("/v1/credits")).await;
            answer.expect("there is a place for who is quick").expect(200);
        }
        strangers.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// What never becomes a request is refused like everything else, and not with a bare status.
#[tokio::test]
async fn what_is_no_request_is_answered_with_a_problem_document() {
    let socket = Socket::start().await;
    let long =
        format!("GET /v1/credits HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000));
    for (bytes, status) in [
        (b"nonsense\r\n\r\n".to_vec(), 400),
        (b"GET /v1/credits HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n".to_vec(), 400),
        (socket.head("Content-Length: 3\r\nContent-Length: 5\r\n\r\n{}"), 400),
        (long.into_bytes(), 431),
    ] {
        let answer = socket.send(&bytes).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("application/problem+json"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&"request_invalid".into(), &status.into()));
        assert!(!problem["request_id"].as_str().unwrap().is_empty());
    }
    // Once a request was answered, its connection is like new.
    let two = socket.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n").await;
    assert!(two.starts_with("HTTP/1.1 200"), "{two}");
    // A refusal of ours is never taken for one of HTTP's.
    let refused =
        socket.send(b"GET /v1/credits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("unauthenticated"), "{refused}");
}
