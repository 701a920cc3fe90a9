//! A store of outputs that speaks S3, as far as files are put there: it takes them, refuses them, or is away.

use anyhow::Result;
use embedded::testing::read_message;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// How it is with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes files.
    Open,
    /// It may not be written to, as when a key or a quota has ended.
    Forbidden,
    /// It has no room, or too much to do.
    Full,
    /// Connections are cut at the first word.
    Away,
}

/// Ends when dropped.
pub(crate) struct Shelf {
    mood: Arc<Mutex<Mood>>,
    endpoint: String,
    accepting: JoinHandle<()>,
}

impl Shelf {
    pub(crate) async fn start() -> Result<Shelf> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let mood = Arc::new(Mutex::new(Mood::Open));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&mood)));
        Ok(Shelf { mood, endpoint, accepting })
    }

    /// What a process is told, so that it puts outputs here.
    pub(crate) fn settings(&self) -> [(&'static str, &str); 3] {
        [("COOLY_OUTPUTS", "s3://outputs/kept"), ("AWS_ENDPOINT", &self.endpoint), ("AWS_ALLOW_HTTP", "true")]
    }

    /// From now on it is like this.
    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, mood: Arc<Mutex<Mood>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(serve(client, Arc::clone(&mood)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(client: TcpStream, mood: Arc<Mutex<Mood>>) -> io::Result<()> {
    let mut client = BufReader::new(client);
    loop {
        read_message(&mut client).await?;
        let mood = *mood.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, code) = match mood {
            Mood::Away => return Ok(()),
            Mood::Open => ("200 OK", ""),
            Mood::Forbidden => ("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>"),
            Mood::Full => ("503 Slow Down", "<Error><Code>SlowDown</Code></Error>"),
        };
        let length = code.len();
        let answer = format!("HTTP/1.1 {status}\r\nETag: \"kept\"\r\nContent-Length: {length}\r\n\r\n{code}");
        client.write_all(answer.as_bytes()).await?;
    }
}
