//! Storing what an attempt made, trying again while there is time, and taking away what nobody names.

use super::fetch::Fetcher;
use super::file::{File, Written};
use super::place::{key, thumbnail_key};
use super::thumbnail;
use super::trouble::Trouble;
use crate::provider::{Artifact, Content, Facts, ProviderFailure, Task};
use bytes::Bytes;
use futures::future::join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use ledger::error_chain;
use ledger::job::Output;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long taking away what nobody names may take.
const DISCARD_PATIENCE: Duration = Duration::from_secs(10);

/// How long a provider may send nothing in the middle of a file.
const STALL: Duration = Duration::from_secs(15);

/// The least that S3 takes as a part that is not the last, and the most that is held of a file.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// How far a provider's word may be from what a clip says of itself before that is worth a line in the log.
const TOLERATED_MILLISECONDS: u64 = 1_000;

/// How many outputs of an attempt are on their way at once.
const AT_ONCE: usize = 4;

/// Why what an attempt made is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// There was no time left. It may be tried again.
    TimeUp,
    /// No further try can help.
    Final(ProviderFailure),
}

/// What is not kept, and what may have been written of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unstored {
    pub why: Unkept,
    /// Keys. A process that slept shares them with the one that took its work over, so they are to be deleted only once the
    /// log says that nobody names them.
    pub left: Vec<String>,
}

/// Where outputs and their small copies are.
pub(crate) fn keys(outputs: &[Output]) -> Vec<String> {
    let keys = |output: &Output| [Some(output.key.clone()), output.thumbnail.clone()];
    outputs.iter().flat_map(keys).flatten().collect()
}

/// The store of outputs, and what fetches them.
pub(crate) struct OutputStore {
    objects: Arc<dyn ObjectStore>,
    fetcher: Fetcher,
    part_bytes: usize,
}

/// The keys under which something may have been written.
#[derive(Default)]
struct Begun(Mutex<Vec<String>>);

impl Begun {
    fn add(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(key.to_owned());
    }

    fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl OutputStore {
    pub(crate) fn new(objects: Arc<dyn ObjectStore>) -> OutputStore {
        OutputStore::with(objects, STALL, PART_BYTES)
    }

    /// With other limits than the usual ones.
    pub(super) fn with(objects: Arc<dyn ObjectStore>, stall: Duration, part_bytes: usize) -> OutputStore {
        OutputStore { objects, fetcher: Fetcher::new(stall), part_bytes }
    }

    pub(super) fn objects(&self) -> &dyn ObjectStore {
        &*self.objects
    }

    /// Stores what an attempt made, trying again until then. If that fails, what was written stays.
    pub(crate) async fn store(
        &self,
        task: &Task,
        artifacts: &[Artifact],
        until: Instant,
    ) -> Result<Vec<Output>, Unstored> {
        let begun = Begun::default();
        let keeping: Vec<_> = artifacts
            .iter()
            .zip(0..)
            .map(|(artifact, index)| self.keep(task, index, artifact, until, &begun))
            .collect();
        match stream::iter(keeping).buffer_unordered(AT_ONCE).try_collect::<Vec<Output>>().await {
            Ok(mut outputs) => {
                outputs.sort_unstable_by_key(|output| output.index);
                Ok(outputs)
            }
            Err(why) => Err(Unstored { why, left: begun.keys() }),
        }
    }

    /// Deletes what the log does not name. What cannot be deleted is left: it is only garbage.
    pub(crate) async fn discard(&self, keys: &[String]) {
        join_all(keys.iter().map(|key| async move {
            let path = Path::from(key.as_str());
            match timeout(DISCARD_PATIENCE, self.objects.delete(&path)).await {
                Ok(Ok(()) | Err(Error::NotFound { .. })) => {}
                Ok(Err(error)) => tracing::warn!(error = %error_chain(&error), key, "an output stays behind"),
                Err(_elapsed) => tracing::warn!(key, "an output stays behind"),
            }
        }))
        .await;
    }

    async fn keep(
        &self,
        task: &Task,
        index: u32,
        artifact: &Artifact,
        until: Instant,
        begun: &Begun,
    ) -> Result<Output, Unkept> {
        let (job_id, host) = (task.job_id, host(&artifact.content));
        let mut pause = FIRST_PAUSE;
        loop {
            let trouble = match timeout_at(until, self.keep_once(task, index, artifact, begun)).await {
                Ok(Ok((output, whole))) => {
                    return Ok(self.with_thumbnail(task, output, whole, until, begun).await);
                }
                Ok(Err(trouble)) => trouble,
                Err(_elapsed) => Trouble::Passing("there was no time left".to_owned()),
            };
            if let Some(failure) = trouble.failure() {
                tracing::error!(error = %trouble, %job_id, index, host, "an output cannot be kept");
                return Err(Unkept::Final(failure));
            }
            if Instant::now() + pause >= until {
                tracing::error!(error = %trouble, %job_id, index, host, "an output could not be stored in time");
                return Err(Unkept::TimeUp);
            }
            tracing::warn!(error = %trouble, %job_id, index, host, "an output is stored again");
            metrics::counter!("cooly_outputs_stored_again_total").increment(1);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn keep_once(
        &self,
        task: &Task,
        index: u32,
        artifact: &Artifact,
        begun: &Begun,
    ) -> Result<(Output, Option<Bytes>), Trouble> {
        let file = File::open(&self.fetcher, artifact, self.part_bytes).await?;
        let Facts { content_type, width, height } = file.facts.clone();
        let key = key(task, index, &content_type);
        begun.add(&key);
        let whole = file.whole();
        let written = file.write(&*self.objects, &Path::from(key.as_str())).await?;
        let Written { bytes, sha256, measured } = written;
        let (width, height) = if width > 0 { (width, height) } else { measured.sides.unwrap_or_default() };
        let output = Output {
            index,
            key,
            content_type,
            width,
            height,
            bytes,
            duration_milliseconds: length(task, index, artifact.duration_milliseconds, measured.milliseconds),
            sha256: Some(hex::encode(sha256)),
            thumbnail: None,
        };
        Ok((output, whole))
    }

    /// The output with its small copy, if there can be one in time. It is stored already, whatever happens here.
    async fn with_thumbnail(
        &self,
        task: &Task,
        output: Output,
        whole: Option<Bytes>,
        until: Instant,
        begun: &Begun,
    ) -> Output {
        let copied = async {
            let copy = thumbnail::thumbnail(&output.content_type, whole?).await?;
            let key = thumbnail_key(task, output.index, thumbnail::CONTENT_TYPE);
            begun.add(&key);
            match self.objects.put(&Path::from(key.as_str()), copy.into()).await {
                Ok(_) => Some(key),
                Err(error) => {
                    tracing::warn!(error = %error_chain(&error), key, "a small copy cannot be stored");
                    None
                }
            }
        };
        let thumbnail = timeout_at(until, copied).await.ok().flatten();
        Output { thumbnail, ..output }
    }
}

/// How long a clip is, in milliseconds. What the provider tells counts: it is what it is paid for, and a file that says
/// something else of itself must not change a price. The file speaks where the provider is silent.
fn length(task: &Task, index: u32, told: Option<u64>, measured: Option<u64>) -> Option<u64> {
    if let (Some(told), Some(measured)) = (told, measured)
        && told.abs_diff(measured) > TOLERATED_MILLISECONDS
    {
        let job_id = task.job_id;
        tracing::warn!(%job_id, index, told, measured, "the provider and the clip differ on how long it is, in milliseconds");
    }
    told.or(measured)
}

/// For the log: the rest of an address may be a secret.
fn host(content: &Content) -> Option<String> {
    match content {
        Content::Bytes(_) | Content::Spooled(_) => None,
        Content::Remote(remote) => reqwest::Url::parse(&remote.url).ok()?.host_str().map(str::to_owned),
    }
}
