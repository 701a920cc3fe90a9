//! The real binary as a process of its own, on a data folder of its own.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cooly");

/// A data folder that the unprivileged user of Postgres can reach too.
pub(crate) fn folder() -> TempDir {
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().permissions(open).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The binary with none of this machine's settings.
pub(crate) fn cooly() -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars() {
        if name.starts_with("COOLY_") || name == "DATABASE_URL" || name.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
}

/// A running `cooly up`. Ends gently when dropped.
pub(crate) struct Up {
    pub(crate) data_dir: PathBuf,
    pub(crate) url: String,
    child: Child,
    port: u16,
    flags: Vec<String>,
}

/// What a process is started with besides its flags.
#[derive(Clone, Copy, Default)]
struct Extras<'a> {
    /// Most file descriptors.
    descriptors: Option<u32>,
    /// The point at which it dies, and at which passing.
    point: Option<&'a str>,
}

impl Up {
    pub(crate) async fn start(data_dir: &Path, flags: &[&str]) -> Up {
        Up::start_within(data_dir, flags, None).await
    }

    /// With no more file descriptors than this.
    pub(crate) async fn start_within(data_dir: &Path, flags: &[&str], descriptors: Option<u32>) -> Up {
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        let port = free_port();
        let child = spawn(data_dir, port, &flags, Extras { descriptors, ..Extras::default() });
        let url = format!("http://127.0.0.1:{port}");
        let up = Up { data_dir: data_dir.to_owned(), url, child, port, flags };
        up.ready().await;
        up
    }

    async fn ready(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        let client = reqwest::Client::new();
        while Instant::now() < until {
            let answer = client.get(format!("{}/health/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not ready; see {}", self.data_dir.join("up.log").display());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = spawn(&self.data_dir, self.port, &self.flags, Extras::default());
        self.ready().await;
    }

    /// Starts it once more, to die at this point.
    pub(crate) async fn start_to_die_at(&mut self, point: &str) {
        let extras = Extras { point: Some(point), ..Extras::default() };
        self.child = spawn(&self.data_dir, self.port, &self.flags, extras);
        self.ready().await;
    }

    /// How it has ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// SIGTERM, and the exit status once it has ended.
    pub(crate) fn stop(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn token(&self, role: &str, sub: &str) -> String {
        token(&self.data_dir, role, sub)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.data_dir.join("up.log")).unwrap()
    }

    pub(crate) async fn grant(&self, user: &str, amount: &str) {
        let answer = reqwest::Client::new()
            .post(format!("{}/admin/accounts/{user}/grants", self.url))
            .bearer_auth(self.token("admin", "ops"))
            .json(&json!({ "amount": amount, "reason": "test" }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Value {
        let answer = reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = self.child.wait();
        }
    }
}

fn spawn(data_dir: &Path, port: u16, flags: &Vec<String>, extras: Extras<'_>) -> Child {
    std::fs::create_dir_all(data_dir).unwrap();
    let log = std::fs::OpenOptions::new().create(true).append(true).open(data_dir.join("up.log")).unwrap();
    let mut command = cooly();
    if let Some(descriptors) = extras.descriptors {
        let program = command.get_program().to_owned();
        let limited = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(limited).arg(program);
        for (name, _) in command.get_envs() {
            shell.env_remove(name);
        }
        command = shell;
    }
    command
        .envs(extras.point.map(|point| ("COOLY_FAILPOINTS", point)))
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(data_dir)
        .args(flags)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

pub(crate) fn token(data_dir: &Path, role: &str, sub: &str) -> String {
    let output =
        cooly().args(["token", "--role", role, "--sub", sub, "--data-dir"]).arg(data_dir).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn verify(data_dir: &Path) -> Output {
    cooly().args(["verify", "--data-dir"]).arg(data_dir).output().unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
