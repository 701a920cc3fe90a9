//! The line between Cooly and its queue: requests pass it, or meet with what is wrong on it.

use anyhow::Result;
use embedded::testing::read_message;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A hundredth of the longest that a request is held up where they overtake each other.
const DELAY: Duration = Duration::from_millis(15);

/// What is wrong on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Nothing,
    /// Every message is sent twice.
    Doubles,
    /// Requests are held up, each for another while, so that they overtake each other.
    Overtakes,
    /// Of three requests two are done and the connection is cut before the answer.
    LosesAnswers,
    /// Connections are cut at the first word.
    Away,
}

struct Shared {
    target: String,
    trouble: Mutex<(Trouble, StdRng)>,
    /// The bodies of all messages that were sent so far.
    sent: Mutex<Vec<String>>,
}

/// Ends when dropped.
pub(crate) struct Line {
    shared: Arc<Shared>,
    endpoint: String,
    accepting: JoinHandle<()>,
}

impl Line {
    /// A line to this endpoint, on which nothing is wrong at first.
    pub(crate) async fn to(endpoint: &str) -> Result<Line> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            target: endpoint.trim_start_matches("http://").to_owned(),
            trouble: Mutex::new((Trouble::Nothing, StdRng::seed_from_u64(0))),
            sent: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Line { shared, endpoint: own, accepting })
    }

    /// Its near end.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// From now on this is wrong, with the chances that the seed gives.
    pub(crate) fn suffer(&self, trouble: Trouble, seed: u64) {
        let dice = StdRng::seed_from_u64(seed);
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = (trouble, dice);
    }

    /// The bodies of all messages that were sent so far.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.shared.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    /// What is wrong with the next request, and a number below 100 that decides about it.
    fn draw(&self) -> (Trouble, u32) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        (trouble.0, trouble.1.random_range(0..100))
    }

    fn keep_messages(&self, body: &str) {
        let Ok(body) = serde_json::from_str::<serde_json::Value>(body) else { return };
        let entries = body["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let bodies = entries.iter().filter_map(|entry| Some(entry["MessageBody"].as_str()?.to_owned()));
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).extend(bodies);
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
    let mut client = BufReader::new(client);
    let mut server = BufReader::new(TcpStream::connect(&shared.target).await?);
    loop {
        let request = read_message(&mut client).await?;
        let is_send = is_send(&request);
        let (trouble, chance) = shared.draw();
        match trouble {
            Trouble::Away => return Ok(()),
            Trouble::Overtakes => tokio::time::sleep(DELAY * chance).await,
            Trouble::Doubles if is_send => {
                server.write_all(&request).await?;
                read_message(&mut server).await?;
            }
            Trouble::Doubles | Trouble::LosesAnswers | Trouble::Nothing => {}
        }
        if is_send {
            let text = String::from_utf8_lossy(&request);
            shared.keep_messages(text.split_once("\r\n\r\n").map_or("", |(_, body)| body));
        }
        server.write_all(&request).await?;
        // Who waits for an answer sends nothing until it goes; then a long poll is not to take messages with it.
        let answer = tokio::select! {
            answer = read_message(&mut server) => answer?,
            gone = client.fill_buf() => return gone.map(drop),
        };
        if trouble == Trouble::LosesAnswers && chance < 66 {
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
}

fn is_send(request: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&request[..request.len().min(4_096)]).to_lowercase();
    head.lines()
        .any(|line| line.starts_with("x-amz-target:") && line.trim_end().ends_with("sendmessagebatch"))
}
