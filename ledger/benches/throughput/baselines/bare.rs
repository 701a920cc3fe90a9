//! Baseline (a): `pgbench` itself with a prepared single-row insert, the least that Postgres can durably do.

use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// The table that pgbench inserts into.
pub(crate) const SCHEMA: &str = r"
create table bare (id bigint generated always as identity primary key, account int, amount int)";

const SCRIPT: &[u8] =
    b"\\set account random(1, 10000)\ninsert into bare (account, amount) values (:account, 4);\n";

/// Inserts for so many whole seconds; returns how many a second, counted from when all clients are connected.
pub(crate) async fn run(url: &str, clients: usize, seconds: u64) -> Result<f64> {
    let mut script = tempfile::NamedTempFile::new()?;
    script.write_all(SCRIPT)?;
    let program = find()
        .context("pgbench was not found; it comes with the Postgres server, or set PGBENCH to its path")?;
    let output = Command::new(program)
        .args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string(), "-T", &seconds.to_string()])
        .arg("-f")
        .arg(script.path())
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .await?;
    if !output.status.success() {
        bail!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line =
        text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench printed no rate")?;
    Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let releases = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(releases.map(|release| release.path().join("bin")));
    let found = folders.into_iter().map(|folder| folder.join("pgbench")).find(|path| path.is_file());
    std::env::var_os("PGBENCH").map(PathBuf::from).or(found)
}
