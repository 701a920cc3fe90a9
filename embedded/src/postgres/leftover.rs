//! Ends a server that an earlier run left behind.
//!
//! After `kill -9` of this process its Postgres lives on. It is nobody's child, so nobody would notice its
//! death, and it runs with the settings of that run: it is shut down and a fresh one started, which takes a
//! fraction of a second. The lock on the folder proves that no living process owns it.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::Error;

/// How long each kind of request to end may take.
const FAST_LIMIT: Duration = Duration::from_secs(10);
const IMMEDIATE_LIMIT: Duration = Duration::from_secs(6);
const KILL_LIMIT: Duration = Duration::from_secs(3);

/// Stops the server of `cluster`, if one runs.
pub(crate) fn stop(cluster: &Path) -> Result<(), Error> {
    let Some(pid) = recorded(cluster).filter(|pid| serves(*pid, cluster)) else { return Ok(()) };
    tracing::warn!(pid = pid.as_raw_nonzero().get(), "stopping the Postgres that an earlier run left behind");
    let steps = [(Signal::INT, FAST_LIMIT), (Signal::QUIT, IMMEDIATE_LIMIT), (Signal::KILL, KILL_LIMIT)];
    for (signal, limit) in steps {
        if kill_process(pid, signal).is_err() || ends_within(pid, limit) {
            return Ok(());
        }
    }
    Err(Error::LeftoverStuck { pid: pid.as_raw_nonzero().get() })
}

/// The process id in `postmaster.pid`, which may be stale.
fn recorded(cluster: &Path) -> Option<Pid> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// Whether the process is the server of this very cluster: process ids are used again.
fn serves(pid: Pid, cluster: &Path) -> bool {
    let name = cluster.as_os_str().as_encoded_bytes();
    let arguments = arguments(pid);
    arguments.windows(name.len()).any(|part| part == name)
}

fn arguments(pid: Pid) -> Vec<u8> {
    let number = pid.as_raw_nonzero().to_string();
    fs::read(format!("/proc/{number}/cmdline")).unwrap_or_else(|_| {
        // Systems without /proc, such as macOS.
        let listing = Command::new("ps").args(["-ww", "-o", "command=", "-p", &number]).output();
        listing.map(|output| output.stdout).unwrap_or_default()
    })
}

/// Waits for a process that is not our child; only its absence can be observed.
fn ends_within(pid: Pid, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if test_kill_process(pid).is_err() || arguments(pid).is_empty() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}
