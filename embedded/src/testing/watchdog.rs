//! Runs a server that cannot outlive this process.
//!
//! Statics are never dropped and a killed process runs nothing at all, so the server stands behind a shell
//! that reads from a pipe whose other end only this process holds. When the pipe closes, for whatever
//! reason, the shell ends the server and removes its files.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    process::{Child, Stdio},
};

use super::ground::Plot;
use crate::{
    error::{Doing, Error},
    postgres::{binaries::Binaries, server},
};

/// `$1` is the cluster, the rest is the command of the server. The log of a server that ended by itself is
/// kept, because it says why.
const SCRIPT: &str = r#"
cluster=$1
shift
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(cat <&3 >/dev/null; rm -f "$cluster.log"; kill -QUIT "$server") &
watcher=$!
exec 3<&-
wait "$server"
kill "$watcher"
rm -rf "$cluster" "$cluster.lock"
"#;

/// A server behind its shell.
#[derive(Debug)]
pub(super) struct Watchdog {
    // Its stdin is the pipe: it must stay open as long as the server is wanted.
    shell: Child,
    plot: Plot,
}

impl Watchdog {
    /// Starts the server; it is not ready yet.
    pub(super) fn start(
        binaries: &Binaries,
        plot: Plot,
        port: u16,
        settings: &[(String, String)],
    ) -> Result<Watchdog, Error> {
        let log = File::create(plot.log()).doing(|| format!("creating {}", plot.log().display()))?;
        let mut command = plot.owner.command("/bin/sh");
        command.args(["-c", SCRIPT, "cooly-test-postgres"]).arg(&plot.cluster);
        command.arg(binaries.program("postgres")).args(server::arguments(&plot.cluster, port, settings));
        // Ctrl-C must not reach the shell, or nobody would clean up.
        command.process_group(0).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let shell = command.spawn().doing(|| "running /bin/sh".to_owned())?;
        Ok(Watchdog { shell, plot })
    }

    /// Where the server's files are.
    pub(super) fn plot(&self) -> &Plot {
        &self.plot
    }

    /// Whether the server ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        // An answer that cannot be had will show as a server that never answers.
        self.shell.try_wait().is_ok_and(|status| status.is_some())
    }
}
