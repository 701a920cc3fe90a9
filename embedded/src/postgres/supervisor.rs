//! Keeps one server process alive until it is told to stop.
//!
//! A plain thread waits on the child and starts it again when it dies; it needs no runtime, so it works the
//! same in a test that panics as in `cooly up`. The process id is only used while the thread has not
//! collected the child, so a signal can never reach a stranger that was given the same number.

use std::{
    process::Child,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::server::Server;

/// The pause before the first new attempt; doubled after each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that lived this long was healthy: the next pause is short again.
const HEALTHY_AFTER: Duration = Duration::from_secs(10);

/// How long a fast, then an immediate shutdown may take.
const FAST_LIMIT: Duration = Duration::from_secs(15);
const IMMEDIATE_LIMIT: Duration = Duration::from_secs(6);
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// A server process and the thread that watches over it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    watch: Arc<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The child, while it has not been collected.
    pid: Option<Pid>,
    /// How often it was started again.
    restarts: u64,
    stopping: bool,
    /// The thread is gone, and the last child with it.
    ended: bool,
}

impl Supervisor {
    /// Takes over a child that was started by `server`.
    pub(crate) fn start(server: Server, child: Child) -> Supervisor {
        let watch = Arc::new(Watch::default());
        watch.lock().pid = pid_of(&child);
        let watched = Arc::clone(&watch);
        thread::spawn(move || watched.run(server, child));
        Supervisor { watch }
    }

    /// The process id of the server that runs now, if one does.
    pub(crate) fn pid(&self) -> Option<Pid> {
        self.watch.lock().pid
    }

    /// How often the server had to be started again.
    pub(crate) fn restarts(&self) -> u64 {
        self.watch.lock().restarts
    }

    /// Asks connections to end and the server to stop; insists after a while.
    pub(crate) fn stop_fast(&self) {
        self.watch.stop(&[
            (Signal::INT, FAST_LIMIT),
            (Signal::QUIT, IMMEDIATE_LIMIT),
            (Signal::KILL, KILL_LIMIT),
        ]);
    }
}

impl Drop for Supervisor {
    /// Reached when a test panics or a caller forgot to stop: quick, and safe for the data.
    fn drop(&mut self) {
        self.watch.stop(&[(Signal::QUIT, IMMEDIATE_LIMIT), (Signal::KILL, KILL_LIMIT)]);
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, steps: &[(Signal, Duration)]) {
        let mut state = self.lock();
        state.stopping = true;
        self.changed.notify_all();
        for (signal, limit) in steps {
            if let Some(pid) = state.pid {
                let _ = kill_process(pid, *signal);
            }
            let waited = self.changed.wait_timeout_while(state, *limit, |state| !state.ended);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.ended {
                return;
            }
        }
    }

    fn run(&self, server: Server, first: Child) {
        let mut child = Some(first);
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            if let Some(child) = child.take() {
                self.wait_for(child);
            }
            if started.elapsed() > HEALTHY_AFTER {
                pause = FIRST_PAUSE;
            }
            if self.stopping_within(pause) {
                break;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            child = self.start_again(&server);
        }
        // Holds the lock on the folder: whoever waits for the end may want to start again at once.
        drop(server);
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Returns when the child has ended and is collected.
    fn wait_for(&self, mut child: Child) {
        if let Some(pid) = pid_of(&child) {
            // Wait without collecting: until the lock is held, `pid` must stay taken.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        }
        let mut state = self.lock();
        let status = child.wait();
        state.pid = None;
        if !state.stopping {
            let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            tracing::warn!(status, "the private Postgres ended by itself; starting it again");
        }
    }

    /// Sleeps for `pause`, unless it is time to stop.
    fn stopping_within(&self, pause: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), pause, |state| !state.stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopping
    }

    fn start_again(&self, server: &Server) -> Option<Child> {
        let mut state = self.lock();
        if state.stopping {
            return None;
        }
        match server.spawn() {
            Ok(child) => {
                state.pid = pid_of(&child);
                state.restarts += 1;
                Some(child)
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the private Postgres cannot be started"
                );
                None
            }
        }
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}
