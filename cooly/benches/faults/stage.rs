//! The servers that the roles share, and the roles that run on them.
//!
//! Postgres is one for the whole run and waits for the disk, as in production. Each stage has a database of its own in it, a
//! queue server behind a line, a folder of outputs, and providers.

use crate::line::Line;
use crate::mocks::Mocks;
use crate::process::{Process, Recipe, Role, bare};
use crate::shelf::Shelf;
use anyhow::{Context as _, Result, ensure};
use embedded::postgres::{Postgres, PostgresOptions};
use embedded::sqs::{Sqs, SqsOptions};
use rand::RngExt;
use rand::rngs::StdRng;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// The program of this build.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cooly");

/// The server that all stages have a database in.
pub(crate) struct Ground {
    pub postgres: Postgres,
    folder: TempDir,
}

impl Ground {
    pub(crate) async fn prepare() -> Result<Ground> {
        // The user that Postgres runs as must be able to enter.
        let open = std::fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let options =
            PostgresOptions { data_dir: folder.path().join("postgres"), ..PostgresOptions::default() };
        Ok(Ground { postgres: Postgres::start(options).await?, folder })
    }

    /// Keeps its files, for whoever wants to know what went wrong.
    pub(crate) fn keep(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }

    async fn create_database(&self, name: &str) -> Result<String> {
        let client = connect(self.postgres.url()).await?;
        client.batch_execute(&format!("create database {name}")).await?;
        let (server, _) = self.postgres.url().rsplit_once('/').context("the URL ends with a database")?;
        Ok(format!("{server}/{name}"))
    }
}

/// A connection as the owner of everything.
pub(crate) async fn connect(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Where the API answers at this moment; the clones are one list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doors(Arc<Mutex<Vec<String>>>);

impl Doors {
    /// Any of them.
    pub(crate) fn any(&self, dice: &mut StdRng) -> Option<String> {
        let doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if doors.is_empty() { None } else { Some(doors[dice.random_range(0..doors.len())].clone()) }
    }

    fn set(&self, doors: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = doors;
    }
}

/// See the module.
pub(crate) struct Stage {
    pub line: Line,
    pub sqs: Sqs,
    pub mocks: Mocks,
    pub database_url: String,
    pub processes: Vec<Process>,
    pub doors: Doors,
    /// Where outputs go, if not into its folder.
    pub shelf: Option<Shelf>,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Stage {
    /// Servers without a role on them yet, on an empty database. `settings` go to every process.
    pub(crate) async fn set(ground: &Ground, name: &str, settings: &[(&str, &str)]) -> Result<Stage> {
        let folder = ground.folder.path().join(name);
        std::fs::create_dir(&folder)?;
        let database_url = ground.create_database(name).await?;
        let sqs = Sqs::start(SqsOptions::default()).await?;
        let line = Line::to(sqs.endpoint()).await?;
        let mocks = Mocks::start().await?;
        let (data, outputs) = (folder.join("data"), folder.join("outputs"));
        let own = [
            ("DATABASE_URL", database_url.as_str()),
            ("COOLY_DATA_DIR", path(&data)?),
            ("COOLY_OUTPUTS", path(&outputs)?),
            ("COOLY_SQS_ENDPOINT", line.endpoint()),
            ("COOLY_LOG", "warn"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &sqs.access_key().id),
            ("AWS_SECRET_ACCESS_KEY", &sqs.access_key().secret),
        ];
        let all = own.iter().chain(settings);
        let environment = all.map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (processes, doors) = (Vec::new(), Doors::default());
        Ok(Stage { line, sqs, mocks, database_url, processes, doors, shelf: None, folder, environment })
    }

    /// Has the outputs of processes that are started from now on put on a shelf.
    pub(crate) async fn put_up_shelf(&mut self) -> Result<()> {
        let shelf = Shelf::start().await?;
        for (name, value) in shelf.settings() {
            self.with(name, value);
        }
        self.shelf = Some(shelf);
        Ok(())
    }

    /// Sets one more setting for the processes that are started from now on.
    pub(crate) fn with(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Its files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts one process of each of these roles.
    pub(crate) async fn start(&mut self, program: &Path, roles: &[Role]) -> Result<()> {
        for &role in roles {
            let process = Process::start(self.recipe(program, role)).await?;
            self.processes.push(process);
        }
        self.note_doors();
        Ok(())
    }

    /// What starting such a process comes to, for one that is expected not to start.
    pub(crate) async fn try_start(&self, program: &Path, role: Role) -> Result<()> {
        Process::start(self.recipe(program, role)).await.map(drop)
    }

    fn recipe(&self, program: &Path, role: Role) -> Recipe {
        let log = self.folder.join(format!("{}-{}.log", role.name(), self.processes.len()));
        Recipe { role, program: program.to_owned(), environment: self.environment.clone(), log }
    }

    /// Ends one process gently, out of the way of new requests first.
    pub(crate) async fn stop(&mut self, place: usize) -> Result<()> {
        let mut leaving = self.processes.remove(place);
        self.note_doors();
        leaving.stop().await
    }

    /// Ends all processes of a program gently, one after the other.
    pub(crate) async fn stop_all_of(&mut self, program: &Path) -> Result<()> {
        while let Some(place) = self.processes.iter().position(|process| process.program() == program) {
            self.stop(place).await?;
        }
        Ok(())
    }

    /// A process of this role.
    pub(crate) fn any(&mut self, role: Role, dice: &mut StdRng) -> Result<&mut Process> {
        let of_role = self.processes.iter().enumerate().filter(|(_, process)| process.role() == role);
        let places: Vec<usize> = of_role.map(|(place, _)| place).collect();
        ensure!(!places.is_empty(), "there is no {}", role.name());
        Ok(&mut self.processes[places[dice.random_range(0..places.len())]])
    }

    fn note_doors(&self) {
        let apis = self.processes.iter().filter(|process| process.role() == Role::Api);
        self.doors.set(apis.map(Process::url).collect());
    }

    /// Runs a command of a program on the stage and returns what it printed.
    pub(crate) fn run(&self, program: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = bare(&program.to_owned());
        let output = command.envs(self.environment.iter().cloned()).args(arguments).output()?;
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        ensure!(output.status.success(), "cooly {}: {}", arguments.join(" "), String::from_utf8_lossy(&said));
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("the folder's name is no text")
}
