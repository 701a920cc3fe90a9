//! The output store: whether a file can be written, read and deleted, and whether there is room.

use super::finding::Finding;
use crate::cli::{DoctorOptions, DoctorRole};
use crate::wiring;
use object_store::path::Path as Place;
use object_store::{ObjectStore, ObjectStoreExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

const TOPIC: &str = "outputs";

/// Pictures are a few megabytes, so less than this is gone within a day.
const LITTLE: u64 = 1 << 30;

/// A store that does not answer would otherwise be asked for minutes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn look(options: &DoctorOptions) -> Vec<Finding> {
    let folder = match &options.outputs.outputs {
        Some(place) if place.contains("://") => None,
        Some(place) => Some(PathBuf::from(place)),
        None => Some(options.home.data_dir.join("outputs")),
    };
    if let Some(folder) = folder.as_deref().filter(|folder| !folder.exists()) {
        return vec![Finding::warn(
            TOPIC,
            format!("{} does not exist yet", folder.display()),
            "it is made at the start; with several machines it must be one that all of them share",
        )];
    }
    let mut findings = vec![probed(options).await];
    findings.extend(folder.as_deref().and_then(room));
    findings
}

async fn probed(options: &DoctorOptions) -> Finding {
    // Without opening the data folder, which would make it.
    let store = match &options.outputs.outputs {
        Some(place) => wiring::store_at(place),
        None => wiring::local_outputs(&options.home.data_dir.join("outputs")),
    };
    let store = match store {
        Ok(store) => store,
        Err(error) => return Finding::fail(TOPIC, format!("{error:#}"), "mend COOLY_OUTPUTS"),
    };
    let remedy = "look at the store's address, rights and credentials; an API needs to read, workers to write, read, list and \
                  delete";
    // An API may do no more.
    let (tried, found) = match options.role {
        DoctorRole::Api => (tokio::time::timeout(PATIENCE, read(&*store)).await, "it can be read"),
        _ => (tokio::time::timeout(PATIENCE, probe(&*store)).await, "a file was written, read and deleted"),
    };
    match tried {
        Ok(Ok(())) => Finding::ok(TOPIC, found),
        Ok(Err((doing, error))) => {
            Finding::fail(TOPIC, format!("a file could not be {doing}: {error}"), remedy)
        }
        Err(_elapsed) => Finding::fail(TOPIC, format!("no answer for {} s", PATIENCE.as_secs()), remedy),
    }
}

/// Asks for a file that is not there: a store that may not be read says something else.
async fn read(store: &dyn ObjectStore) -> Result<(), (&'static str, object_store::Error)> {
    match store.head(&Place::from("doctor")).await {
        Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(("read", error)),
    }
}

async fn probe(store: &dyn ObjectStore) -> Result<(), (&'static str, object_store::Error)> {
    let place = Place::from(format!("doctor-{}", uuid::Uuid::new_v4()));
    store.put(&place, "to be deleted".into()).await.map_err(|error| ("written", error))?;
    let read = async { store.get(&place).await?.bytes().await };
    let read = read.await.map_err(|error| ("read", error));
    // Also after it could not be read.
    store.delete(&place).await.map_err(|error| ("deleted", error))?;
    read.map(drop)
}

/// How much room a folder has.
fn room(folder: &Path) -> Option<Finding> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} GiB are free in {}", free >> 30, folder.display());
    Some(if free >= LITTLE {
        Finding::ok(TOPIC, found)
    } else {
        Finding::warn(TOPIC, found, "make room, or delete old outputs with --keep-outputs")
    })
}
