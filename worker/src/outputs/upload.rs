//! An upload in parts that leaves nothing behind: one that is not completed is aborted, whatever ended it. Parts of
//! uploads that are neither stay in S3 unseen, and are paid for.

use bytes::Bytes;
use ledger::error_chain;
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

const ABORT_PATIENCE: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Upload {
    /// Gone once it is completed.
    open: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    pub(super) async fn begin(store: &dyn ObjectStore, path: &Path) -> Result<Upload, Error> {
        Ok(Upload { open: Some(store.put_multipart(path).await?) })
    }

    /// Sends one part and waits for it, so that no more than one is held.
    pub(super) async fn put(&mut self, part: Bytes) -> Result<(), Error> {
        match &mut self.open {
            Some(upload) => upload.put_part(part.into()).await,
            None => Ok(()),
        }
    }

    /// Makes the whole of it visible.
    pub(super) async fn complete(mut self) -> Result<(), Error> {
        if let Some(upload) = &mut self.open {
            upload.complete().await?;
        }
        self.open = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(upload), Ok(runtime)) = (self.open.take(), Handle::try_current()) else { return };
        runtime.spawn(abort(upload));
    }
}

async fn abort(mut upload: Box<dyn MultipartUpload>) {
    match timeout(ABORT_PATIENCE, upload.abort()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = %error_chain(&error), "parts of an upload stay behind");
        }
        Err(_elapsed) => tracing::warn!("parts of an upload stay behind"),
    }
}
