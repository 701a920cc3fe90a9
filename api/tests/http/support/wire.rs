//! A wire to Postgres that counts the statements that go over it and can hold one up. It needs nothing of the server, so
//! the figure can be had wherever the tests run.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Counts what passes through it.
pub(crate) struct Wire {
    pub address: SocketAddr,
    executed: Arc<AtomicU64>,
    trap: Arc<Mutex<Option<Trap>>>,
}

/// A statement that is held up with its connection, until it is let go or this is dropped. Other connections go on.
pub(crate) struct Held {
    arrived: oneshot::Receiver<()>,
    free: oneshot::Sender<()>,
}

/// What the wire is to wait for.
struct Trap {
    /// A part of the statement.
    text: &'static str,
    /// How many more of them are to come, up to the one that is held.
    left: usize,
    arrived: oneshot::Sender<()>,
    free: oneshot::Receiver<()>,
}

impl Wire {
    /// A wire to the server at this address.
    pub(crate) async fn to(server: String) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (executed, trap) = (Arc::new(AtomicU64::new(0)), Arc::default());
        let wire = Wire { address, executed, trap };
        tokio::spawn(accept(listener, server, wire.executed.clone(), wire.trap.clone()));
        wire
    }

    /// Statements executed so far.
    pub(crate) fn executed(&self) -> u64 {
        self.executed.load(Ordering::SeqCst)
    }

    /// Holds up the `nth` statement from now on that contains this text.
    pub(crate) fn hold(&self, nth: usize, text: &'static str) -> Held {
        let ((arrive, arrived), (free, freed)) = (oneshot::channel(), oneshot::channel());
        *self.trap.lock().unwrap() = Some(Trap { text, left: nth, arrived: arrive, free: freed });
        Held { arrived, free }
    }
}

impl Held {
    /// Waits until the statement has come.
    pub(crate) async fn arrived(&mut self) {
        (&mut self.arrived).await.unwrap();
    }

    /// Lets it go on.
    pub(crate) fn release(self) {
        self.free.send(()).unwrap();
    }
}

impl Trap {
    /// Whether this statement is the one; counts it if it is like it.
    fn catches(&mut self, message: &[u8]) -> bool {
        let text = self.text.as_bytes();
        self.left -= usize::from(message.windows(text.len()).any(|part| part == text));
        self.left == 0
    }
}

async fn accept(
    listener: TcpListener,
    server: String,
    executed: Arc<AtomicU64>,
    trap: Arc<Mutex<Option<Trap>>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(&server).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        tokio::spawn(forward(from_client, to_server, executed.clone(), trap.clone()));
    }
}

/// Passes on message by message: a start-up message without a type first, then `Q` and `E` among others. The text of a
/// statement is in `P`.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    executed: Arc<AtomicU64>,
    trap: Arc<Mutex<Option<Trap>>>,
) -> Option<()> {
    let mut has_type = false;
    loop {
        let kind = if has_type { Some(from.read_u8().await.ok()?) } else { None };
        let length = from.read_u32().await.ok()?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await.ok()?;
        if matches!(kind, Some(b'Q' | b'E')) {
            executed.fetch_add(1, Ordering::SeqCst);
        }
        if kind == Some(b'P') {
            let caught = trap.lock().unwrap().take_if(|trap| trap.catches(&rest));
            if let Some(Trap { arrived, free, .. }) = caught {
                let _ = arrived.send(());
                let _ = free.await;
            }
        }
        let mut message = Vec::from_iter(kind);
        message.extend(length.to_be_bytes());
        message.extend(rest);
        to.write_all(&message).await.ok()?;
        has_type = true;
    }
}
