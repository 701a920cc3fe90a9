//! The operating system user that runs Postgres.
//!
//! Postgres refuses to run as root. Then everything it touches is started as `postgres`, else `nobody`, and
//! its files are given to that user. For anybody else all of this is a no-op.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::error::{Doing, Error};

/// Who runs the server. `None` inside means the user that runs this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    switch_to: Option<(u32, u32)>,
}

impl Owner {
    /// Picks the user for a cluster: the owner of files that exist, else an unprivileged account for root.
    pub(crate) fn choose(cluster: &Path) -> Result<Owner, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Owner { switch_to: None });
        }
        if let Ok(files) = fs::metadata(cluster)
            && files.uid() != 0
        {
            return Ok(Owner { switch_to: Some((files.uid(), files.gid())) });
        }
        let accounts = fs::read_to_string("/etc/passwd").doing(|| "reading /etc/passwd".to_owned())?;
        let found = ["postgres", "nobody"].iter().find_map(|name| account(&accounts, name));
        found.map(|ids| Owner { switch_to: Some(ids) }).ok_or(Error::NoUnprivilegedUser)
    }

    /// The user id that files end up with.
    pub(crate) fn uid(self) -> u32 {
        self.switch_to.map_or_else(|| rustix::process::geteuid().as_raw(), |(uid, _)| uid)
    }

    /// A command that runs as this user, with a predictable environment.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = self.switch_to {
            command.uid(uid).gid(gid);
        }
        // Messages are read by this crate, and a developer's client settings must not reach a server.
        command.env("LC_ALL", "C");
        for name in ["PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(name);
        }
        command
    }

    /// Creates a folder that only this user may look into.
    pub(crate) fn create_folder(self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).doing(|| format!("creating {}", folder.display()))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .doing(|| format!("protecting {}", folder.display()))?;
        self.give(folder)
    }

    /// Hands one file or folder to this user.
    pub(crate) fn give(self, path: &Path) -> Result<(), Error> {
        let Some((uid, gid)) = self.switch_to else { return Ok(()) };
        chown(path, Some(uid), Some(gid)).doing(|| format!("giving {} to uid {uid}", path.display()))
    }

    /// Whether this user can stand in `folder`. Asked by trying, because modes alone do not tell it all.
    pub(crate) fn can_enter(self, folder: &Path) -> bool {
        if self.switch_to.is_none() {
            return true;
        }
        self.command("/bin/sh")
            .args(["-c", "exit 0"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// The user and group id of an account in the text of a passwd file.
fn account(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::account;

    const PASSWD: &str =
        "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:101:104:,,,:/v:/b\n";

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        assert_eq!(account(PASSWD, "postgres"), Some((101, 104)));
    }

    #[test]
    fn an_account_that_does_not_exist_is_not_found() {
        assert_eq!(account(PASSWD, "nobody"), None);
        assert_eq!(account("postgres:x:broken", "postgres"), None);
    }
}
