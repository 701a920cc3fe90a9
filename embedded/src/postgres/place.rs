//! Where the files of a server can live.
//!
//! A user that is not root cannot enter folders under a private home. What belongs there is then kept in a
//! folder of its own elsewhere, and a `location` file in the folder that was asked for remembers where.

use std::{
    env, fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::owner::Owner;
use crate::error::{Doing, Error};

/// Where root keeps what an unprivileged user must reach.
const SYSTEM_FOLDER: &str = "/var/lib/cooly";

/// Returns `folder` itself where `owner` can enter it, else the folder that stands in for it.
pub(crate) fn reachable(folder: &Path, owner: Owner) -> Result<PathBuf, Error> {
    if let Some(known) = remembered(folder) {
        return Ok(known);
    }
    if owner.can_enter(folder) {
        return Ok(folder.to_owned());
    }
    let elsewhere =
        stand_in(owner).ok_or_else(|| Error::Unreachable { folder: folder.to_owned(), uid: owner.uid() })?;
    fs::write(folder.join("location"), elsewhere.as_os_str().as_encoded_bytes())
        .doing(|| format!("writing {}", folder.join("location").display()))?;
    tracing::info!(asked = %folder.display(), used = %elsewhere.display(),
        "the user that runs Postgres cannot enter the folder, so the files are kept elsewhere");
    Ok(elsewhere)
}

/// The stand-in of an earlier run, if it is still there.
pub(crate) fn remembered(folder: &Path) -> Option<PathBuf> {
    let known = PathBuf::from(fs::read_to_string(folder.join("location")).ok()?);
    known.is_dir().then_some(known)
}

/// A new folder under a random name: nobody can have prepared it, and it is never shared by accident.
fn stand_in(owner: Owner) -> Option<PathBuf> {
    let parents = [PathBuf::from(SYSTEM_FOLDER), env::temp_dir()];
    parents.iter().find_map(|parent| create_in(parent, owner).ok())
}

fn create_in(parent: &Path, owner: Owner) -> io::Result<PathBuf> {
    fs::create_dir_all(parent)?;
    let folder = tempfile::Builder::new().prefix("cooly-").tempdir_in(parent)?;
    // Enterable, not listable: what is inside is protected by its own modes.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
    if !owner.can_enter(folder.path()) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(folder.keep())
}
