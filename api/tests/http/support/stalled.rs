//! A client that asks for a file and does not read it.

use super::server::Server;
use api::auth::Role;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// One that has read the head of its answer, and nothing more yet.
pub(crate) struct Stalled {
    stream: TcpStream,
    pub head: String,
}

impl Stalled {
    pub(crate) async fn open(server: &Server, role: Role, sub: &str, target: &str) -> Stalled {
        let token = server.keys.issue(role, &sub.parse().unwrap(), Duration::from_secs(600)).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nTE: trailers\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.to_lowercase().contains("transfer-encoding: chunked"), "{head}");
        Stalled { stream, head }
    }

    /// Everything else, as it came over the wire.
    pub(crate) async fn rest(mut self) -> String {
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("it does not end");
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// Whether a chunked body ended as one that is whole.
pub(crate) fn is_whole(wire: &str) -> bool {
    let end = wire.char_indices().rev().nth(2_000).map_or(wire, |(start, _)| &wire[start..]);
    end.contains("\r\n0\r\n") && end.ends_with("\r\n\r\n")
}
