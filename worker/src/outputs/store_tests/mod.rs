//! Keeping outputs, as an attempt sees it: from here, and from servers that behave well or badly.

mod bad;
mod clips;
mod good;
mod large;

use super::loopback::{Server, Use, Watched};
use super::{OutputStore, Unkept, Unstored};
use crate::provider::{Artifact, Content, Facts, Origin, Remote, Task};
use bytes::Bytes;
use futures::TryStreamExt;
use ledger::job::{JobRequest, Kind, Output, Params};
use ledger::{AccountId, JobId};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(120);

/// An output store, and how it is used.
struct Bench {
    store: OutputStore,
    objects: Arc<Watched>,
    used: Arc<Use>,
}

impl Bench {
    fn new() -> Bench {
        Bench::with(LONG, 64 * 1024)
    }

    fn with(stall: Duration, part_bytes: usize) -> Bench {
        let objects = Arc::new(Watched::default());
        let used = Arc::clone(&objects.used);
        let store = OutputStore::with(Arc::clone(&objects) as Arc<dyn ObjectStore>, stall, part_bytes);
        Bench { store, objects, used }
    }

    async fn store(&self, artifacts: &[Artifact]) -> Result<Vec<Output>, Unkept> {
        self.store_within(artifacts, LONG).await
    }

    /// As an attempt does that ends with it: once its end is recorded, nothing of it is named.
    async fn store_within(&self, artifacts: &[Artifact], time: Duration) -> Result<Vec<Output>, Unkept> {
        match self.store.store(&task(4), artifacts, Instant::now() + time).await {
            Ok(outputs) => Ok(outputs),
            Err(Unstored { why, left }) => {
                self.store.discard(&left).await;
                Err(why)
            }
        }
    }

    /// Stores what must not be kept, and tells why it is not.
    async fn refusal(&self, artifact: Artifact) -> String {
        let Err(Unkept::Final(failure)) = self.store(&[artifact]).await else { panic!("it was kept") };
        assert!(failure.gives_up, "nobody buys it again");
        assert_eq!(failure.failure.billed, Some(ledger::job::Billed::Yes));
        assert_eq!(self.keys().await, Vec::<String>::new(), "nothing stays");
        failure.failure.code
    }

    async fn read(&self, key: &str) -> Option<Bytes> {
        self.objects.inner.get(&Path::from(key)).await.ok()?.bytes().await.ok()
    }

    async fn keys(&self) -> Vec<String> {
        let found: Vec<_> = self.objects.inner.list(None).try_collect().await.unwrap();
        found.into_iter().map(|object| object.location.to_string()).collect()
    }
}

fn task(fencing: i64) -> Task {
    let request = JobRequest {
        kind: Kind::Image,
        model: "m".into(),
        prompt: "a lake".into(),
        count: 1,
        params: Params::default(),
    };
    Task {
        account_id: AccountId(Uuid::from_u128(1)),
        job_id: JobId(Uuid::from_u128(2)),
        run: 3,
        attempt: 1,
        fencing,
        queued_at: chrono::DateTime::UNIX_EPOCH,
        request: request.into(),
        is_metered: false,
    }
}

fn here(bytes: &'static [u8]) -> Artifact {
    Artifact {
        content: Content::Bytes(Bytes::from_static(bytes)),
        facts: Some(Facts { content_type: "image/png".into(), width: 2, height: 1 }),
        duration_milliseconds: None,
    }
}

fn there(url: String) -> Artifact {
    there_up_to(url, 1024 * 1024)
}

fn there_up_to(url: String, max_bytes: u64) -> Artifact {
    let origin = Origin { hosts: vec!["127.0.0.1".into()], is_private: true, max_bytes };
    Artifact {
        content: Content::Remote(Remote { url, origin: Arc::new(origin) }),
        facts: None,
        duration_milliseconds: None,
    }
}

/// A picture of these sides.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let pixels = vec![90; (width * height) as usize];
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

/// Waits until a condition holds.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A server that answers every request alike, and what it has.
async fn serving(status: u16, lines: &'static str, body: Vec<u8>) -> Server {
    Server::start(move |_, _| super::loopback::answer(status, lines, &body)).await
}
