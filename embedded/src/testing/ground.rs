//! The folder under `target` in which test servers live.
//!
//! `template-<release>` is a cluster made once, because `initdb` takes a second; `runs/` holds one copy for
//! each test process that is alive. A lock file tells the copies of the living from those of the dead.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{
    error::{Doing, Error},
    postgres::{binaries::Binaries, cluster, home, owner::Owner, place},
};

/// One copy of the prepared cluster, for this process.
#[derive(Debug)]
pub(super) struct Plot {
    /// Its cluster; `.log` and `.lock` stand beside it.
    pub(super) cluster: PathBuf,
    /// The superuser's password.
    pub(super) password: String,
    /// Who runs the server.
    pub(super) owner: Owner,
    // Held as long as this process lives: the sweeper of another process asks for it.
    _lock: File,
}

impl Plot {
    /// Makes a fresh copy, preparing what is copied at the first call ever.
    pub(super) fn claim(binaries: &Binaries) -> Result<Plot, Error> {
        let base = target_folder().join("cooly-test-postgres");
        fs::create_dir_all(&base).doing(|| format!("creating {}", base.display()))?;
        let known = place::remembered(&base).unwrap_or_else(|| base.clone());
        let template = format!("template-{}", binaries.major());
        let owner = Owner::choose(&known.join(&template))?;
        // One process at a time prepares, sweeps and copies.
        let guard =
            File::create(base.join("lock")).doing(|| format!("opening a lock in {}", base.display()))?;
        guard.lock().doing(|| format!("locking {}", base.display()))?;

        let base = place::reachable(&base, owner)?;
        let password = home::password(&base.join("password"))?;
        let template = prepared(binaries, owner, &base, &template, &password)?;
        let runs = base.join("runs");
        owner.create_folder(&runs)?;
        sweep(&runs);
        let (cluster, lock) = new_run(&runs)?;
        copy(owner, &template, &cluster)?;
        Ok(Plot { cluster, password, owner, _lock: lock })
    }

    /// What the server says.
    pub(super) fn log(&self) -> PathBuf {
        self.cluster.with_extension("log")
    }
}

/// Creates the template as a folder of its own, which the owner can write to.
fn prepared(
    binaries: &Binaries,
    owner: Owner,
    base: &Path,
    name: &str,
    password: &str,
) -> Result<PathBuf, Error> {
    let folder = base.join(name);
    owner.create_folder(&folder)?;
    let template = folder.join("cluster");
    cluster::create(binaries, owner, &template, password)?;
    Ok(template)
}

fn new_run(runs: &Path) -> Result<(PathBuf, File), Error> {
    let cluster = runs.join(format!("{:016x}", rand::random::<u64>()));
    let path = cluster.with_extension("lock");
    let lock = File::create(&path).doing(|| format!("creating {}", path.display()))?;
    lock.lock().doing(|| format!("locking {}", path.display()))?;
    Ok((cluster, lock))
}

/// Removes what processes left that could not clean up: what has no lock, or one that nobody holds.
fn sweep(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let run = entry.path().with_extension("");
        let lock = File::open(run.with_extension("lock"));
        if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
            continue;
        }
        // A watchdog may be removing the same files right now.
        let _ = fs::remove_dir_all(&run);
        for extension in ["log", "lock"] {
            let _ = fs::remove_file(run.with_extension(extension));
        }
    }
}

fn copy(owner: Owner, from: &Path, to: &Path) -> Result<(), Error> {
    let mut command = owner.command("cp");
    command.arg("-Rp").arg(from).arg(to).current_dir(from).stdin(Stdio::null());
    let doing = || format!("copying {} to {}", from.display(), to.display());
    let status = command.status().doing(doing)?;
    if status.success() {
        return Ok(());
    }
    Err(std::io::Error::other(format!("cp ended with {status}"))).doing(doing)
}

/// Cargo's target folder: as configured, else the tagged folder above this test binary.
fn target_folder() -> PathBuf {
    if let Some(folder) =
        env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute())
    {
        return folder;
    }
    let binary = env::current_exe().unwrap_or_default();
    let tagged = binary.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    tagged.map_or_else(env::temp_dir, Path::to_owned)
}
