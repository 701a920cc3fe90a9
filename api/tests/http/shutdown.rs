//! Stopping: what is in work is finished, what does not end is cut off, nothing new begins.

use crate::support::{Server, Setup};
use api::Limits;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_request_in_work_is_finished() {
    let mut server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let locker = server.pool.get().await.unwrap();
    locker.batch_execute("begin; lock table events in access exclusive mode").await.unwrap();
    let buying = tokio::spawn({
        let alice = alice.clone();
        async move { alice.buy("in the last minute").await }
    });
    blocked(&server).await;
    server.shutdown.cancel();
    let address = server.address;
    timeout(PATIENCE, async { while TcpStream::connect(address).await.is_ok() {} }).await.unwrap();
    locker.batch_execute("rollback").await.unwrap();
    let bought = buying.await.unwrap().expect(202);
    assert_eq!(bought.body["balance"], "96");
    timeout(PATIENCE, server.serving.take().unwrap()).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let limits = Limits { drain: Duration::from_millis(300), ..Limits::default() };
    let mut server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"POST /v1/generations HTTP/1.1\r\nHost: x\r\nContent-Le").await.unwrap();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let started = Instant::now();
    server.shutdown.cancel();
    timeout(PATIENCE, server.serving.take().unwrap()).await.unwrap().unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    let mut rest = Vec::new();
    // Ended or reset: either way it is over.
    let _ = timeout(PATIENCE, half.read_to_end(&mut rest)).await.expect("the connection is still open");
}

/// Waits until the ledger's INSERT waits for a lock.
async fn blocked(server: &Server) {
    let client = server.pool.get().await.unwrap();
    let sql = "select count(*) from pg_stat_activity where datname = current_database() \
        and wait_event_type = 'Lock' and query like '%insert into events%'";
    loop {
        let waiting: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}
