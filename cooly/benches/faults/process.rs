//! One role of Cooly as a process of its own, to be killed, frozen, stopped and started again.

use anyhow::{Context as _, Result, bail, ensure};
use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longest that a process may take to be ready, or to end once it was asked to.
const PATIENCE: Duration = Duration::from_secs(90);

/// The signal with which a process ends at its point.
const SIGABRT: i32 = 6;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Api,
    Projector,
    Worker,
}

impl Role {
    /// The subcommand.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Api => "api",
            Role::Projector => "projector",
            Role::Worker => "worker",
        }
    }
}

/// How a process is started, the same each time.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub role: Role,
    pub program: PathBuf,
    pub environment: Vec<(String, String)>,
    pub log: PathBuf,
}

/// A process and where it answers. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    recipe: Recipe,
    port: u16,
    child: Child,
    /// The point at which it dies, and at which passing.
    point: Option<String>,
}

impl Process {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(recipe: Recipe) -> Result<Process> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let child = spawn(&recipe, port, None)?;
        let mut process = Process { recipe, port, child, point: None };
        process.ready().await?;
        Ok(process)
    }

    pub(crate) fn role(&self) -> Role {
        self.recipe.role
    }

    /// The program that it runs.
    pub(crate) fn program(&self) -> &PathBuf {
        &self.recipe.program
    }

    /// Where it answers; of a worker and a projector only health and metrics.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it as the kernel does when memory is short.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it once more, on the same port.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.recipe, self.port, self.point.as_deref())?;
        self.ready().await
    }

    /// Has it die at this point, or at none, from its next start on.
    pub(crate) fn die_at(&mut self, point: Option<String>) {
        self.point = point;
    }

    /// Whether it has a point at which it dies.
    pub(crate) fn is_to_die(&self) -> bool {
        self.point.is_some()
    }

    /// Whether it has died at its point; any other end is an error.
    pub(crate) fn has_died(&mut self) -> Result<bool> {
        let Some(status) = self.child.try_wait()? else { return Ok(false) };
        ensure!(self.died_there(status), "{} ended with {status}; see {}", self.name(), self.log());
        Ok(true)
    }

    fn died_there(&self, status: ExitStatus) -> bool {
        self.is_to_die() && status.signal() == Some(SIGABRT)
    }

    /// Stops its time, until [`Process::wake`].
    pub(crate) fn freeze(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// Lets its time go on.
    pub(crate) fn wake(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.signal("TERM")?;
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "{} ended with {status}; see {}", self.name(), self.log());
                return Ok(());
            }
            ensure!(Instant::now() < until, "{} does not end; see {}", self.name(), self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ready(&mut self) -> Result<()> {
        let (client, url) = (reqwest::Client::new(), format!("{}/health/ready", self.url()));
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                // It has found something to do before it was asked.
                if self.died_there(status) {
                    return Ok(());
                }
                bail!("{} does not start ({status}): {}", self.name(), self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("{} is not ready; see {}", self.name(), self.log())
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let sent =
            Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "{} could not be sent SIG{signal}", self.name());
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.recipe.log).unwrap_or_default();
        log.lines().last().unwrap_or_default().to_owned()
    }

    fn name(&self) -> &'static str {
        self.recipe.role.name()
    }

    fn log(&self) -> std::path::Display<'_> {
        self.recipe.log.display()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(recipe: &Recipe, port: u16, point: Option<&str>) -> Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(&recipe.log)?;
    let place = if recipe.role == Role::Api { "--listen" } else { "--observe" };
    bare(&recipe.program)
        .envs(recipe.environment.iter().cloned())
        .envs(point.map(|point| ("COOLY_FAILPOINTS", point)))
        .args([recipe.role.name(), place, &format!("127.0.0.1:{port}")])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} cannot be run", recipe.program.display()))
}

/// A program with none of this machine's settings.
pub(crate) fn bare(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        if name.starts_with("COOLY_") || name.starts_with("AWS_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}
