//! A wire to Postgres that counts the statements that go over it. It needs nothing of the server, so the figure
//! can be had wherever the tests run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Counts what passes through it.
pub(crate) struct Wire {
    /// The database's URL through this wire.
    pub(crate) url: String,
    executed: Arc<AtomicU64>,
}

impl Wire {
    /// A wire to the server of a database's URL.
    pub(crate) async fn to_server_of(url: &str) -> Wire {
        let start = url.find('@').unwrap() + 1;
        let server = url[start..].split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let url = url.replace(&server, &address);
        let executed = Arc::new(AtomicU64::new(0));
        tokio::spawn(accept(listener, server, executed.clone()));
        Wire { url, executed }
    }

    /// Statements executed so far.
    pub(crate) fn executed(&self) -> u64 {
        self.executed.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, server: String, executed: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(&server).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        tokio::spawn(forward(from_client, to_server, executed.clone()));
    }
}

/// Passes on message by message: a start-up message without a type first, then `Q` and `E` among others.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, executed: Arc<AtomicU64>) -> Option<()> {
    let mut has_type = false;
    loop {
        let kind = if has_type { Some(from.read_u8().await.ok()?) } else { None };
        let length = from.read_u32().await.ok()?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await.ok()?;
        if matches!(kind, Some(b'Q' | b'E')) {
            executed.fetch_add(1, Ordering::SeqCst);
        }
        let mut message = Vec::from_iter(kind);
        message.extend(length.to_be_bytes());
        message.extend(rest);
        to.write_all(&message).await.ok()?;
        has_type = true;
    }
}
