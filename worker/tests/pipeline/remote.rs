//! What was made lies at the provider, and has to be fetched there.

use crate::rig::{Rig, eventually};
use futures::TryStreamExt;
use ledger::job::{Billed, JobCommand, Output, Status};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use worker::provider::{Origin, Remote};

/// The header of a picture of 70 by 50 pixels.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x46\0\0\0\x32\x08\0\0\0\0";

/// A clip of two and a half seconds whose description stands at its end, as encoders leave it.
const CLIP: &[u8] = b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x10mdatsomemore\0\0\0\x24moov\
    \0\0\0\x1cmvhd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\xe8\0\0\x09\xc4";

const MIB: usize = 1024 * 1024;

/// A status under which a file begins and then comes so slowly that it never ends.
const SLOWLY: u16 = 299;

/// Serves one file under this status.
struct Files {
    status: Arc<AtomicU16>,
    asked: Arc<AtomicU32>,
    remote: Remote,
}

impl Files {
    /// Serves the picture.
    async fn start(status: u16) -> Files {
        Files::of(PICTURE, status).await
    }

    async fn of(file: &'static [u8], status: u16) -> Files {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/made.png?signature=secret", listener.local_addr().unwrap());
        let (status, asked) = (Arc::new(AtomicU16::new(status)), Arc::<AtomicU32>::default());
        let (now, count) = (Arc::clone(&status), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, now.load(Ordering::SeqCst), file));
            }
        });
        let origin = Origin { hosts: vec!["127.0.0.1".into()], is_private: true, max_bytes: 1_000 };
        Files { status, asked, remote: Remote { url, origin: Arc::new(origin) } }
    }
}

async fn answer(mut stream: TcpStream, status: u16, file: &[u8]) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if status == SLOWLY {
        stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 900\r\n\r\n").await?;
        loop {
            stream.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    let length = file.len();
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(file).await?;
    stream.shutdown().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_at_the_provider_is_kept_with_its_hash() {
    let rig = Rig::start().await;
    let files = Files::start(200).await;
    *rig.scripted.script.remote.lock().unwrap() = Some(files.remote.clone());
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-image").await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let output = &job.outputs[0];
    assert_eq!((output.content_type.as_str(), output.width, output.height), ("image/png", 70, 50));
    assert_eq!(output.sha256.as_ref().unwrap().len(), 64);
    let kept = rig.outputs.get(&Path::from(output.key.as_str())).await.unwrap().bytes().await.unwrap();
    assert_eq!((kept.as_ref(), output.bytes), (PICTURE, PICTURE.len() as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_does_not_hand_out_any_more_waits_for_a_person() {
    let rig = Rig::start().await;
    let files = Files::start(404).await;
    *rig.scripted.script.remote.lock().unwrap() = Some(files.remote.clone());
    let worker = rig.worker("one");
    for model in ["scripted-image", "scripted-video"] {
        let id = rig.queue_one(model).await;
        let job = rig.until(id, Status::Dead).await;
        let failure = job.failure.unwrap();
        assert_eq!((failure.code.as_str(), failure.billed), ("output_expired", Some(Billed::Yes)), "{model}");
        assert_eq!(job.attempts, 1, "{model} is not bought again");
    }
    worker.stop().await;
    assert_eq!((rig.scripted.submits(), files.asked.load(Ordering::SeqCst)), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_cannot_be_fetched_yet_is_fetched_later_and_not_bought_again() {
    let rig = Rig::start().await;
    let files = Files::start(503).await;
    *rig.scripted.script.remote.lock().unwrap() = Some(files.remote.clone());
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    eventually("it is tried again", async || files.asked.load(Ordering::SeqCst) > 2).await;
    files.status.store(200, Ordering::SeqCst);
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.submitted", "job.succeeded"]);
    assert_eq!((rig.scripted.submits(), job.outputs[0].width), (1, 70));
}

/// Sends the first part of a large picture, and no more of it until it is told; from then on nothing.
async fn serve_half(listener: TcpListener, asked: Arc<AtomicU32>, cut: Arc<Notify>) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept().await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream.write_all(format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", 8 * MIB).as_bytes()).await?;
    stream.write_all(PICTURE).await?;
    stream.write_all(&vec![0; 6 * MIB]).await?;
    asked.fetch_add(1, Ordering::SeqCst);
    cut.notified().await;
    drop(stream);
    loop {
        let (stream, _) = listener.accept().await?;
        answer(stream, 404, b"gone").await?;
        asked.fetch_add(1, Ordering::SeqCst);
    }
}

/// As when a poller slept past its lease in the middle of a file, and the next one has stored and recorded it meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_has_recorded_is_not_taken_away_by_one_that_fails_to_store_it() {
    let rig = Rig::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/made.png", listener.local_addr().unwrap());
    let (asked, cut) = (Arc::<AtomicU32>::default(), Arc::<Notify>::default());
    let serving = tokio::spawn(serve_half(listener, Arc::clone(&asked), Arc::clone(&cut)));
    let origin = Origin { hosts: vec!["127.0.0.1".into()], is_private: true, max_bytes: 16 * MIB as u64 };
    *rig.scripted.script.remote.lock().unwrap() = Some(Remote { url, origin: Arc::new(origin) });
    let worker = rig.worker("one");
    let id = rig.queue_one("scripted-video").await;
    eventually("its file is on its way", async || asked.load(Ordering::SeqCst) == 1).await;
    // Long enough for the upload to be begun with what has come.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let key = format!("outputs/{}/{id}/1-2/0.png", rig.account);
    rig.outputs.put(&Path::from(key.as_str()), "stored by the other".into()).await.unwrap();
    let output = Output {
        index: 0,
        key: key.clone(),
        content_type: "image/png".into(),
        width: 70,
        height: 50,
        bytes: 19,
        duration_milliseconds: Some(2_000),
        sha256: None,
        thumbnail: None,
    };
    rig.ask(id, JobCommand::Succeed { fencing: 2, outputs: vec![output], provider: None }).await;
    cut.notify_one();
    eventually("it is told that the file is gone", async || asked.load(Ordering::SeqCst) >= 2).await;
    // Long enough for it to be taken away.
    tokio::time::sleep(Duration::from_secs(1)).await;
    worker.stop().await;
    serving.abort();
    assert_eq!(rig.job(id).await.status, Status::Succeeded);
    let kept = rig.outputs.get(&Path::from(key.as_str())).await;
    assert!(kept.is_ok(), "{:?}", kept.err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_file_holds_up_no_questions_after_other_clips() {
    let rig = Rig::start().await;
    let files = Files::start(SLOWLY).await;
    *rig.scripted.script.remote.lock().unwrap() = Some(files.remote.clone());
    let mut options = rig.options("one");
    options.poll_concurrency = 1;
    // It goes on for longer than this test waits for anything.
    options.timings.store = Duration::from_secs(600);
    let worker = rig.run(options);
    let slow = rig.queue_one("scripted-video").await;
    eventually("its file is asked for", async || files.asked.load(Ordering::SeqCst) == 1).await;
    *rig.scripted.script.remote.lock().unwrap() = None;
    let other = rig.queue_one("scripted-video").await;
    rig.until(other, Status::Succeeded).await;
    assert_eq!(rig.job(slow).await.status, Status::Running, "it is still on its way");
    worker.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_of_which_the_provider_tells_no_length_is_charged_by_its_file() {
    let rig = Rig::start().await;
    let files = Files::of(CLIP, 200).await;
    *rig.scripted.script.remote.lock().unwrap() = Some(files.remote.clone());
    *rig.scripted.script.clip_milliseconds.lock().unwrap() = None;
    let worker = rig.worker("one");
    let id = rig.queue_clip("scripted-video-metered", 4).await;
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    let output = &job.outputs[0];
    assert_eq!((output.content_type.as_str(), output.duration_milliseconds), ("video/mp4", Some(2_500)));
    let paid = "7.5".parse().unwrap();
    assert_eq!((job.charged, rig.spent().await), (paid, paid), "3 credits a second");
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_of_a_clip_of_which_nobody_tells_the_length() {
    let rig = Rig::start().await;
    let files = Files::start(200).await;
    *rig.scripted.script.remote.lock().unwrap() = Some(files.remote.clone());
    *rig.scripted.script.clip_milliseconds.lock().unwrap() = None;
    let worker = rig.worker("one");
    let id = rig.queue_clip("scripted-video-metered", 4).await;
    let job = rig.until(id, Status::Dead).await;
    worker.stop().await;
    let failure = job.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.billed), ("length_missing", Some(Billed::Yes)));
    assert_eq!((job.attempts, rig.scripted.submits()), (1, 1), "it is not bought again");
    let kept: Vec<_> = rig.outputs.list(None).try_collect().await.unwrap();
    assert!(kept.is_empty(), "{kept:?}");
    rig.verify().await;
}
