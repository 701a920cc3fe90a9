//! Where outputs are kept: `outputs/{account}/{job}/{run}-{fencing}/{index}.{extension}`. Each attempt has a
//! folder of its own, so a late worker never writes over what another one recorded.

use crate::provider::{Artifact, Task};
use futures::future::{join_all, try_join_all};
use ledger::error_chain;
use ledger::job::Output;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long taking away what nobody names may take.
const DISCARD_PATIENCE: Duration = Duration::from_secs(10);

/// Stores what an attempt made, trying again until then: making it again would be paid for again. `None` if there was no
/// time left; what was stored already is then taken away.
pub(crate) async fn store(
    store: &dyn ObjectStore,
    task: &Task,
    artifacts: Vec<Artifact>,
    until: Instant,
) -> Option<Vec<Output>> {
    let outputs: Option<Vec<Output>> =
        artifacts.iter().zip(0..).map(|(artifact, index)| output(task, index, artifact)).collect();
    let outputs = outputs?;
    let mut pause = FIRST_PAUSE;
    loop {
        match timeout_at(until, put(store, &outputs, &artifacts)).await {
            Ok(Ok(())) => return Some(outputs),
            Ok(Err(error)) if Instant::now() + pause < until => {
                tracing::warn!(error = %error_chain(&error), job_id = %task.job_id, "the outputs are stored again");
                metrics::counter!("cooly_outputs_stored_again_total").increment(1);
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            failed => {
                let error =
                    failed.map_or_else(|_elapsed| None, |put| put.err().map(|error| error_chain(&error)));
                tracing::error!(error, job_id = %task.job_id, "the outputs could not be stored in time");
                discard(store, &outputs).await;
                return None;
            }
        }
    }
}

async fn put(store: &dyn ObjectStore, outputs: &[Output], artifacts: &[Artifact]) -> Result<(), Error> {
    let puts = outputs.iter().zip(artifacts).map(|(output, artifact)| async {
        let bytes = artifact.content.bytes().cloned().unwrap_or_default();
        store.put(&Path::from(output.key.as_str()), bytes.into()).await
    });
    try_join_all(puts).await.map(drop)
}

/// Deletes outputs that the log does not name. What cannot be deleted is left: it is only garbage.
pub(crate) async fn discard(store: &dyn ObjectStore, outputs: &[Output]) {
    let deletions = outputs.iter().map(|output| async {
        let path = Path::from(output.key.as_str());
        match timeout(DISCARD_PATIENCE, store.delete(&path)).await {
            Ok(Ok(()) | Err(Error::NotFound { .. })) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %error_chain(&error), key = %output.key, "an output stays behind")
            }
            Err(_elapsed) => tracing::warn!(key = %output.key, "an output stays behind"),
        }
    });
    join_all(deletions).await;
}

fn output(task: &Task, index: u32, artifact: &Artifact) -> Option<Output> {
    let (facts, bytes) = (artifact.facts.as_ref()?, artifact.content.bytes()?);
    let Task { account_id, job_id, run, fencing, .. } = task;
    let extension = extension(&facts.content_type);
    Some(Output {
        index,
        key: format!("outputs/{account_id}/{job_id}/{run}-{fencing}/{index}.{extension}"),
        content_type: facts.content_type.clone(),
        width: facts.width,
        height: facts.height,
        bytes: bytes.len() as u64,
        duration_milliseconds: artifact.duration_milliseconds,
    })
}

fn extension(content_type: &str) -> &'static str {
    match content_type {
        "image/png" | "image/apng" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::{discard, store};
    use crate::provider::{Artifact, Content, Facts, Task};
    use bytes::Bytes;
    use ledger::job::{JobRequest, Kind, Params};
    use ledger::{AccountId, JobId};
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};
    use std::time::Duration;
    use tokio::time::Instant;
    use uuid::Uuid;

    fn task(fencing: i64) -> Task {
        let prompt = "a lake".to_owned();
        Task {
            account_id: AccountId(Uuid::from_u128(1)),
            job_id: JobId(Uuid::from_u128(2)),
            run: 3,
            attempt: 1,
            fencing,
            queued_at: chrono::DateTime::UNIX_EPOCH,
            request: JobRequest {
                kind: Kind::Image,
                model: "m".into(),
                prompt,
                count: 1,
                params: Params::default(),
            }
            .into(),
            is_metered: false,
        }
    }

    fn artifact(bytes: &'static [u8]) -> Artifact {
        Artifact {
            content: Content::Bytes(Bytes::from_static(bytes)),
            facts: Some(Facts { content_type: "image/png".into(), width: 2, height: 1 }),
            duration_milliseconds: None,
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    async fn read(store: &dyn ObjectStore, key: &str) -> Option<Bytes> {
        store.get(&Path::from(key)).await.ok()?.bytes().await.ok()
    }

    #[tokio::test]
    async fn each_attempt_has_a_folder_of_its_own() {
        let memory = InMemory::new();
        let early = store(&memory, &task(4), vec![artifact(b"one"), artifact(b"two")], soon()).await.unwrap();
        let late = store(&memory, &task(6), vec![artifact(b"new")], soon()).await.unwrap();
        assert_eq!(
            early[1].key,
            "outputs/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002/3-4/1.png"
        );
        assert_eq!((early[1].index, early[1].bytes), (1, 3));
        assert_eq!(read(&memory, &early[0].key).await.unwrap(), "one");

        discard(&memory, &early).await;
        assert_eq!(read(&memory, &early[0].key).await, None);
        assert_eq!(read(&memory, &late[0].key).await.unwrap(), "new", "another attempt's outputs stay");
        discard(&memory, &early).await;
    }
}
