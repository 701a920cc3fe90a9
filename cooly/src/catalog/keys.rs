//! The keys that providers are paid with: from the environment, or from files, which are read again whenever the catalogue is.
//! Nothing of a key is ever told.

use anyhow::Context;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use worker::provider::http::ProviderKey;
use zeroize::Zeroizing;

/// Where a key is; the key itself never stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In this variable of the environment.
    Variable(String),
    /// In this file.
    File(PathBuf),
}

impl KeySource {
    /// The variable, if it is one.
    pub(crate) fn variable(&self) -> Option<&str> {
        match self {
            KeySource::Variable(name) => Some(name),
            KeySource::File(_) => None,
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        match self {
            KeySource::Variable(_) => None,
            KeySource::File(path) => Some(path),
        }
    }

    /// What to tell of it, if it is not here.
    pub(super) fn missing(&self, provider: &str) -> Option<String> {
        match self {
            KeySource::Variable(name) => std::env::var_os(name).is_none().then(|| {
                format!("{name}, which holds the key of the provider `{provider}`, is not set here; a worker needs it")
            }),
            KeySource::File(path) => std::fs::metadata(path).is_err().then(|| {
                let file = path.display();
                format!("{file}, which is to hold the key of the provider `{provider}`, is not there; a worker needs it")
            }),
        }
    }
}

/// No key is longer.
const MOST_BYTES: u64 = 16 * 1024;

/// Others than the owner and the group may read the file.
const READ_BY_ALL: u32 = 0o004;

/// The key of a provider, if it is to have one. What is not quite right about where it lies is added to the warnings.
pub(crate) fn provider_key(
    provider: &str,
    source: Option<&KeySource>,
    warnings: &mut Vec<String>,
) -> anyhow::Result<Option<ProviderKey>> {
    match source {
        None => Ok(None),
        Some(KeySource::Variable(variable)) => of_variable(provider, variable).map(Some),
        Some(KeySource::File(path)) => of_file(provider, path, warnings).map(Some),
    }
}

fn of_variable(provider: &str, variable: &str) -> anyhow::Result<ProviderKey> {
    let given = Zeroizing::new(std::env::var(variable).unwrap_or_default());
    anyhow::ensure!(
        !given.is_empty(),
        "the key of the provider `{provider}` is missing: set {variable} in the environment of the worker"
    );
    ProviderKey::parse(&given)
        .with_context(|| format!("{variable} holds no key for the provider `{provider}`"))
}

fn of_file(provider: &str, path: &Path, warnings: &mut Vec<String>) -> anyhow::Result<ProviderKey> {
    let file = path.display();
    let unreadable = || {
        format!(
            "the file {file} with the key of the provider `{provider}` cannot be read; write the key to it and let the \
             worker's user read it"
        )
    };
    let opened = File::open(path).with_context(unreadable)?;
    let mode = opened.metadata().with_context(unreadable)?.permissions().mode();
    let mut text = Zeroizing::new(String::new());
    opened.take(MOST_BYTES).read_to_string(&mut text).with_context(unreadable)?;
    let key = ProviderKey::parse(&text)
        .with_context(|| format!("the file {file} holds no key for the provider `{provider}`"))?;
    if mode & READ_BY_ALL != 0 {
        warnings.push(format!(
            "everybody on this machine can read {file}, the key of the provider `{provider}`; take that away with chmod o-r"
        ));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::of_file;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_everybody_can_read_is_told_and_its_key_never_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let mut warnings = Vec::new();
        let absent = of_file("fal", &path, &mut warnings).unwrap_err();
        assert!(format!("{absent:#}").contains(path.to_str().unwrap()), "{absent:#}");
        fs::write(&path, "k3y-secret\n").unwrap();
        for (mode, told) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            of_file("fal", &path, &mut warnings).unwrap();
            assert_eq!(warnings.len(), told, "{mode:o}");
        }
        assert!(warnings[0].contains("chmod") && !warnings[0].contains("k3y"), "{warnings:?}");
        for wrong in ["", " \n", "k3y secret", "k3y\nsecret"] {
            fs::write(&path, wrong).unwrap();
            let refused = of_file("fal", &path, &mut warnings).unwrap_err();
            assert!(!format!("{refused:#}").contains("k3y"), "{refused:#}");
        }
    }
}
