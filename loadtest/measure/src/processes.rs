//! What the kernel knows of processes: CPU time and memory, read from `/proc`.
//!
//! CPU time for each command is what a busy neighbour on the machine cannot falsify.

use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// The kernel tells CPU time to programs in hundredths of a second, on every platform.
const TICK: Duration = Duration::from_millis(10);

struct Stat {
    parent: u32,
    /// User and system time of the process itself.
    own: u32,
    /// The same of its children that have ended and been waited for.
    ended_children: u32,
}

impl Stat {
    fn ticks(&self) -> u32 {
        self.own + self.ended_children
    }
}

/// CPU time of the calling side: this process and all processes that it started, but for the server.
///
/// # Errors
/// When there is no `/proc`.
pub fn callers_cpu(postmaster: u32) -> Result<Duration> {
    family_cpu(std::process::id(), Some(postmaster)).context("/proc is needed to measure CPU time")
}

/// CPU time of a Postgres server: the postmaster, its children, and those that have ended.
///
/// # Errors
/// When the server has ended.
pub fn server_cpu(postmaster: u32) -> Result<Duration> {
    family_cpu(postmaster, None).context("the server's process cannot be read")
}

fn family_cpu(parent: u32, except: Option<u32>) -> Result<Duration> {
    loop {
        let before = stat(&parent.to_string()).context("it has ended")?;
        let children = children(parent)?;
        let after = stat(&parent.to_string()).context("it has ended")?;
        // A child that ended in between would be in neither sum: look again.
        if before.ended_children == after.ended_children {
            let counted = children.iter().filter(|(process, _)| Some(*process) != except);
            return Ok(TICK * (after.ticks() + counted.map(|(_, stat)| stat.ticks()).sum::<u32>()));
        }
    }
}

fn children(parent: u32) -> Result<Vec<(u32, Stat)>> {
    let processes = fs::read_dir("/proc")?.flatten().filter_map(|entry| {
        let name = entry.file_name();
        Some((name.to_str()?.parse().ok()?, stat(name.to_str()?)?))
    });
    Ok(processes.filter(|(_, stat): &(u32, Stat)| stat.parent == parent).collect())
}

/// Memory of this process that is in RAM, in MiB.
///
/// # Errors
/// When there is no `/proc`.
pub fn resident_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

/// `None` for what is no process, or one no longer.
fn stat(process: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name stands in parentheses and may hold anything; fields are counted behind it, from 3.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
    Some(Stat {
        parent: number(4)?,
        own: number(14)? + number(15)?,
        ended_children: number(16)? + number(17)?,
    })
}
