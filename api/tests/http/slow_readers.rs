//! Clients that do not take what they asked for, or ask for more before they do.

use crate::support::{Server, Setup};
use api::Limits;
use api::auth::Role;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

/// Many times what fits into all buffers between a server and a client that does not read.
const BIG: usize = 16 * 1024 * 1024;

/// A server at which alice may ask for much: an output, and a page of generations with long prompts.
struct Heavy {
    server: Server,
    token: String,
    output: String,
}

impl Heavy {
    async fn start(send: Duration) -> Heavy {
        let limits = Limits { send, ..Limits::default() };
        let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
        let alice = server.rich_user("alice", 1_000).await;
        let long = json!({ "model": "sim-image", "prompt": "🦊".repeat(4_000) });
        for _ in 0..2 {
            let batch = json!({ "items": vec![&long; 50] });
            alice.post("/v1/generations/batch", batch).await.expect(202);
        }
        let bought = alice.buy("a fox").await;
        server.succeed("alice", bought.id(), vec![b'x'; BIG].leak()).await;
        server.caught_up().await;
        let token =
            server.keys.issue(Role::User, &"alice".parse().unwrap(), Duration::from_secs(600)).unwrap();
        let output = format!("/v1/generations/{}/outputs/0", bought.id());
        Heavy { server, token, output }
    }

    fn get(&self, path: &str, rest: &str) -> Vec<u8> {
        let token = &self.token;
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{rest}\r\n")
            .into_bytes()
    }

    /// A client that has little room for what it has not read, and has sent this.
    async fn asked(&self, request: &[u8]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(self.server.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream
    }
}

/// Everything that comes until the server closes, or the connection breaks.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut bytes));
    let _ = reading.await.expect("the server neither sends nor closes");
    bytes
}

/// The head, the body by its length, and what comes after it.
fn split(answer: &[u8]) -> (&str, &[u8], &[u8]) {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a whole head") + 4;
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let (body, rest) = answer[end..].split_at_checked(length.parse().unwrap()).expect("a whole body");
    (head, body, rest)
}

#[tokio::test]
async fn a_client_that_takes_a_byte_now_and_then_is_cut_off() {
    let heavy = Heavy::start(Duration::from_millis(300)).await;
    for path in [&heavy.output, "/v1/generations?limit=100"] {
        let whole = heavy.server.user("alice").get(path).await.expect(200).bytes.len();
        let mut slow = heavy.asked(&heavy.get(path, "Connection: close\r\n")).await;
        let mut taken = 0;
        for _ in 0..150 {
            let Ok(1..) = slow.read(&mut [0]).await else { break };
            taken += 1;
            sleep(Duration::from_millis(20)).await;
        }
        // What was on its way still comes, and nothing more.
        let came = taken + rest(&mut slow).await.len();
        assert!(came < whole, "{path}: all of {whole} bytes came");
    }
}

#[tokio::test]
async fn a_client_that_takes_its_time_gets_everything() {
    let heavy = Heavy::start(Duration::from_secs(10)).await;
    let mut steady = heavy.asked(&heavy.get(&heavy.output, "Connection: close\r\n")).await;
    let mut answer = Vec::new();
    let mut piece = vec![0; 512 * 1024];
    loop {
        match timeout(PATIENCE, steady.read(&mut piece)).await.expect("it goes on").unwrap() {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
        sleep(Duration::from_millis(1)).await;
    }
    let (head, body, after) = split(&answer);
    assert!(head.starts_with("HTTP/1.1 200") && body.len() == BIG && after.is_empty(), "{head}");
}

/// The second of two requests that were sent together is no request. The first is answered all the same, whether its answer
/// is on its way at once or held up by a client that does not read yet.
#[tokio::test]
async fn nonsense_behind_a_request_is_refused_after_its_answer() {
    let heavy = Heavy::start(PATIENCE).await;
    let order = "{\"model\":\"sim-image\",\"prompt\":\"x\"}";
    let buy = format!(
        "POST /v1/generations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{order}",
        heavy.token,
        order.len()
    );
    for (first, status) in [
        (b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 200),
        (heavy.get("/v1/generations/nothing", ""), 400),
        (buy.into_bytes(), 202),
        (heavy.get(&heavy.output, ""), 200),
    ] {
        for nonsense in
            ["nonsense\r\n\r\n", "GET /v1/credits HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n"]
        {
            let mut stream = heavy.asked(&[&first, nonsense.as_bytes()].concat()).await;
            sleep(Duration::from_millis(200)).await;
            let answer = rest(&mut stream).await;
            let (head, _, second) = split(&answer);
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            let (head, body, after) = split(second);
            assert!(head.starts_with("HTTP/1.1 400 ") && after.is_empty(), "{head}");
            assert!(head.contains("application/problem+json"), "{head}");
            let problem: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(problem["code"], "request_invalid");
        }
    }
    heavy.server.verified(&["alice"]).await;
}
