//! A server that answers the next scripted reply to each request, and remembers what it was asked. It speaks HTTP/1.1 by
//! hand, so that a reply may also be cut off, endless or nonsense.

use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Asked {
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A whole answer.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// The connection is closed without one.
    Cut,
    /// The connection is closed in the middle of a body that says it is all right.
    Half,
    /// A body without end.
    Endless(u16),
    /// Nothing at all, for as long as the other side waits.
    Silence,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Reply {
        Reply::text(status, &body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Reply {
        Reply::Whole { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Reply {
        match self {
            Reply::Whole { status, mut headers, body } => {
                headers.push((name, value.into()));
                Reply::Whole { status, headers, body }
            }
            other => other,
        }
    }
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

/// The server; it ends with this.
pub(crate) struct Served {
    pub url: String,
    script: Arc<Script>,
    serving: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn new(replies: impl IntoIterator<Item = Reply>) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script =
            Arc::new(Script { replies: Mutex::new(replies.into_iter().collect()), ..Script::default() });
        let serving = tokio::spawn(serve(listener, Arc::clone(&script)));
        Served { url, script, serving }
    }

    pub(crate) fn will_answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.replies.lock().unwrap().extend(replies);
    }

    /// What was asked since the last time this was called.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.asked.lock().unwrap())
    }

    /// The same, as methods and paths.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, script: Arc<Script>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(converse(stream, Arc::clone(&script)));
    }
}

async fn converse(stream: TcpStream, script: Arc<Script>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let asked = read(&mut stream).await?;
        script.asked.lock().unwrap().push(asked);
        let reply = script.replies.lock().unwrap().pop_front();
        // Nobody expected this request: the test sees it among what was asked.
        let reply = reply.unwrap_or_else(|| Reply::text(418, "no reply is left"));
        answer(&mut stream, reply).await?;
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines[0].split(' ').map(str::to_owned);
    let (method, path) = (first.next()?, first.next()?);
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers: HashMap<_, _> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { method, path, headers, body })
}

/// Answers; `None` when the connection is over.
async fn answer(stream: &mut BufReader<TcpStream>, reply: Reply) -> Option<()> {
    match reply {
        Reply::Whole { status, headers, body } => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let head = format!("HTTP/1.1 {status} Told\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(&body).await.ok()
        }
        Reply::Cut => None,
        Reply::Half => {
            let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":";
            stream.write_all(half).await.ok()?;
            None
        }
        Reply::Endless(status) => {
            let head = format!("HTTP/1.1 {status} Told\r\nconnection: close\r\n\r\n[");
            stream.write_all(head.as_bytes()).await.ok()?;
            loop {
                stream.write_all(&[b' '; 65_536]).await.ok()?;
            }
        }
        Reply::Silence => {
            let mut more = [0];
            // Until the other side gives up.
            stream.read_exact(&mut more).await.ok().map(|_| ())
        }
    }
}
