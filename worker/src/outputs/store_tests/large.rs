//! Files that are larger than what is held of them.

use super::{Bench, LONG, png, serving, there_up_to};
use crate::provider::{Artifact, Content, Spool};
use sha2::{Digest, Sha256};
use std::sync::atomic::Ordering;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_large_file_passes_through_in_small_parts() {
    // A picture, and then what decoders skip.
    let mut whole = png(40, 30);
    whole.extend((whole.len()..64 * MIB).map(|place| (place % 251) as u8));
    let hash = hex::encode(Sha256::digest(&whole));
    let server = serving(200, "", whole).await;
    let part_bytes = 256 * 1024;
    let bench = Bench::with(LONG, part_bytes);
    let output = bench.store(&[there_up_to(server.url("/a"), 64 * MIB as u64)]).await.unwrap().remove(0);
    assert_eq!((output.bytes, output.sha256), (64 * MIB as u64, Some(hash.clone())));
    let used = |count: &std::sync::atomic::AtomicUsize| count.load(Ordering::SeqCst);
    assert_eq!(used(&bench.used.largest), part_bytes, "no more than one part is held");
    assert_eq!(used(&bench.used.parts), 64 * MIB / part_bytes);
    assert_eq!((used(&bench.used.completed), used(&bench.used.aborted)), (1, 0));
    let stored = bench.read(&output.key).await.unwrap();
    assert_eq!(hex::encode(Sha256::digest(&stored)), hash);
}

#[tokio::test]
async fn a_file_on_the_disk_passes_through_in_small_parts_and_can_be_stored_again() {
    let mut whole = png(40, 30);
    whole.resize(4 * MIB + 1, 7);
    let mut spool = Spool::begin().await.unwrap();
    for piece in whole.chunks(100_000) {
        spool.write(piece).await.unwrap();
    }
    let content = Content::Spooled(spool.end().await.unwrap());
    let artifact = Artifact { content, facts: None, duration_milliseconds: None };
    for _ in 0..2 {
        let bench = Bench::with(LONG, 256 * 1024);
        let output = bench.store(std::slice::from_ref(&artifact)).await.unwrap().remove(0);
        assert_eq!((output.width, output.height, output.bytes), (40, 30, whole.len() as u64));
        assert_eq!(bench.used.largest.load(Ordering::SeqCst), 256 * 1024, "no more than one part is held");
        assert_eq!(bench.read(&output.key).await.unwrap(), whole);
    }
}

#[tokio::test]
async fn a_file_is_whole_wherever_its_last_part_ends() {
    for extra in [0, 1, 511, 512, 513, 1024] {
        let mut whole = png(4, 4);
        whole.resize(1024 + extra, 7);
        let server = serving(200, "", whole.clone()).await;
        let bench = Bench::with(LONG, 512);
        let artifact = there_up_to(server.url("/a"), MIB as u64);
        let output = bench.store(&[artifact]).await.unwrap().remove(0);
        assert_eq!(bench.read(&output.key).await.unwrap(), whole, "{extra} bytes more");
    }
}
