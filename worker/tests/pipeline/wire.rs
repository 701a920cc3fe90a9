//! The wire between a worker and its queue: it sees each request, and holds or refuses it as a test says.

use crate::refusal::{Parted, part};
use crate::rig::Rig;
use embedded::testing::read_message;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// A request to SQS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Its name on the wire, such as `ReceiveMessage`.
    pub action: String,
    pub body: String,
}

impl Request {
    /// Whether it asks for messages of this queue.
    pub(crate) fn receives_from(&self, queue: &str) -> bool {
        self.action == "ReceiveMessage" && self.body.contains(&format!("/{queue}\""))
    }

    /// Whether it hides messages, and does not show them.
    pub(crate) fn hides(&self) -> bool {
        self.action == "ChangeMessageVisibilityBatch" && !self.hides_for(0)
    }

    /// Whether it changes for how long messages are hidden, and all to this many seconds.
    pub(crate) fn hides_for(&self, seconds: u64) -> bool {
        let entries = self.entries();
        self.action == "ChangeMessageVisibilityBatch"
            && entries.iter().all(|entry| entry["VisibilityTimeout"].as_u64() == Some(seconds))
    }

    /// The receipts that it is about.
    pub(crate) fn receipts(&self) -> Vec<String> {
        let entries = self.entries();
        entries.iter().map(|entry| entry["ReceiptHandle"].as_str().unwrap().to_owned()).collect()
    }

    /// The bodies of the messages that it sends.
    pub(crate) fn messages(&self) -> Vec<String> {
        if self.action != "SendMessageBatch" {
            return Vec::new();
        }
        let entries = self.entries();
        entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned()).collect()
    }

    fn entries(&self) -> Vec<serde_json::Value> {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        body["Entries"].as_array().cloned().unwrap_or_default()
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    Free,
    /// It does not reach the server before [`Wire::open`], and never if its sender is gone by then.
    Held,
    /// The server answers at once, but the answer waits for [`Wire::open`].
    AnswerHeld,
    Refused,
}

type Rule = Box<dyn Fn(&Request) -> Passage + Send + Sync>;
type Refusal = Box<dyn Fn(&str) -> bool + Send + Sync>;

struct Shared {
    target: String,
    rule: Mutex<Rule>,
    /// Which messages are refused, by their bodies.
    refusal: Mutex<Refusal>,
    opened: watch::Sender<u32>,
    reached: Mutex<Vec<Request>>,
    /// Sent and not yet answered.
    unanswered: Mutex<Vec<Request>>,
}

/// Ends when dropped.
pub(crate) struct Wire {
    shared: Arc<Shared>,
    endpoint: String,
    accepting: JoinHandle<()>,
}

impl Wire {
    /// A wire to the queues of a rig, through which everything passes at first.
    pub(crate) async fn to_queues_of(rig: &Rig) -> Wire {
        let target = rig.settings.endpoint.as_deref().unwrap().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            target,
            rule: Mutex::new(Box::new(|_| Passage::Free)),
            refusal: Mutex::new(Box::new(|_| false)),
            opened: watch::Sender::new(0),
            reached: Mutex::default(),
            unanswered: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Wire { shared, endpoint, accepting }
    }

    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// Judges each request from now on.
    pub(crate) fn judge(&self, rule: impl Fn(&Request) -> Passage + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    /// Refuses single messages from now on, by their bodies.
    pub(crate) fn refuse_messages(&self, refusal: impl Fn(&str) -> bool + Send + Sync + 'static) {
        *self.shared.refusal.lock().unwrap() = Box::new(refusal);
    }

    /// Lets everything pass, also what was held.
    pub(crate) fn open(&self) {
        self.judge(|_| Passage::Free);
        self.shared.opened.send_modify(|times| *times += 1);
    }

    /// What reached the server so far, in order.
    pub(crate) fn reached(&self) -> Vec<Request> {
        self.shared.reached.lock().unwrap().clone()
    }

    /// What waits for its answer now.
    pub(crate) fn unanswered(&self) -> Vec<Request> {
        self.shared.unanswered.lock().unwrap().clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(serve(client, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    let server = TcpStream::connect(&shared.target).await?;
    server.set_nodelay(true)?;
    let mut server = BufReader::new(server);
    loop {
        let mut bytes = read_message(&mut client).await?;
        let request = request(&bytes);
        let _unanswered = Unanswered::begin(&shared, &request);
        let passage = shared.rule.lock().unwrap()(&request);
        let opened = shared.opened.subscribe();
        match passage {
            Passage::Refused => {
                client.write_all(REFUSAL).await?;
                continue;
            }
            Passage::Held => until_open(opened.clone(), &mut client).await?,
            Passage::Free | Passage::AnswerHeld => {}
        }
        shared.reached.lock().unwrap().push(request);
        let mut parted = part(&bytes, &*shared.refusal.lock().unwrap());
        if let Some(Parted { request, .. }) = &mut parted {
            match request.take() {
                Some(others) => bytes = others,
                None => {
                    let answer = parted.map(|parted| parted.answer(None)).unwrap_or_default();
                    client.write_all(&answer).await?;
                    continue;
                }
            }
        }
        server.write_all(&bytes).await?;
        let answer = if passage == Passage::AnswerHeld {
            let answer = read_message(&mut server).await?;
            until_open(opened, &mut client).await?;
            answer
        } else {
            tokio::select! {
                answer = read_message(&mut server) => answer?,
                gone = until_gone(&mut client) => return gone,
            }
        };
        let answer = match parted {
            Some(parted) => parted.answer(Some(&answer)),
            None => answer,
        };
        client.write_all(&answer).await?;
    }
}

/// Fails if the client is gone before.
async fn until_open(mut opened: watch::Receiver<u32>, client: &mut BufReader<TcpStream>) -> io::Result<()> {
    tokio::select! {
        _ = opened.changed() => Ok(()),
        gone = until_gone(client) => gone.and(Err(io::ErrorKind::ConnectionAborted.into())),
    }
}

/// A client that waits for an answer sends nothing until it goes.
async fn until_gone(client: &mut BufReader<TcpStream>) -> io::Result<()> {
    client.fill_buf().await.map(drop)
}

fn request(bytes: &[u8]) -> Request {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let target = head.lines().find(|line| line.to_lowercase().starts_with("x-amz-target:"));
    let action = target.and_then(|line| line.rsplit('.').next()).unwrap_or_default();
    Request { action: action.to_owned(), body: body.to_owned() }
}

/// Counts a request among the unanswered until it is dropped.
struct Unanswered<'a>(&'a Shared, Request);

impl<'a> Unanswered<'a> {
    fn begin(shared: &'a Shared, request: &Request) -> Unanswered<'a> {
        shared.unanswered.lock().unwrap().push(request.clone());
        Unanswered(shared, request.clone())
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let mut unanswered = self.0.unanswered.lock().unwrap();
        let place = unanswered.iter().position(|request| *request == self.1);
        place.map(|place| unanswered.swap_remove(place));
    }
}
