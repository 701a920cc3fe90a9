//! Where outputs are kept: `outputs/{account}/{job}/{run}-{fencing}/{index}.{extension}`. Each attempt has a
//! folder of its own, so a late worker never writes over what another one recorded.

use crate::provider::{Artifact, Task};
use futures::future::{join_all, try_join_all};
use ledger::error_chain;
use ledger::job::Output;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};

/// Stores what an attempt made. After a failure what was stored already is taken away again.
pub(crate) async fn store(
    store: &dyn ObjectStore,
    task: &Task,
    artifacts: Vec<Artifact>,
) -> Result<Vec<Output>, Error> {
    let outputs: Vec<Output> =
        artifacts.iter().zip(0..).map(|(artifact, index)| output(task, index, artifact)).collect();
    let puts = outputs.iter().zip(artifacts).map(|(output, artifact)| async {
        store.put(&Path::from(output.key.as_str()), artifact.bytes.into()).await
    });
    match try_join_all(puts).await {
        Ok(_) => Ok(outputs),
        Err(error) => {
            discard(store, &outputs).await;
            Err(error)
        }
    }
}

/// Deletes outputs that the log does not name. What cannot be deleted is left: it is only garbage.
pub(crate) async fn discard(store: &dyn ObjectStore, outputs: &[Output]) {
    let deletions = outputs.iter().map(|output| async {
        match store.delete(&Path::from(output.key.as_str())).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), key = %output.key, "an output stays behind")
            }
        }
    });
    join_all(deletions).await;
}

fn output(task: &Task, index: u32, artifact: &Artifact) -> Output {
    let Task { account_id, job_id, run, fencing, .. } = task;
    let extension = extension(&artifact.content_type);
    Output {
        index,
        key: format!("outputs/{account_id}/{job_id}/{run}-{fencing}/{index}.{extension}"),
        content_type: artifact.content_type.clone(),
        width: artifact.width,
        height: artifact.height,
        bytes: artifact.bytes.len() as u64,
        duration_milliseconds: artifact.duration_milliseconds,
    }
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
    use crate::provider::{Artifact, Task};
    use bytes::Bytes;
    use ledger::job::{JobRequest, Kind, Params};
    use ledger::{AccountId, JobId};
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};
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
        }
    }

    fn artifact(bytes: &'static [u8]) -> Artifact {
        Artifact {
            bytes: Bytes::from_static(bytes),
            content_type: "image/png".into(),
            width: 2,
            height: 1,
            duration_milliseconds: None,
        }
    }

    async fn read(store: &dyn ObjectStore, key: &str) -> Option<Bytes> {
        store.get(&Path::from(key)).await.ok()?.bytes().await.ok()
    }

    #[tokio::test]
    async fn each_attempt_has_a_folder_of_its_own() {
        let memory = InMemory::new();
        let early = store(&memory, &task(4), vec![artifact(b"one"), artifact(b"two")]).await.unwrap();
        let late = store(&memory, &task(6), vec![artifact(b"new")]).await.unwrap();
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
