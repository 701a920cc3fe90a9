//! One snapshot of the log, and where its borders are.

use super::interval::{Edge, Interval};
use crate::error::Error;
use crate::export::Bound;
use crate::ids::Position;
use crate::mark;
use crate::store::books;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio_postgres::Client;

/// How long a writer may hold up the mark.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of the time after an instant is searched first for the event that follows it.
const FIRST_SEARCH: TimeDelta = TimeDelta::minutes(1);

/// See [`crate::books`]. Dropping it closes its connection, and with that the snapshot.
pub struct Books {
    pub(super) client: Client,
    mark: Position,
}

/// What a bound is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Where an interval begins.
    From,
    /// Where it ends.
    To,
    /// The one moment that is looked at.
    At,
}

/// Why there are no sums.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// The log could not be read.
    #[error(transparent)]
    Ledger(#[from] Error),
    /// Somebody has been writing for so long that it is not known yet what belongs to the log.
    #[error("a transaction has been writing to the log for too long; try again when it has ended")]
    Unsettled,
    /// A position that nothing has reached.
    #[error("the log ends at position {last}")]
    Beyond {
        /// What the position was for.
        end: End,
        /// The last position there is.
        last: Position,
    },
    /// The interval ends before it begins.
    #[error("the interval ends before it begins")]
    Backwards,
}

impl From<tokio_postgres::Error> for BooksError {
    fn from(error: tokio_postgres::Error) -> BooksError {
        BooksError::Ledger(error.into())
    }
}

impl Books {
    /// Begins a snapshot on a connection of its own; see [`crate::Role::Exporter`].
    pub async fn open(client: Client) -> Result<Books, BooksError> {
        // The mark first: whatever lies up to it is in a snapshot that is taken afterwards. Twice, since an INSERT that was under way
        // at the first draws positions beyond it, and is of an instant before it.
        mark::settled(&client, PATIENCE).await?.ok_or(BooksError::Unsettled)?;
        let mark = mark::settled(&client, PATIENCE).await?.ok_or(BooksError::Unsettled)?;
        // Compiling statements of which each sums a part takes longer than running them.
        client.batch_execute("begin isolation level repeatable read read only; set local jit = off").await?;
        Ok(Books { client, mark })
    }

    /// The interval between two bounds: from the first event on if there is no `from`, up to the newest if there is no `to`.
    pub async fn interval(&self, from: Option<Bound>, to: Option<Bound>) -> Result<Interval, BooksError> {
        let (from, to) = (self.edge(End::From, from).await?, self.edge(End::To, to).await?);
        // Two instants may come to one position, and still be the wrong way round.
        let is_backwards =
            from.position > to.position || from.at.zip(to.at).is_some_and(|(from, to)| from > to);
        if is_backwards { Err(BooksError::Backwards) } else { Ok(Interval { from, to }) }
    }

    /// The border at a bound; without one, before everything where an interval begins, and after everything else.
    pub async fn edge(&self, end: End, bound: Option<Bound>) -> Result<Edge, BooksError> {
        let first = Position::START.next();
        let at = |position| Edge { position, at: None };
        match bound {
            None if end == End::From => Ok(at(first)),
            None => Ok(at(self.mark.next())),
            Some(Bound::Position(position)) if position > self.mark.next() => {
                Err(BooksError::Beyond { end, last: self.mark })
            }
            Some(Bound::Position(position)) => Ok(at(position.max(first))),
            Some(Bound::Instant(instant)) => {
                Ok(Edge { position: self.first_at(instant).await?, at: Some(instant) })
            }
        }
    }

    /// The first event that was recorded at that instant or later. The time after it is searched in growing parts, so that
    /// no more is read than the gap is long; an instant before the log needs no search.
    async fn first_at(&self, at: DateTime<Utc>) -> Result<Position, BooksError> {
        let began = books::began(&self.client).await?;
        if began.is_none_or(|began| at <= began) {
            return Ok(Position::START.next());
        }
        let newest = books::recorded_before(&self.client, self.mark.next()).await?.unwrap_or(at);
        let (mut since, mut width) = (at, FIRST_SEARCH);
        // Positions follow the clock closely and not strictly, so the search goes on past the newest by its width.
        while since <= newest + FIRST_SEARCH {
            let until = since + width;
            if let Some(found) = books::first_within(&self.client, since, until).await? {
                return Ok(found.min(self.mark.next()));
            }
            (since, width) = (until, width * 2);
        }
        Ok(self.mark.next())
    }
}
