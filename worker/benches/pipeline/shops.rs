//! The servers of customers: one listener, a customer for each path, who notes when something came and answers at once, late or never.

use anyhow::{Context as _, Result};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// How long a slow customer takes to answer: nearly as long as it is waited for.
const LATE: Duration = Duration::from_secs(9);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// How a customer answers, by its path.
pub(crate) const WELL: &str = "/well";
pub(crate) const SLOW: &str = "/slow";
pub(crate) const DEAD: &str = "/dead";

/// Something that came: where, about whom, and when.
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) user: String,
    pub(crate) at: Instant,
}

/// See the module.
pub(crate) struct Shops {
    pub(crate) url: String,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    serving: JoinHandle<()>,
}

impl Drop for Shops {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shops {
    pub(crate) async fn open() -> Result<Shops> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(accept(listener, Arc::clone(&arrivals)));
        Ok(Shops { url, arrivals, serving })
    }

    /// What came so far to those who answer at once.
    pub(crate) fn came(&self) -> usize {
        self.arrivals.lock().expect("nobody panics with it").iter().filter(is_well).count()
    }

    /// All that came to those who answer at once; and how much came to the others.
    pub(crate) fn take(&self) -> (Vec<Arrival>, usize) {
        let arrivals = std::mem::take(&mut *self.arrivals.lock().expect("nobody panics with it"));
        let (well, others): (Vec<Arrival>, Vec<Arrival>) =
            arrivals.into_iter().partition(|one| is_well(&one));
        (well, others.len())
    }
}

fn is_well(arrival: &&Arrival) -> bool {
    arrival.path.starts_with(WELL)
}

async fn accept(listener: TcpListener, arrivals: Arc<Mutex<Vec<Arrival>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let arrivals = Arc::clone(&arrivals);
        // Whoever hangs up has had enough.
        tokio::spawn(async move { serve(BufReader::new(stream), &arrivals).await });
    }
}

async fn serve(mut stream: BufReader<TcpStream>, arrivals: &Mutex<Vec<Arrival>>) -> Result<()> {
    loop {
        let (path, user) = read(&mut stream).await?;
        let arrival = Arrival { path: path.clone(), user, at: Instant::now() };
        arrivals.lock().expect("nobody panics with it").push(arrival);
        if path.starts_with(DEAD) {
            std::future::pending::<()>().await;
        }
        if path.starts_with(SLOW) {
            sleep(LATE).await;
        }
        stream.write_all(ANSWER).await?;
    }
}

/// The path of a request, and the user that it tells of.
async fn read(stream: &mut BufReader<TcpStream>) -> Result<(String, String)> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let path = line.split(' ').nth(1).context("no request")?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body: serde_json::Value = serde_json::from_slice(&body)?;
    Ok((path, body["data"]["user"].as_str().context("it tells of nobody")?.to_owned()))
}
