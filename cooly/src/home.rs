//! The data folder of this machine: the private Postgres, the outputs, and the key of the development tokens.

use anyhow::Context;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const KEY_BYTES: usize = 48;

/// See the module.
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// Opens the folder; makes it when it is missing.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Home> {
        fs::create_dir_all(folder).with_context(|| {
            format!("the data folder {} cannot be made; choose another with --data-dir", folder.display())
        })?;
        let folder = folder
            .canonicalize()
            .with_context(|| format!("the data folder {} cannot be opened", folder.display()))?;
        Ok(Home { folder })
    }

    /// Where the private Postgres lives.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// Where downloaded Postgres binaries live.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.folder.join("downloads")
    }

    /// Where outputs live, readable by us alone; made when missing.
    pub(crate) fn outputs(&self) -> anyhow::Result<PathBuf> {
        let outputs = self.folder.join("outputs");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&outputs)
            .with_context(|| format!("the output folder {} cannot be made", outputs.display()))?;
        Ok(outputs)
    }

    /// The secret of the development tokens; made at first use, readable by us alone.
    pub(crate) fn dev_secret(&self) -> anyhow::Result<String> {
        let path = self.folder.join("jwt.key");
        let describe = || format!("the development key {} cannot be used", path.display());
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match made {
            Ok(mut file) => {
                let secret = new_secret();
                file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).with_context(describe)?;
                Ok(secret)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mut secret = String::new();
                fs::File::open(&path)
                    .and_then(|mut file| file.read_to_string(&mut secret))
                    .with_context(describe)?;
                anyhow::ensure!(
                    secret.len() >= 32,
                    "the development key {} is too short; delete it and a new one is made",
                    path.display()
                );
                Ok(secret)
            }
            Err(error) => Err(error).with_context(describe),
        }
    }
}

fn new_secret() -> String {
    let bytes: [u8; KEY_BYTES] = rand::random();
    ledger::chain::hex(&bytes)
}
