//! A request as bytes, which no client library would send.

use super::contract::Contract;
use super::reply::Reply;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends the bytes on a connection of their own, which they must ask to be closed, and holds what comes back against the
/// contract.
pub(crate) async fn raw(address: SocketAddr, request: &[u8]) -> Reply {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // A server that has refused the head need not read the rest.
    let _refused = socket.write_all(request).await;
    let mut answer = Vec::new();
    let _reset = socket.read_to_end(&mut answer).await;
    let line: Vec<_> = request.split(|byte| *byte == b' ').take(2).collect();
    let asked = || String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer to {}", asked()));
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let (status, headers) = read_head(&head);
    let bytes = answer[end + 4..].to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let reply = Reply { status, headers, bytes, body };
    // What is no request at all never comes to the API.
    if reply.code() == "request_invalid" {
        return reply;
    }
    if let (Ok(method), Ok(target)) = (Method::from_bytes(line[0]), std::str::from_utf8(line[1])) {
        let wants_page = method == Method::GET && asked().contains("\r\nAccept: text/html");
        Contract::shared().check(&method, target, wants_page, &reply);
    }
    reply
}

fn read_head(head: &str) -> (StatusCode, HeaderMap) {
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    (status, headers)
}
