//! Where the server binaries of this machine are.
//!
//! `COOLY_PG_BIN` is believed or refused, never replaced. Otherwise the first folder that holds `initdb` and
//! a `postgres` new enough wins: PATH, `pg_config --bindir`, then the usual folders, newest first.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::Error;

/// The oldest release that is supported.
pub(crate) const OLDEST: u32 = 15;

/// Folders in which packages put their binaries; one `*` stands for any text within a name.
const USUAL_FOLDERS: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/lib/postgresql/bin",
];

/// A folder with `initdb` and `postgres` in it, and the release that they are of.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// Looks for binaries; `major` asks for the release that wrote existing files.
    pub(crate) fn locate(major: Option<u32>) -> Result<Binaries, Error> {
        match env::var_os("COOLY_PG_BIN").filter(|folder| !folder.is_empty()) {
            Some(folder) => Self::explicit(Path::new(&folder), major),
            None => Self::first_of(candidates(), major),
        }
    }

    /// The binaries in `folder`, if they are all there.
    pub(crate) fn in_folder(folder: &Path) -> Option<Binaries> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let major = major_version(&folder.join("postgres"))?;
        // Children run elsewhere, so a relative folder would be lost on them.
        Some(Binaries { folder: folder.canonicalize().ok()?, major })
    }

    /// The path of one program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The release, such as 15.
    pub(crate) fn major(&self) -> u32 {
        self.major
    }

    /// Whether a library such as `pg_stat_statements` can be preloaded.
    pub(crate) fn has_library(&self, name: &str) -> bool {
        let reported = output_of(Command::new(self.program("pg_config")).arg("--pkglibdir"));
        // The binaries found may be links into the release's own folder, and the libraries lie beside that one.
        let server = self.program("postgres").canonicalize().unwrap_or_default();
        let folder = server.parent().unwrap_or(&self.folder);
        let relative = ["../lib", "../lib/postgresql"].map(|libraries| folder.join(libraries));
        let folders = reported.map(PathBuf::from).into_iter().chain(relative);
        folders.into_iter().any(|folder| {
            ["so", "dylib"].iter().any(|suffix| folder.join(format!("{name}.{suffix}")).is_file())
        })
    }

    /// The binaries in `folder`, or why they will not do; `major` as in [`Binaries::locate`].
    pub(crate) fn explicit(folder: &Path, major: Option<u32>) -> Result<Binaries, Error> {
        let refused = |reason: String| Error::BinariesRefused { folder: folder.to_owned(), reason };
        let found =
            Self::in_folder(folder).ok_or_else(|| refused("which holds no Postgres server".to_owned()))?;
        if !suits(&found, major) {
            return Err(refused(format!("which holds release {}, not {}", found.major, wanted(major))));
        }
        Ok(found)
    }

    fn first_of(folders: Vec<PathBuf>, major: Option<u32>) -> Result<Binaries, Error> {
        let mut unsuitable = None;
        for folder in folders {
            match Self::in_folder(&folder) {
                Some(found) if suits(&found, major) => return Ok(found),
                Some(found) => unsuitable = Some(found),
                None => {}
            }
        }
        let found = unsuitable
            .map(|other| format!(" (only release {} in {})", other.major, other.folder.display()))
            .unwrap_or_default();
        Err(Error::BinariesMissing { wanted: wanted(major), found })
    }
}

fn suits(found: &Binaries, major: Option<u32>) -> bool {
    major.map_or(found.major >= OLDEST, |major| found.major == major)
}

fn wanted(major: Option<u32>) -> String {
    major.map_or_else(
        || format!("{OLDEST} or newer"),
        |major| format!("{major} (the release that wrote the data folder)"),
    )
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    folders.extend(output_of(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
    folders.extend(USUAL_FOLDERS.iter().flat_map(|pattern| expand(pattern)));
    folders
}

/// The folders that a pattern with at most one `*` names, highest number first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let names = fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut releases: Vec<(u32, PathBuf)> = names
        .filter_map(|name| {
            let version = name.to_str()?.strip_prefix(prefix)?;
            let folder = format!("{parent}/{prefix}{version}{after}");
            Some((leading_number(version.trim_start_matches('@')).unwrap_or(0), PathBuf::from(folder)))
        })
        .collect();
    releases.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    releases.into_iter().map(|(_, folder)| folder).collect()
}

/// Reads the release from `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major_version(postgres: &Path) -> Option<u32> {
    let answer = output_of(Command::new(postgres).arg("--version"))?;
    leading_number(answer.split_once("(PostgreSQL)")?.1.trim_start())
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, os::unix::fs::PermissionsExt};

    use super::{Binaries, Error, Path, PathBuf, expand, fs};

    /// A folder whose `postgres` claims to be of a release.
    fn pretend(parent: &Path, release: &str) -> PathBuf {
        let folder = parent.join(release);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("initdb"), "").unwrap();
        let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {release} (Test)'\n");
        fs::write(folder.join("postgres"), script).unwrap();
        fs::set_permissions(folder.join("postgres"), fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    #[test]
    fn the_first_folder_that_is_new_enough_wins() {
        let machine = tempfile::tempdir().unwrap();
        let folders = vec![
            machine.path().join("nothing"),
            pretend(machine.path(), "13.2"),
            pretend(machine.path(), "16.4"),
            pretend(machine.path(), "17.0"),
        ];
        assert_eq!(Binaries::first_of(folders.clone(), None).unwrap().major(), 16);
        assert_eq!(
            Binaries::first_of(folders, Some(17)).unwrap().major(),
            17,
            "existing files choose the release"
        );
    }

    #[test]
    fn only_old_binaries_are_named_in_the_refusal() {
        let machine = tempfile::tempdir().unwrap();
        let refusal = Binaries::first_of(vec![pretend(machine.path(), "13.2")], None).unwrap_err();
        let sentence = refusal.to_string();
        assert!(sentence.contains("15 or newer") && sentence.contains("only release 13"), "{sentence}");
        assert!(sentence.contains("apt-get install postgresql"), "{sentence}");
        assert!(refusal.source().is_none());
    }

    #[test]
    fn an_explicit_folder_is_never_replaced_by_another() {
        let machine = tempfile::tempdir().unwrap();
        let empty = Binaries::explicit(machine.path(), None).unwrap_err();
        assert!(matches!(empty, Error::BinariesRefused { .. }), "{empty}");
        let old = Binaries::explicit(&pretend(machine.path(), "14.1"), None).unwrap_err();
        assert!(old.to_string().contains("holds release 14"), "{old}");
    }

    #[test]
    fn a_pattern_lists_the_newest_release_first() {
        let machine = tempfile::tempdir().unwrap();
        for release in ["9", "16", "15"] {
            fs::create_dir_all(machine.path().join(format!("pg-{release}/bin"))).unwrap();
        }
        let pattern = format!("{}/pg-*/bin", machine.path().display());
        let found: Vec<_> = expand(&pattern)
            .iter()
            .map(|folder| folder.strip_prefix(machine.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(found, ["pg-16/bin", "pg-15/bin", "pg-9/bin"]);
    }
}
