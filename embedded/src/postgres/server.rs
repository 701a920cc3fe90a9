//! Starts one `postgres` process and waits until it answers.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{binaries::Binaries, connection::Address, home::Home};
use crate::error::{Doing, Error};

/// Crash recovery of a busy log takes seconds; a minute without an answer is a fault.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often an unanswered server is asked again.
const ASK_INTERVAL: Duration = Duration::from_millis(20);

/// What a private server runs with, unless the caller says otherwise.
const DEFAULTS: [(&str, &str); 4] = [
    ("shared_buffers", "256MB"),
    ("max_connections", "200"),
    ("max_wal_size", "2GB"),
    ("log_timezone", "UTC"),
];

/// What a statement was given is kept for the next one, where the C library is glibc. It would otherwise hand the
/// memory of each large batch back to the kernel and fault it in anew, which took 6 % of the server's CPU.
const ALLOCATOR: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "33554432"), ("MALLOC_MMAP_THRESHOLD_", "33554432")];

/// The command line of a server on loopback. Later settings win over earlier ones.
pub(crate) fn arguments(cluster: &Path, port: u16, settings: &[(String, String)]) -> Vec<String> {
    // Sockets in the file system would need a folder that every client can reach.
    let fixed = [
        ("listen_addresses".to_owned(), "127.0.0.1".to_owned()),
        ("unix_socket_directories".to_owned(), String::new()),
        ("port".to_owned(), port.to_string()),
    ];
    let defaults = DEFAULTS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let pairs = defaults.iter().chain(settings).chain(&fixed);
    let mut arguments = vec!["-D".to_owned(), cluster.display().to_string()];
    arguments.extend(pairs.flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]));
    arguments
}

/// Everything needed to start the server again and again.
#[derive(Debug)]
pub(crate) struct Server {
    binaries: Binaries,
    arguments: Vec<String>,
    home: Home,
}

impl Server {
    /// Describes the server of a folder.
    pub(crate) fn new(binaries: Binaries, home: Home, port: u16, settings: &[(String, String)]) -> Server {
        let arguments = arguments(&home.cluster(), port, settings);
        Server { binaries, arguments, home }
    }

    /// What the log will say from now on.
    pub(crate) fn log(&self) -> Log {
        Log::from_here(self.home.log())
    }

    /// Starts the process; it is not ready yet.
    pub(crate) fn spawn(&self) -> Result<Child, Error> {
        let log = self.home.open_log()?;
        let program = self.binaries.program("postgres");
        let mut command: Command = self.home.owner().command(&program);
        command.args(&self.arguments).current_dir(self.home.cluster());
        for (name, value) in ALLOCATOR {
            command.env(name, value);
        }
        // Its own process group: Ctrl-C in a terminal must reach us first, so that work drains before.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.spawn().doing(|| format!("running {}", program.display()))
    }
}

/// The part of a server's log that is about one start.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    start: u64,
}

impl Log {
    /// Everything that is written after this call.
    pub(crate) fn from_here(path: PathBuf) -> Log {
        let start = fs::metadata(&path).map_or(0, |log| log.len());
        Log { path, start }
    }

    /// The newest FATAL or PANIC line.
    fn last_complaint(&self) -> Option<String> {
        let mut file = File::open(&self.path).ok()?;
        file.seek(SeekFrom::Start(self.start)).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let mut newest_first = text.lines().rev();
        let line = newest_first.find(|line| line.contains("FATAL: ") || line.contains("PANIC: "))?;
        line.split_once(": ").map(|(_, rest)| rest.trim().to_owned())
    }

    fn failure(self, otherwise: String) -> Error {
        let detail = self.last_complaint().unwrap_or(otherwise);
        Error::DidNotStart { detail, log: self.path }
    }
}

/// Waits until the server lets a client in, it ends, or time is up.
pub(crate) async fn wait_until_ready(
    address: &Address,
    log: Log,
    mut has_ended: impl FnMut() -> bool,
) -> Result<(), Error> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let answer = address.with_client("postgres", async |_| Ok(())).await;
        if has_ended() {
            return Err(log.failure("the process ended".to_owned()));
        }
        match answer {
            Ok(()) => return Ok(()),
            // A wrong password, for example: waiting would not change the answer.
            Err(error) if is_final(&error) => return Err(Error::Database(error)),
            Err(_) if Instant::now() > deadline => {
                return Err(log.failure(format!("no answer within {} s", START_LIMIT.as_secs())));
            }
            Err(_) => tokio::time::sleep(ASK_INTERVAL).await,
        }
    }
}

/// Whether the server has answered with anything but "not yet".
fn is_final(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| !code.code().starts_with("57P") && !code.code().starts_with("53"))
}
