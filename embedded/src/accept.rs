//! Accepts connections and serves each in a task of its own, until the server stops.

use std::{future::Future, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

/// The pause after a failed accept: without it, a process out of file descriptors would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopped` resolves or its sender is gone; dropping the connections ends whatever waits on them. `server`
/// names it in the log.
pub(crate) async fn accept<Serving>(
    server: &'static str,
    listener: TcpListener,
    mut stopped: oneshot::Receiver<()>,
    serve: impl Fn(TcpStream) -> Serving,
) where
    Serving: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            // Collect what has ended, or the set grows for ever.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Answers are small and awaited: waiting to fill a packet only costs time.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream));
                }
                Err(error) => {
                    tracing::warn!(%error, server, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}
