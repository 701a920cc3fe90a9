//! What the figures were measured on, and a refusal to measure without durability.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use std::fs;
use std::process::Command;
use tokio_postgres::Client;

/// The machine, the server and the compiler.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    /// Model of the CPU.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory, in GiB.
    pub memory_gib: f64,
    /// Version of Postgres.
    pub postgres: String,
    /// Its settings that matter for durability, then those that are not the default.
    pub settings: Vec<(String, String)>,
    /// Version of the compiler.
    pub rustc: String,
}

impl Machine {
    /// Looks at the machine and the server.
    ///
    /// # Errors
    /// When the server does not wait for the disk, or cannot be asked.
    pub async fn look(client: &Client) -> Result<Machine> {
        let mut settings = Vec::new();
        for name in ["fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"] {
            let value: String = client.query_one("select current_setting($1)", &[&name]).await?.try_get(0)?;
            ensure!(value != "off", "{name} is off on this server: its figures would mean nothing");
            settings.push((name.to_owned(), value));
        }
        settings.extend(changed(client).await?);
        Ok(Machine {
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory_gib().unwrap_or_default(),
            postgres: client.query_one("select current_setting('server_version')", &[]).await?.try_get(0)?,
            settings,
            rustc: rustc().unwrap_or_else(|| "unknown".to_owned()),
        })
    }

    /// In one sentence for a page.
    pub fn sentence(&self) -> String {
        let settings: Vec<String> =
            self.settings.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
        format!(
            "Machine: {}, {} cores, {:.0} GiB; PostgreSQL {} with {}; Rust {}.",
            self.cpu,
            self.cores,
            self.memory_gib,
            self.postgres,
            settings.join(", "),
            self.rustc,
        )
    }

    /// In two lines for a terminal.
    pub fn lines(&self) -> String {
        let settings: Vec<String> =
            self.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!(
            "{}, {} cores, {:.0} GiB; PostgreSQL {}; Rust {}\n{}\n",
            self.cpu,
            self.cores,
            self.memory_gib,
            self.postgres,
            self.rustc,
            settings.join(" "),
        )
    }
}

/// What was set by hand, apart from places, names and languages.
async fn changed(client: &Client) -> Result<Vec<(String, String)>> {
    let sql = r"
select name, current_setting(name) from pg_settings
where source in ('command line', 'configuration file', 'environment variable')
    and setting is distinct from boot_val
    and category not like 'File Locations%' and category not like 'Client Connection Defaults%'
    and category not like 'Reporting and Logging%' and category not like 'Preset Options%'
    and name not in ('listen_addresses', 'port', 'unix_socket_directories', 'fsync', 'wal_sync_method')
order by name";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn memory_gib() -> Option<f64> {
    let kib: f64 = field("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse().ok()?;
    Some(kib / (1024.0 * 1024.0))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn rustc() -> Option<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split_whitespace().nth(1)?.to_owned())
}
