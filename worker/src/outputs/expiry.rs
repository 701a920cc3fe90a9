//! Deleting what has been in the store for long enough.

use super::place::ROOT;
use super::store::OutputStore;
use chrono::{DateTime, Utc};
use futures::stream::{StreamExt, TryStreamExt};
use object_store::Error;
use object_store::path::Path;

/// What one round has done.
#[derive(Debug)]
pub(crate) struct Deleted {
    /// Files that are gone.
    pub count: u64,
    /// Why not all that should be are. The first of several.
    pub error: Option<Error>,
}

impl OutputStore {
    /// Deletes the outputs that were written before then.
    pub(crate) async fn delete_older(&self, before: DateTime<Utc>) -> Deleted {
        let objects = self.objects();
        let files = objects.list(Some(&Path::from(ROOT)));
        let old = files.try_filter(move |file| std::future::ready(file.last_modified < before));
        let mut deletions = objects.delete_stream(old.map_ok(|file| file.location).boxed());
        let mut deleted = Deleted { count: 0, error: None };
        while let Some(deletion) = deletions.next().await {
            match deletion {
                // Another worker may have been faster.
                Ok(_) | Err(Error::NotFound { .. }) => deleted.count += 1,
                Err(error) => deleted.error = deleted.error.or(Some(error)),
            }
        }
        deleted
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::OutputStore;
    use chrono::{TimeDelta, Utc};
    use object_store::local::LocalFileSystem;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn write(folder: &Path, name: &str, age: Duration) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, b"made").unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[tokio::test]
    async fn what_is_old_goes_whoever_made_it_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let there = |name: &str| folder.path().join(name).exists();
        let (old, orphan) = ("outputs/a/job/1-2/0.png", "outputs/b/job/1-9/0.mp4");
        let (young, foreign) = ("outputs/a/job/2-7/0.png", "exports/outputs.parquet");
        for (name, age) in [(old, DAY * 31), (orphan, DAY * 90), (young, DAY * 29), (foreign, DAY * 90)] {
            write(folder.path(), name, age);
        }
        let objects = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let store = OutputStore::new(Arc::new(objects));
        let before = Utc::now() - TimeDelta::days(30);

        let deleted = store.delete_older(before).await;
        assert!(deleted.error.is_none(), "{deleted:?}");
        assert_eq!(deleted.count, 2);
        assert_eq!([old, orphan, young, foreign].map(there), [false, false, true, true]);
        assert_eq!(store.delete_older(before).await.count, 0, "there is nothing left to delete");
    }
}
