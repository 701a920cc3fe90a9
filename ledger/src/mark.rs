//! The safe mark: up to which position the log can be read without missing an event.
//!
//! Positions are drawn before commit, so a newer one can be visible while an older one is not. A writer holds
//! a lock on the log from before it draws a position until after its rows can be seen. So: read the newest
//! position *h*, then list the writers *S*; once all of *S* have gone, everything up to *h* is visible or
//! will never be. The mark is the newest such *h*. It costs writers nothing, and a transaction that writes
//! elsewhere does not hold it up.

use crate::database::{Database, Role};
use crate::error::Error;
use crate::ids::Position;
use crate::store::mark::{MarkReader, newest, refuse_standby, writers};

pub use crate::store::mark::Writers;

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// Most observations that wait for their writers at once.
const MOST_PENDING: usize = 32;
const BUSY_POLL: Duration = Duration::from_millis(5);
const IDLE_POLL: Duration = Duration::from_millis(100);
const LONGEST_OBSERVATION: Duration = Duration::from_secs(5);
const LONGEST_RECONNECT: Duration = Duration::from_secs(2);

/// Works out the mark from observations. Pure: whoever makes the observations feeds them in, in order.
#[derive(Debug, Default)]
pub struct SafeMark {
    mark: Position,
    pending: VecDeque<(Position, Writers)>,
}

impl SafeMark {
    /// Takes one observation, the writers read after the newest position, and returns the mark.
    pub fn observe(&mut self, newest: Position, writers: Writers) -> Position {
        for (_, waiting) in &mut self.pending {
            waiting.retain(|writer| writers.contains(writer));
        }
        self.pending.push_back((newest, writers));
        if let Some(settled) = self.pending.iter().rposition(|(_, waiting)| waiting.is_empty()) {
            self.mark = self.mark.max(self.pending[settled].0);
            self.pending.drain(..=settled);
        }
        if self.pending.len() > MOST_PENDING {
            // Keep the oldest, which settles first, and the newest, which settles most.
            self.pending.remove(MOST_PENDING - 1);
        }
        self.mark
    }

    /// Whether an observation still waits for its writers.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Keeps the mark up to date for everybody in this process. Cheap to clone; ends with `shutdown`.
#[derive(Clone)]
pub struct MarkWatcher {
    mark: watch::Receiver<Position>,
}

impl MarkWatcher {
    /// Starts watching. `hint` changes when this process appended something; without it the log is polled
    /// every 5 ms while it grows and every 100 ms while it rests.
    pub fn spawn(
        database: &Database,
        hint: watch::Receiver<Position>,
        shutdown: CancellationToken,
    ) -> MarkWatcher {
        let (publish, mark) = watch::channel(Position::START);
        let task = Watch { database: database.clone(), hint, publish, safe: SafeMark::default() };
        tokio::spawn(task.run(shutdown));
        MarkWatcher { mark }
    }

    /// The newest position that is safe to read up to.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.mark.clone()
    }
}

/// The mark as it is now, for somebody who reads once: everything that was appended before the call lies up to it.
/// `None` if a writer does not end in time.
pub async fn settled(client: &Client, patience: Duration) -> Result<Option<Position>, Error> {
    refuse_standby(client).await?;
    let newest = newest(client).await?;
    let mut waiting = writers(client).await?;
    let patience = Instant::now() + patience;
    while !waiting.is_empty() {
        if Instant::now() >= patience {
            return Ok(None);
        }
        tokio::time::sleep(BUSY_POLL).await;
        let writing = writers(client).await?;
        waiting.retain(|writer| writing.contains(writer));
    }
    Ok(Some(newest))
}

struct Watch {
    database: Database,
    hint: watch::Receiver<Position>,
    publish: watch::Sender<Position>,
    safe: SafeMark,
}

impl Watch {
    async fn run(mut self, shutdown: CancellationToken) {
        let mut pause = Duration::from_millis(20);
        while !shutdown.is_cancelled() {
            let ended = tokio::select! {
                () = shutdown.cancelled() => return,
                ended = self.watch(&mut pause) => ended,
            };
            if let Err(error) = ended {
                tracing::warn!(error = %crate::error::chain(&error), "the mark waits for the database");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_RECONNECT);
        }
    }

    /// Watches on one connection until it fails.
    async fn watch(&mut self, reconnect_pause: &mut Duration) -> Result<(), Error> {
        let reader = MarkReader::new(self.database.connect(Role::Reader).await?).await?;
        *reconnect_pause = Duration::from_millis(20);
        // The mark of a new connection starts over: what it may say of older transactions is not known.
        self.safe.pending.clear();
        let mut poll = BUSY_POLL;
        loop {
            let observed = tokio::time::timeout(LONGEST_OBSERVATION, reader.observe());
            let (newest, writers) = observed.await.map_err(|_| Error::Unavailable)??;
            let mark = self.safe.observe(newest, writers);
            let moved = self.publish.send_if_modified(|published| {
                let moved = mark > *published;
                *published = mark.max(*published);
                moved
            });
            let busy = moved || self.safe.is_waiting();
            poll = if busy { BUSY_POLL } else { (poll * 2).min(IDLE_POLL) };
            tokio::select! {
                () = tokio::time::sleep(poll) => {}
                Ok(()) = self.hint.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, SafeMark, Writers};

    fn writers(names: &[&str]) -> Writers {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn with_nobody_writing_the_newest_position_is_safe() {
        assert_eq!(SafeMark::default().observe(Position(7), writers(&[])), Position(7));
    }

    #[test]
    fn a_position_is_not_safe_until_everyone_who_wrote_then_has_gone() {
        let mut safe = SafeMark::default();
        assert_eq!(safe.observe(Position(7), writers(&["3/1", "4/9"])), Position(0));
        assert_eq!(safe.observe(Position(8), writers(&["4/9"])), Position(0));
        assert_eq!(
            safe.observe(Position(9), writers(&["3/2"])),
            Position(8),
            "4/9 has gone, 3/2 came after 8"
        );
        assert_eq!(safe.observe(Position(9), writers(&[])), Position(9));
    }

    #[test]
    fn a_writer_that_sleeps_holds_up_only_what_came_after_it() {
        let mut safe = SafeMark::default();
        assert_eq!(safe.observe(Position(5), writers(&[])), Position(5));
        for newest in 6..200 {
            let others = format!("9/{newest}");
            assert_eq!(safe.observe(Position(newest), writers(&["1/1", &others])), Position(5));
        }
        assert!(safe.pending.len() <= super::MOST_PENDING);
        assert_eq!(safe.observe(Position(200), writers(&["9/200"])), Position(199));
    }

    #[test]
    fn the_mark_never_goes_back() {
        let mut safe = SafeMark::default();
        assert_eq!(safe.observe(Position(9), writers(&[])), Position(9));
        assert_eq!(safe.observe(Position(3), writers(&[])), Position(9));
    }
}
