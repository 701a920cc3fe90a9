//! The torture of the mark: writers that sleep and roll back with positions drawn, and an unrelated
//! transaction that never ends, must not make the tail miss, repeat or reorder an event.

use crate::support;

use futures::future::join_all;
use ledger::{MarkWatcher, Position, Role};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use support::{bench, grant, user};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

const INSERT: &str = "insert into events (account_id, stream_id, version, event_id, type, schema_version, \
    amount, balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash) \
    select gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'credits.granted', 1, 1, 1, \
    '{\"type\":\"credits.granted\",\"user\":\"x\",\"amount\":\"1\",\"reason\":\"x\"}', '{\"user\":\"x\",\"balance\":\"1\"}', \
    'system:test', 'test', now(), '\\x00', '\\x00' returning position";

/// Writes until the time is up: each transaction draws positions, sleeps, and commits or rolls back.
async fn write(mut client: Client, seed: u64, until: Instant) -> Vec<i64> {
    let mut committed = Vec::new();
    let mut turn = seed;
    while Instant::now() < until {
        turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let transaction = client.transaction().await.unwrap();
        let first: i64 = transaction.query_one(INSERT, &[]).await.unwrap().get(0);
        tokio::time::sleep(Duration::from_millis((turn >> 33) % 25)).await;
        let second: i64 = transaction.query_one(INSERT, &[]).await.unwrap().get(0);
        if (turn >> 40).is_multiple_of(4) {
            transaction.rollback().await.unwrap();
        } else {
            transaction.commit().await.unwrap();
            committed.extend([first, second]);
        }
    }
    committed
}

/// A reader that believes the newest position it sees.
async fn read_naively(client: Client, until: Instant) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut after = 0_i64;
    while Instant::now() < until {
        let rows = client
            .query("select position from events where position > $1 order by position", &[&after])
            .await
            .unwrap();
        seen.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
        after = seen.last().copied().unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seen
}

async fn read_to_the_mark(
    client: Client,
    mut mark: tokio::sync::watch::Receiver<Position>,
    done: CancellationToken,
) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut after = Position::START;
    loop {
        let finished = done.is_cancelled();
        let until = *mark.borrow_and_update();
        let page = ledger::read::page(&client, ledger::read::Side::Both, after, until, 1_000).await.unwrap();
        seen.extend(page.iter().map(|event| event.position.0));
        after = page.last().map_or(until.max(after), |event| event.position);
        if finished && page.is_empty() {
            return seen;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(2)) => {}
            _ = mark.changed() => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_misses_nothing_where_a_naive_reader_does() {
    let bench = bench().await;
    let shutdown = CancellationToken::new();
    let watcher = MarkWatcher::spawn(&bench.database, bench.ledger.appended(), shutdown.clone());

    // Someone holds a write transaction open elsewhere all the while.
    let elsewhere = bench.owner().await;
    elsewhere
        .batch_execute("create table elsewhere (n int); begin; insert into elsewhere values (1)")
        .await
        .unwrap();

    let until = Instant::now() + Duration::from_secs(4);
    let mut writers = Vec::new();
    for seed in 0..12 {
        writers.push(tokio::spawn(write(bench.owner().await, seed, until)));
    }
    let own = {
        let ledger = bench.ledger.clone();
        tokio::spawn(async move {
            let mut positions = Vec::new();
            for turn in 0.. {
                if Instant::now() >= until {
                    break;
                }
                // A few accounts in turn: each may have a limited number of lots.
                let user = user(&format!("lane-{}", turn % 50));
                let outcome = ledger.execute(grant(&user, "1")).await.unwrap();
                positions.extend(outcome.position.map(|position| position.0));
            }
            positions
        })
    };
    let naive = tokio::spawn(read_naively(bench.owner().await, until));
    let done = CancellationToken::new();
    let reader = bench.database.connect(Role::Reader).await.unwrap();
    let tail = tokio::spawn(read_to_the_mark(reader, watcher.subscribe(), done.clone()));

    let mut committed: Vec<i64> = join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
    committed.extend(own.await.unwrap());
    let newest = *committed.iter().max().unwrap();
    let mut mark = watcher.subscribe();
    tokio::time::timeout(Duration::from_secs(5), mark.wait_for(|mark| mark.0 >= newest))
        .await
        .expect("the mark reaches the newest event although a transaction is open elsewhere")
        .unwrap();
    done.cancel();

    let seen = tail.await.unwrap();
    let unique: HashSet<i64> = seen.iter().copied().collect();
    let wanted: HashSet<i64> = committed.iter().copied().collect();
    assert!(committed.len() > 500, "only {} events were written", committed.len());
    assert_eq!(wanted.difference(&unique).count(), 0, "missed");
    assert_eq!(seen.len(), unique.len(), "duplicated");
    assert!(seen.is_sorted(), "out of order");
    assert_eq!(unique.difference(&wanted).count(), 0, "invented");

    let naive: HashSet<i64> = naive.await.unwrap().into_iter().collect();
    let last = naive.iter().max().copied().unwrap_or(0);
    let missed = wanted.iter().filter(|position| **position < last && !naive.contains(position)).count();
    println!("{} events: the tail missed 0, a naive reader {missed}", committed.len());
    assert!(missed > 0, "the torture was too mild: even a naive reader missed nothing");
    shutdown.cancel();
}
