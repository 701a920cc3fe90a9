//! Creates the files of a database cluster.
//!
//! The files are made under another name and renamed when complete, so a crash in between leaves nothing that
//! looks like a cluster. Connections need a password even on loopback: other users share the machine.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
};

use super::{binaries::Binaries, connection::SUPERUSER, home, owner::Owner};
use crate::error::{Doing, Error};

/// The release that wrote a cluster, or `None` where there is none yet.
pub(crate) fn release(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Creates the cluster unless it exists.
pub(crate) fn create(binaries: &Binaries, owner: Owner, cluster: &Path, password: &str) -> Result<(), Error> {
    if release(cluster).is_some() {
        return Ok(());
    }
    let unfinished = cluster.with_extension("unfinished");
    // What a crashed attempt left is worthless.
    let _ = fs::remove_dir_all(&unfinished);
    owner.create_folder(&unfinished)?;
    let secret = cluster.with_extension("password");
    home::write_secret(&secret, password)?;
    owner.give(&secret)?;
    let output = initdb(binaries, owner, &unfinished, &secret);
    let _ = fs::remove_file(&secret);
    let output = output.doing(|| format!("running {}", binaries.program("initdb").display()))?;
    if !output.status.success() {
        let detail = last_line(&String::from_utf8_lossy(&output.stderr));
        return Err(Error::Initdb { folder: cluster.to_owned(), detail });
    }
    fs::rename(&unfinished, cluster).doing(|| format!("creating {}", cluster.display()))
}

fn initdb(binaries: &Binaries, owner: Owner, folder: &Path, secret: &Path) -> std::io::Result<Output> {
    let mut command = owner.command(binaries.program("initdb"));
    command.arg("--pgdata").arg(folder).arg("--pwfile").arg(secret);
    command.args(["--username", SUPERUSER, "--auth", "scram-sha-256"]);
    command.args(["--encoding", "UTF8", "--locale", "C", "--data-checksums", "--no-instructions"]);
    command.current_dir(folder).stdin(Stdio::null()).output()
}

fn last_line(text: &str) -> String {
    let complaint = text.lines().rev().find(|line| line.contains("error") || line.contains("FATAL"));
    complaint.or_else(|| text.lines().last()).unwrap_or("it said nothing").trim().to_owned()
}
