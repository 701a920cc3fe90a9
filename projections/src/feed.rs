//! Reads the log page by page and folds each page into a batch.
//!
//! Page by page it adapts: a page that cannot be read or written because of what an event says is halved
//! until that event stands alone; then its stream is parked and the log goes on without it.

use crate::batch::{Batch, Misfit};
use crate::error::Error;
use crate::fold::{Page, fold};
use crate::known_jobs::KnownJobs;
use ledger::read::{self, Side};
use ledger::{AccountId, Position, StreamId};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};

/// Where the next event is, without reading what it says. The last parameter says whether credit events are meant
/// (`true`), those of jobs (`false`), or both (null).
pub(crate) const NEXT: &str = "select position, account_id, stream_id, version from events \
     where position > $1 and position <= $2 and ($3::boolean is null or (amount is not null) = $3) \
     order by position limit 1";

/// Reads batches and adapts their size.
pub(crate) struct Feed {
    known: KnownJobs,
    limit: usize,
    most: usize,
}

impl Feed {
    /// A feed of batches of at most `most` events.
    pub(crate) fn new(most: usize) -> Feed {
        Feed { known: KnownJobs::default(), limit: most.max(1), most: most.max(1) }
    }

    /// The next batch: events of one side with `after < position <= until`.
    pub(crate) async fn read(
        &mut self,
        client: &impl GenericClient,
        side: Side,
        after: Position,
        until: Position,
    ) -> Result<Batch, Error> {
        loop {
            match self.try_read(client, side, after, until).await {
                Err(error) if error.is_about_data() && self.limit > 1 => self.limit /= 2,
                Err(error) if error.is_about_data() => {
                    return unreadable(client, side, after, until, &error).await;
                }
                result => return result,
            }
        }
    }

    /// After a batch was written: the next may be larger.
    pub(crate) fn written(&mut self) {
        self.limit = (self.limit * 2).min(self.most);
    }

    /// After the database refused what a batch says: reads smaller ones. Returns whether the batch was a
    /// single event already.
    pub(crate) fn refused(&mut self, batch: &Batch) -> bool {
        self.limit = (batch.events / 2).max(1);
        batch.events <= 1
    }

    async fn try_read(
        &mut self,
        client: &impl GenericClient,
        side: Side,
        after: Position,
        until: Position,
    ) -> Result<Batch, Error> {
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let events = read::page(client, side, after, until, limit).await?;
        let full = events.len() >= self.limit;
        let end = match events.last() {
            Some(last) if full => last.position,
            Some(_) | None => until,
        };
        let known = self.known.before(client, &events).await?;
        let batch = fold(Page { side, after, end, full, events }, known);
        self.known.remember(&batch);
        Ok(batch)
    }
}

/// The batch of one event that says what this version cannot read.
async fn unreadable(
    client: &impl GenericClient,
    side: Side,
    after: Position,
    until: Position,
    error: &Error,
) -> Result<Batch, Error> {
    let of_credits = match side {
        Side::Both => None,
        Side::Credits => Some(true),
        Side::Jobs => Some(false),
    };
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&after.0, Type::INT8), (&until.0, Type::INT8), (&of_credits, Type::BOOL)];
    let found = client.query_typed(NEXT, &parameters).await?;
    let Some(row) = found.first() else {
        return Ok(Batch { side, after, end: until, ..Batch::default() });
    };
    let position = Position(row.try_get(0)?);
    let misfit = Misfit {
        key: (AccountId(row.try_get(1)?), StreamId(row.try_get(2)?)),
        position,
        version: row.try_get(3)?,
        expected: None,
        reason: ledger::error_chain(error),
    };
    let misfits = vec![misfit];
    Ok(Batch { side, after, end: position, events: 1, full: true, misfits, ..Batch::default() })
}
