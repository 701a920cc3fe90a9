//! The data folder of this machine: the private Postgres, the outputs, the keys of the development tokens and of webhooks,
//! and the one that seals the log.

use anyhow::Context;
use ledger::seal::SealKey;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const KEY_BYTES: usize = 48;

const SEAL_KEY: &str = "seal.key";

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
        let secret = kept_or_made(&path, || Ok(new_secret()))
            .with_context(|| format!("the development key {} cannot be used", path.display()))?;
        anyhow::ensure!(
            secret.len() >= 32,
            "the development key {} is too short; delete it and a new one is made",
            path.display()
        );
        Ok(secret)
    }

    /// The secret of the addresses that providers report to; made at first use, readable by us alone.
    pub(crate) fn webhook_secret(&self) -> anyhow::Result<String> {
        let path = self.folder.join("webhook.key");
        kept_or_made(&path, || Ok(new_secret()))
            .with_context(|| format!("the key of webhooks {} cannot be used", path.display()))
    }

    /// The key that seals the log of this folder; made at first use, readable by us alone.
    pub(crate) fn seal_key(&self) -> anyhow::Result<SealKey> {
        let path = self.folder.join(SEAL_KEY);
        let describe = || format!("the key {} that seals the log cannot be used", path.display());
        let made = || Ok(SealKey::generate()?.1.to_string());
        SealKey::parse(&kept_or_made(&path, made).with_context(describe)?).with_context(describe)
    }

    /// The key that seals the log of a folder, if `cooly up` ever made one.
    pub(crate) fn existing_seal_key(folder: &Path) -> anyhow::Result<Option<SealKey>> {
        if folder.join(SEAL_KEY).exists() { Home::open(folder)?.seal_key().map(Some) } else { Ok(None) }
    }
}

/// The secret in a file; made, readable by us alone, when there is none.
fn kept_or_made(path: &Path, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let secret = make()?;
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
            Ok(secret)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut secret = String::new();
            fs::File::open(path)?.read_to_string(&mut secret)?;
            Ok(secret)
        }
        Err(error) => Err(error.into()),
    }
}

fn new_secret() -> String {
    let bytes: [u8; KEY_BYTES] = rand::random();
    hex::encode(bytes)
}
