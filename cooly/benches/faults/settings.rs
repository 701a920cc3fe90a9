//! What to run, from the arguments.

use anyhow::{Context as _, Result, bail, ensure};
use std::path::PathBuf;

const USAGE: &str = "\
usage: faults [--seeds N] [--restarts N] [NAME…]             all faults, or those that are named
       faults upgrade --last-release PROGRAM                 the last release and this build beside each other
       faults record --last-release PROGRAM --into FILE      what the last release leaves behind, for the tests";

/// What the program is to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// It was built and run among the tests, without an argument.
    Nothing,
    Faults(Settings),
    Upgrade {
        last_release: PathBuf,
    },
    Record {
        last_release: PathBuf,
        into: PathBuf,
    },
}

/// Which faults, and how often.
#[derive(Debug)]
pub(crate) struct Settings {
    pub seeds: u64,
    pub restarts: u32,
    /// Names of rows; all of them if there is none.
    pub names: Vec<String>,
}

impl Task {
    /// Reads the arguments.
    pub(crate) fn read() -> Result<Task> {
        let given: Vec<String> = std::env::args().skip(1).collect();
        if given.is_empty() {
            return Ok(Task::Nothing);
        }
        // Cargo tells every benchmark that it is one.
        let mut arguments = given.into_iter().filter(|argument| argument != "--bench");
        let (mut settings, mut last_release, mut into) =
            (Settings { seeds: 3, restarts: 50, names: Vec::new() }, None, None);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value\n{USAGE}"));
            match argument.as_str() {
                "--seeds" => settings.seeds = value()?.parse().context("--seeds needs a number")?,
                "--restarts" => settings.restarts = value()?.parse().context("--restarts needs a number")?,
                "--last-release" => last_release = Some(PathBuf::from(value()?)),
                "--into" => into = Some(PathBuf::from(value()?)),
                other if other.starts_with('-') => bail!("{other} is not known\n{USAGE}"),
                name => settings.names.push(name.to_owned()),
            }
        }
        let is = |name: &str| settings.names.first().is_some_and(|first| first == name);
        let last_release = last_release.context("--last-release is missing");
        if is("upgrade") {
            return Ok(Task::Upgrade { last_release: last_release? });
        }
        if is("record") {
            return Ok(Task::Record {
                last_release: last_release?,
                into: into.context("--into is missing")?,
            });
        }
        ensure!(settings.seeds > 0, "there must be a seed");
        Ok(Task::Faults(settings))
    }
}
