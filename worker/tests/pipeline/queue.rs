//! What the rest relies on in a server: the same answers from the embedded one and from others.

use crate::rig::{Rig, eventually};
use ledger::JobId;
use std::time::Duration;
use worker::queue::{JobMessage, Letter, Queue, Source};

fn letter(rig: &Rig, delay: Duration) -> Letter {
    Letter { delay, ..rig.letter(JobId::generate()) }
}

async fn receive(queues: &Queue, visibility: u64) -> Vec<worker::queue::Received> {
    let (wait, visibility) = (Duration::from_secs(1), Duration::from_secs(visibility));
    queues.receive(Source::Jobs, 10, wait, visibility).await.unwrap()
}

#[tokio::test]
async fn opening_the_queues_twice_gives_the_same_ones() {
    let rig = Rig::start().await;
    let (one, two) = (rig.queues().await, rig.queues().await);
    assert!(one.send(&[letter(&rig, Duration::ZERO)]).await.is_empty());
    assert_eq!(receive(&two, 30).await.len(), 1);
}

#[tokio::test]
async fn a_message_is_hidden_shown_and_deleted() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    let sent = letter(&rig, Duration::ZERO);
    assert!(queues.send(std::slice::from_ref(&sent)).await.is_empty());
    let first = receive(&queues, 30).await;
    assert_eq!(JobMessage::decode(&first[0].body), Ok(sent.message));
    assert_eq!(first[0].receive_count, 1);
    assert!(receive(&queues, 30).await.is_empty(), "hidden");

    let receipts = [first[0].receipt.clone()];
    assert!(queues.hide(Source::Jobs, &receipts, Duration::ZERO).await.complete().unwrap().is_empty());
    let second = receive(&queues, 30).await;
    assert_eq!(second[0].receive_count, 2);
    let receipts = [second[0].receipt.clone()];
    assert!(queues.delete(Source::Jobs, &receipts).await.complete().unwrap().is_empty());
    eventually("it is gone", async || {
        let depth = queues.depth(Source::Jobs).await.unwrap();
        depth.visible + depth.in_flight == 0
    })
    .await;
}

#[tokio::test]
async fn a_delayed_message_comes_later() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    let sent = tokio::time::Instant::now();
    assert!(queues.send(&[letter(&rig, Duration::from_millis(1_500))]).await.is_empty());
    eventually("it comes", async || !receive(&queues, 30).await.is_empty()).await;
    assert!(sent.elapsed() >= Duration::from_millis(1_900), "came after {:?}", sent.elapsed());
}

#[tokio::test]
async fn numbers_beyond_the_limits_are_brought_within_them() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    assert!(queues.send(&[letter(&rig, Duration::from_secs(100_000))]).await.is_empty(), "delay");
    assert!(queues.send(&[letter(&rig, Duration::ZERO)]).await.is_empty());
    let got =
        queues.receive(Source::Jobs, 1_000, Duration::ZERO, Duration::from_secs(1_000_000)).await.unwrap();
    assert_eq!(got.len(), 1);
    let receipts = [got[0].receipt.clone()];
    let stale =
        queues.hide(Source::Jobs, &receipts, Duration::from_secs(1_000_000)).await.complete().unwrap();
    assert!(stale.is_empty(), "visibility");
}

#[tokio::test]
async fn a_stale_receipt_among_good_ones_fails_alone() {
    let rig = Rig::start().await;
    let queues = rig.queues().await;
    let letters: Vec<Letter> = (0..12).map(|_| letter(&rig, Duration::ZERO)).collect();
    assert!(queues.send(&letters).await.is_empty());
    let mut receipts: Vec<String> = Vec::new();
    while receipts.len() < 12 {
        receipts.extend(receive(&queues, 60).await.into_iter().map(|received| received.receipt));
    }
    receipts.insert(5, "no such receipt".to_owned());
    let stale = queues.hide(Source::Jobs, &receipts, Duration::from_secs(60)).await.complete().unwrap();
    assert_eq!(stale, ["no such receipt"]);
    // Servers differ in whether deleting what is not there is a failure; none deletes less for it.
    let kept = queues.delete(Source::Jobs, &receipts).await.complete().unwrap();
    assert!(kept.iter().all(|receipt| *receipt == "no such receipt"), "{kept:?}");
    assert_eq!(queues.depth(Source::Jobs).await.unwrap().in_flight, 0, "the twelve are deleted");
}
