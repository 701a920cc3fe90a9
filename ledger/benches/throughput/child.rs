//! A second process of this very program, which plays a role and talks in lines of JSON.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, Stdin};
use tokio::process::{ChildStdin, ChildStdout, Command};

const ROLE: &str = "BENCH_ROLE";
/// By the environment and not by an argument: it holds a password, and everybody can read arguments.
const URL: &str = "BENCH_URL";
const LANES: &str = "BENCH_LANES";

/// What a child does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// Takes half of a load.
    Share,
    /// Lets its memory be watched.
    Memory,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Share => "share",
            Role::Memory => "memory",
        }
    }
}

/// Where the database of a child is, and how many lanes its ledger has.
pub(crate) fn place() -> Result<(String, usize)> {
    let url = std::env::var(URL).context("a child is told where the database is")?;
    Ok((url, std::env::var(LANES)?.parse()?))
}

/// The role of this process, if it has been given one.
pub(crate) fn role() -> Result<Option<Role>> {
    match std::env::var(ROLE).ok().as_deref() {
        None => Ok(None),
        Some("share") => Ok(Some(Role::Share)),
        Some("memory") => Ok(Some(Role::Memory)),
        Some(other) => bail!("{other} is no role; {ROLE} is for the benchmark itself"),
    }
}

/// A child, as its parent sees it.
pub(crate) struct Child {
    process: tokio::process::Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts this program again in a role.
    pub(crate) fn start(role: Role, url: &str, lanes: usize) -> Result<Child> {
        let mut process = Command::new(std::env::current_exe()?)
            .env(ROLE, role.name())
            .env(URL, url)
            .env(LANES, lanes.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = process.stdin.take().context("the child has an input")?;
        let output = process.stdout.take().context("the child has an output")?;
        Ok(Child { process, input, output: BufReader::new(output).lines() })
    }

    /// Says something.
    pub(crate) async fn tell(&mut self, what: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(what)? + "\n";
        self.input.write_all(line.as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    /// What the child says next; `None` once it has said everything.
    pub(crate) async fn hear<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let line = self.output.next_line().await?;
        Ok(line.map(|line| serde_json::from_str(&line)).transpose()?)
    }

    /// Hangs up and waits for its end.
    pub(crate) async fn finish(mut self) -> Result<()> {
        drop(self.input);
        let status = self.process.wait().await?;
        ensure!(status.success(), "the second process failed: {status}");
        Ok(())
    }
}

/// The parent, as a child hears it.
pub(crate) struct Parent {
    lines: Lines<BufReader<Stdin>>,
}

impl Parent {
    /// There is one.
    pub(crate) fn new() -> Parent {
        Parent { lines: BufReader::new(tokio::io::stdin()).lines() }
    }

    /// What the parent says next; `None` once it has hung up.
    pub(crate) async fn hear<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let line = self.lines.next_line().await?;
        Ok(line.map(|line| serde_json::from_str(&line)).transpose()?)
    }

    /// Says something.
    pub(crate) fn tell(&self, what: &impl Serialize) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(what)?)?;
        Ok(out.flush()?)
    }
}
