//! Customers' servers: one listener, a customer for each path, which answers as it is told to and remembers what it was sent. It speaks
//! HTTP/1.1 by hand, so that an answer may also be endless or never come.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What a customer was sent.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Got {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// How a customer answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// With this status and one more header.
    Status(u16, &'static str),
    /// A body without end.
    Endless,
    /// Nothing at all.
    Silence,
    /// `200`, once the gate is open.
    Gate,
    /// This status, once the gate is open.
    GateThen(u16),
}

#[derive(Default)]
struct Customers {
    got: Vec<Got>,
    /// What each path answers, one after the other; the last for good. `200` where nothing is said.
    replies: HashMap<String, VecDeque<Reply>>,
}

/// See the module.
pub(crate) struct Receiver {
    pub url: String,
    customers: Arc<Mutex<Customers>>,
    gate: Arc<Semaphore>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    pub(crate) async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let customers = Arc::new(Mutex::new(Customers::default()));
        let gate = Arc::new(Semaphore::new(0));
        let serving = tokio::spawn(accept(listener, Arc::clone(&customers), Arc::clone(&gate)));
        Receiver { url, customers, gate, serving }
    }

    /// Lets all answer who wait for it.
    pub(crate) fn open_gate(&self) {
        self.gate.close();
    }

    /// Has a path answer so, one after the other, and the last for good.
    pub(crate) fn answer(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.customers.lock().unwrap().replies.insert(path.to_owned(), replies);
    }

    /// What was sent to a path so far, in order.
    pub(crate) fn got(&self, path: &str) -> Vec<Got> {
        let customers = self.customers.lock().unwrap();
        customers.got.iter().filter(|got| got.path == path).cloned().collect()
    }

    /// The paths that something was sent to.
    pub(crate) fn reached(&self) -> std::collections::BTreeSet<String> {
        self.customers.lock().unwrap().got.iter().map(|got| got.path.clone()).collect()
    }
}

async fn accept(listener: TcpListener, customers: Arc<Mutex<Customers>>, gate: Arc<Semaphore>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&customers), Arc::clone(&gate)));
    }
}

async fn serve(stream: TcpStream, customers: Arc<Mutex<Customers>>, gate: Arc<Semaphore>) {
    let mut stream = BufReader::new(stream);
    while let Some(got) = read(&mut stream).await {
        let reply = note(&customers, got);
        let answered = match reply {
            Reply::Status(status, header) => answer(&mut stream, status, header).await,
            Reply::Gate => {
                let _closed = gate.acquire().await;
                answer(&mut stream, 200, "").await
            }
            Reply::GateThen(status) => {
                let _closed = gate.acquire().await;
                answer(&mut stream, status, "").await
            }
            Reply::Silence => std::future::pending().await,
            Reply::Endless => endless(&mut stream).await,
        };
        if answered.is_err() {
            return;
        }
    }
}

async fn answer(stream: &mut BufReader<TcpStream>, status: u16, header: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n{header}\r\n");
    stream.write_all(head.as_bytes()).await
}

fn note(customers: &Mutex<Customers>, got: Got) -> Reply {
    let mut customers = customers.lock().unwrap();
    let path = got.path.clone();
    customers.got.push(got);
    match customers.replies.get_mut(&path) {
        Some(replies) if replies.len() > 1 => replies.pop_front().unwrap(),
        Some(replies) => replies[0].clone(),
        None => Reply::Status(200, ""),
    }
}

async fn endless(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    loop {
        stream.write_all(b"400\r\n").await?;
        stream.write_all(&[b'x'; 1_024]).await?;
        stream.write_all(b"\r\n").await?;
    }
}

/// `None` once nothing more comes.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Got> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Got { path, headers, body: String::from_utf8(body).unwrap() })
}
