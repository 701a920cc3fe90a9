//! Carries the bytes of one connection through the network of a chaos proxy.

use std::{io, mem, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// What the network does at this moment.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// Counts cuts: a connection ends when it changes, even if the network is whole again by then.
    pub(super) cuts: u64,
    /// New connections are closed at once.
    pub(super) refuses: bool,
    /// Nothing moves, and no one is told.
    pub(super) stalled: bool,
    /// Each request waits this long.
    pub(super) delay: Duration,
    /// The next reply of the server is thrown away.
    pub(super) loses_reply: bool,
    /// How many replies were thrown away.
    pub(super) replies_lost: u64,
}

/// Forwards both ways until either side ends or a reply was lost.
pub(super) async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    network: &watch::Sender<Network>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::select! {
        result = forward_requests(from_client, to_server, network) => result,
        result = forward_replies(from_server, to_client, network) => result,
    }
}

async fn forward_requests(
    mut client: ReadHalf<'_>,
    mut server: WriteHalf<'_>,
    network: &watch::Sender<Network>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = client.read(&mut bytes).await?;
        if length == 0 {
            return Ok(());
        }
        let delay = network.borrow().delay;
        sleep(delay).await;
        until_flowing(network).await;
        server.write_all(&bytes[..length]).await?;
    }
}

async fn forward_replies(
    mut server: ReadHalf<'_>,
    mut client: WriteHalf<'_>,
    network: &watch::Sender<Network>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = server.read(&mut bytes).await?;
        if length == 0 {
            return Ok(());
        }
        until_flowing(network).await;
        let reply = &bytes[..length];
        if !is_greeting(reply) && take_loss(network) {
            return swallow(reply.to_vec(), server, network).await;
        }
        client.write_all(reply).await?;
    }
}

/// Reads on until the server is ready for the next request: only then is the work surely done.
async fn swallow(
    mut reply: Vec<u8>,
    mut server: ReadHalf<'_>,
    network: &watch::Sender<Network>,
) -> io::Result<()> {
    while !is_complete(&reply) && server.read_buf(&mut reply).await? > 0 {}
    network.send_modify(|network| network.replies_lost += 1);
    Ok(())
}

/// Claims the one loss that was ordered; of two connections only one gets it.
fn take_loss(network: &watch::Sender<Network>) -> bool {
    network.send_if_modified(|network| mem::take(&mut network.loses_reply))
}

async fn until_flowing(network: &watch::Sender<Network>) {
    // Fails only without a sender, and we hold one.
    let _ = network.subscribe().wait_for(|network| !network.stalled).await;
}

/// A message of the log-in, which is not the answer to a request.
fn is_greeting(reply: &[u8]) -> bool {
    reply.first() == Some(&b'R')
}

/// Whether the bytes end with `ReadyForQuery`.
fn is_complete(reply: &[u8]) -> bool {
    matches!(reply, [.., b'Z', 0, 0, 0, 5, _])
}
