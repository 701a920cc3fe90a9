//! When blocks are sealed, by how many statements, and by how many sealers at once.

use crate::seals::rig::{Sealing, options};
use crate::support::wire::Wire;
use crate::support::{bench, user};
use ledger::seal::{SealKey, SealOptions, Sealed, seal_next};
use ledger::{Database, MarkWatcher, Position, Role};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_full_block_is_sealed_at_once_and_a_partial_one_when_it_is_old() {
    let bench = bench().await;
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let client = sealing.sealer().await;
    let alice = user("alice");
    let hour = options(Duration::from_secs(3_600));
    let nothing = seal_next(&client, &sealing.key, Position(0), &hour).await.unwrap();
    assert_eq!(nothing, Sealed::NotYet { sealed: Position(0), waiting: 0, due_in: None });
    for _ in 0..3 {
        sealing.bench.grant(&alice, "1").await;
    }
    let mark = sealing.newest().await;
    let Sealed::NotYet { waiting: 3, due_in: Some(due), .. } =
        seal_next(&client, &sealing.key, mark, &hour).await.unwrap()
    else {
        panic!("three events are not a block")
    };
    assert!(due <= hour.after && due > hour.after / 2, "{due:?}");
    sealing.bench.grant(&alice, "1").await;
    sealing.bench.grant(&alice, "1").await;
    let mark = sealing.newest().await;
    let before = Position(mark.0 - 1);
    for (mark, events) in [(before, 4), (mark, 0)] {
        match seal_next(&client, &sealing.key, mark, &hour).await.unwrap() {
            Sealed::Block(seal) => assert_eq!((seal.events, seal.last_position), (events, before)),
            Sealed::NotYet { sealed, waiting, .. } => assert_eq!((sealed, waiting, events), (before, 1, 0)),
            Sealed::Lost => panic!("nobody else seals"),
        }
    }
    let Sealed::Block(seal) = seal_next(&client, &sealing.key, mark, &options(Duration::ZERO)).await.unwrap()
    else {
        panic!("an old partial block is sealed")
    };
    assert_eq!((seal.number, seal.events, seal.first_position), (2, 1, mark));
    assert_eq!(sealing.breaches().await, vec![]);
}

#[tokio::test]
async fn a_block_costs_one_select_and_one_insert_however_many_events_it_has() {
    let bench = bench().await;
    for _ in 0..50 {
        bench.grant(&user("alice"), "1").await;
    }
    let wire = Wire::to_server_of(bench.held.url()).await;
    let client = Database::new(&wire.url).unwrap().connect(Role::Sealer).await.unwrap();
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let mark = sealing.newest().await;
    for (block, statements) in [(1, 2), (40, 2), (9, 2), (9, 1)] {
        let before = wire.executed();
        let options = SealOptions { block, after: Duration::from_secs(3_600) };
        let sealed = seal_next(&client, &sealing.key, mark, &options).await.unwrap();
        assert_eq!(wire.executed() - before, statements, "{sealed:?}");
    }
    assert_eq!(sealing.verify(&sealing.trust()).await.events, 50);
}

#[tokio::test]
async fn two_sealers_at_once_make_one_chain() {
    let bench = bench().await;
    for n in 0..40 {
        bench.grant(&user(&format!("user-{}", n % 7)), "1").await;
    }
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let mark = sealing.newest().await;
    let clients = futures::future::join_all((0..4).map(|_| sealing.sealer())).await;
    let race = clients.iter().map(async |client| {
        let (mut made, mut lost) = (0, 0);
        loop {
            match seal_next(client, &sealing.key, mark, &options(Duration::ZERO)).await.unwrap() {
                Sealed::Block(_) => made += 1,
                Sealed::Lost => lost += 1,
                Sealed::NotYet { .. } => return (made, lost),
            }
        }
    });
    let outcomes = futures::future::join_all(race).await;
    assert_eq!(outcomes.iter().map(|(made, _)| made).sum::<u32>(), 10);
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!((report.seals, report.events, report.breaches), (10, 40, vec![]));
}

#[tokio::test]
async fn a_transaction_that_is_still_open_holds_up_the_seals_of_what_came_after_it() {
    let bench = bench().await;
    let shutdown = CancellationToken::new();
    let mark = MarkWatcher::spawn(&bench.database, bench.ledger.appended(), shutdown.clone());
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    sealing.bench.grant(&user("alice"), "1").await;
    let client = sealing.sealer().await;
    let mut safe = mark.subscribe();
    safe.wait_for(|mark| *mark >= Position(1)).await.unwrap();
    let mut late = sealing.bench.owner().await;
    let transaction = late.transaction().await.unwrap();
    let copied = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
            balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash)
        select account_id, stream_id, version + 1, gen_random_uuid(), type, 1, amount, balance_after, payload,
            state, actor, request_id, occurred_at, hash, sha256(hash) from events returning position";
    let late_position = Position(transaction.query_one(copied, &[]).await.unwrap().get(0));
    for _ in 0..8 {
        sealing.bench.grant(&user("bob"), "1").await;
    }
    let reached = *safe.borrow_and_update();
    assert!(reached < late_position, "the mark stays before the open transaction");
    let sealed = seal_next(&client, &sealing.key, reached, &options(Duration::ZERO)).await.unwrap();
    assert!(matches!(&sealed, Sealed::Block(seal) if seal.events == 1), "{sealed:?}");
    transaction.commit().await.unwrap();
    let newest = sealing.newest().await;
    let reached = *safe.wait_for(|mark| *mark >= newest).await.unwrap();
    while let Sealed::Block(_) =
        seal_next(&client, &sealing.key, reached, &options(Duration::ZERO)).await.unwrap()
    {}
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!(report.events, 10, "the late event is under a seal too");
    shutdown.cancel();
}
