//! The folder of one private server, and the small files around its cluster.
//!
//! `lock` (held while a process serves the folder), `password` (0600), `port` (the last one used),
//! `server.log`, `cluster/` (Postgres' own files) and, for root under a private home, `location`.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{connection::Address, owner::Owner, place};
use crate::error::{Doing, Error};

/// A server log larger than this starts afresh.
const LOG_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// How often a folder that is in use is tried again, and after what pause.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A data folder that this process alone serves.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    owner: Owner,
    // Locks end with the process, however it ends.
    _locks: Vec<File>,
}

impl Home {
    /// Takes the folder for this process, or says that another has it.
    pub(crate) fn open(data_dir: &Path) -> Result<Home, Error> {
        fs::create_dir_all(data_dir).doing(|| format!("creating {}", data_dir.display()))?;
        let data_dir = data_dir.canonicalize().doing(|| format!("resolving {}", data_dir.display()))?;
        let mut locks = vec![lock_patiently(&data_dir)?];
        let existing = place::remembered(&data_dir).unwrap_or_else(|| data_dir.clone());
        let owner = Owner::choose(&existing.join("cluster"))?;
        let folder = place::reachable(&data_dir, owner)?;
        if folder != data_dir {
            // A copied data folder points at the same stand-in: only one of them may serve it.
            locks.push(lock_patiently(&folder)?);
        }
        Ok(Home { folder, owner, _locks: locks })
    }

    /// Who runs the server.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Postgres' own files.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.folder.join("cluster")
    }

    /// What the server says.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Opens the log for a new server process.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        let full = fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT_BYTES);
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600);
        if full {
            options.write(true).truncate(true)
        } else {
            options.append(true)
        };
        options.open(&path).doing(|| format!("opening {}", path.display()))
    }

    /// The superuser's password, made at the first start.
    pub(crate) fn password(&self) -> Result<String, Error> {
        password(&self.folder.join("password"))
    }

    /// The port to listen on: the one asked for, else the last one, else any free one.
    pub(crate) fn port(&self, asked: Option<u16>) -> Result<u16, Error> {
        let port = match (asked, self.last_port()) {
            (Some(port), _) if is_free(port) => port,
            (Some(port), _) => return Err(Error::PortInUse { port }),
            (None, Some(port)) if is_free(port) => port,
            (None, _) => free_port()?,
        };
        let path = self.folder.join("port");
        fs::write(&path, port.to_string()).doing(|| format!("writing {}", path.display()))?;
        Ok(port)
    }

    fn last_port(&self) -> Option<u16> {
        fs::read_to_string(self.folder.join("port")).ok()?.trim().parse().ok()
    }
}

/// Where the server listens that another process runs on this folder at this moment; `None` if none does.
pub(crate) fn running(data_dir: &Path) -> Result<Option<Address>, Error> {
    let Ok(data_dir) = data_dir.canonicalize() else { return Ok(None) };
    match lock(&data_dir) {
        Ok(_) => return Ok(None),
        Err(Error::InUse { .. }) => {}
        Err(error) => return Err(error),
    }
    let folder = place::remembered(&data_dir).unwrap_or(data_dir);
    let read = |file: &str| {
        let path = folder.join(file);
        fs::read_to_string(&path).doing(|| format!("reading {}", path.display()))
    };
    let Ok(port) = read("port")?.trim().parse() else { return Err(Error::InUse { folder }) };
    Ok(Some(Address::new(port, read("password")?)))
}

/// Reads the password kept in a file, or makes one up and keeps it there.
pub(crate) fn password(path: &Path) -> Result<String, Error> {
    match fs::read_to_string(path) {
        Ok(password) if !password.is_empty() => Ok(password),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).doing(|| format!("reading {}", path.display()))
        }
        _ => {
            let password = format!("{:032x}", rand::random::<u128>());
            write_secret(path, &password)?;
            Ok(password)
        }
    }
}

/// Writes a file that only its owner may read.
pub(crate) fn write_secret(path: &Path, secret: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(secret.as_bytes()))
        .doing(|| format!("writing {}", path.display()))
}

/// A port of the loopback address that nobody uses at this moment.
pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.doing(|| "looking for a free port".to_owned())?.port())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A lock that was just let go can stay taken for a moment: a process that another thread is starting holds all
/// open files until its own program runs.
fn lock_patiently(folder: &Path) -> Result<File, Error> {
    for _ in 0..LOCK_TRIES {
        match lock(folder) {
            Err(Error::InUse { .. }) => thread::sleep(LOCK_PAUSE),
            answer => return answer,
        }
    }
    lock(folder)
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    let file = file.doing(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(error).doing(|| format!("locking {}", path.display())),
    }
}
