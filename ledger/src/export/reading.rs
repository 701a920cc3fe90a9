//! One export from its snapshot to its last byte.
//!
//! Order matters: first the mark, then the snapshot. Whatever has a position up to the mark is visible in a
//! snapshot that is taken afterwards, and what is appended meanwhile lies beyond the mark, so the file is the log
//! as it was at one moment. Dropping the export closes its connection and with it the snapshot.

use super::encoder::{Encode, Format};
use super::error::ExportError;
use super::event::{StoredEvent, stored_columns};
use super::manifest::{Manifest, Tally};
use super::seals::{self, StoredSeal};
use super::selection::{Bound, Dataset, Selection};
use super::{csv, ndjson, parquet};
use crate::ids::Position;
use crate::mark;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// Events of one page: what is in memory at a time.
pub const PAGE_ROWS: usize = 500;

/// How long a writer may hold up the mark.
const PATIENCE: Duration = Duration::from_secs(5);

/// Events of the whole log after one position and up to another, in order.
pub(crate) const LOG_PAGE: &str = concat!(
    "select ",
    stored_columns!(),
    " from events where position > $1 and position <= $2 order by position limit $3"
);

/// Whether anything ever happened to an account.
pub(crate) const HAS_EVENTS: &str = "select 1 from events where account_id = $1 limit 1";

/// Events of one account in the order of its primary key, after one of them. The range is a filter: an account is
/// read to its end anyway.
pub(crate) const ACCOUNT_PAGE: &str = concat!(
    "select ",
    stored_columns!(),
    " from events where account_id = $1 and (stream_id, version) > ($2, $3) and position > $4 and position <= $5 \
     order by stream_id, version limit $6"
);

/// The positions between which everything recorded in a time lies. `offset 0` keeps the planner from walking the
/// whole log by position in search of the first one: the index on time finds the blocks.
pub(crate) const WITHIN: &str = r"
select min(position), max(position)
from (
    select position from events
    where recorded_at >= coalesce($1::timestamptz, '-infinity')
        and recorded_at < coalesce($2::timestamptz, 'infinity')
    offset 0
) recorded";

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// See the module.
pub struct Export {
    client: Client,
    selection: Selection,
    encoder: Box<dyn Encode>,
    range: Range,
    phase: Phase,
    tally: Tally,
    manifest: Option<Manifest>,
}

/// What is read, after one position and up to another.
#[derive(Debug, Clone, Copy)]
struct Range {
    after: i64,
    last: i64,
}

/// What is done next.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Turn instants into positions.
    Bounds,
    /// Read the whole log, after this position.
    Log { after: i64 },
    /// Read the account, after this event.
    Account { stream: Uuid, version: i64 },
    /// Read seals, after this number.
    Seals { after: i64 },
    /// End the file.
    Finish,
    /// The file is whole.
    Done,
    /// Something went wrong, or somebody stopped waiting in the middle.
    Broken,
}

impl Export {
    /// Begins an export on a connection of its own; see [`crate::Role::Exporter`].
    pub async fn open(client: Client, selection: Selection, format: Format) -> Result<Export, ExportError> {
        let mark = mark::settled(&client, PATIENCE).await?.ok_or(ExportError::Unsettled)?;
        client.batch_execute("begin isolation level repeatable read read only").await?;
        if let Some(account) = &selection.account {
            let found = client.query_typed(HAS_EVENTS, &[(&account.0, Type::UUID)]).await?;
            found.first().ok_or(ExportError::NoAccount)?;
        }
        let since = selection.since.and_then(Bound::position).unwrap_or(Position(1));
        let until =
            selection.until.and_then(Bound::position).map_or(mark.0, |until| until.0.saturating_sub(1));
        Ok(Export {
            client,
            encoder: encoder(format, selection.dataset)?,
            range: Range { after: since.0.saturating_sub(1), last: until.min(mark.0) },
            phase: Phase::Bounds,
            tally: Tally::default(),
            manifest: None,
            selection,
        })
    }

    /// The next piece of the file; `None` once it is whole.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, ExportError> {
        let mut out = Vec::new();
        while out.is_empty() {
            // Stays so if a step fails or is given up in the middle.
            let phase = std::mem::replace(&mut self.phase, Phase::Broken);
            self.phase = match phase {
                Phase::Bounds => self.bound().await?,
                Phase::Log { after } => self.log(after, &mut out).await?,
                Phase::Account { stream, version } => self.account(stream, version, &mut out).await?,
                Phase::Seals { after } => self.seals(after, &mut out).await?,
                Phase::Finish => self.finish(&mut out).await?,
                Phase::Done => return Ok(self.done()),
                Phase::Broken => return Err(ExportError::Broken),
            };
        }
        self.tally.chunk(&out);
        Ok(Some(out.into()))
    }

    /// What the file says of itself, with its hash; `None` until it is whole.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Events read so far.
    pub fn events(&self) -> u64 {
        self.tally.events
    }

    /// Up to where the log is exported.
    pub fn last(&self) -> Position {
        Position(self.range.last)
    }

    /// How far it is, in positions, and how many there are. Nobody knows the latter of an account.
    pub fn progress(&self) -> Option<(u64, u64)> {
        let Phase::Log { after } = self.phase else { return None };
        let total = self.range.last.saturating_sub(self.range.after);
        let left = self.range.last.saturating_sub(after);
        Some((total.saturating_sub(left).try_into().ok()?, total.try_into().ok()?))
    }

    /// Narrows the range to what was recorded in the time that was asked for.
    async fn bound(&mut self) -> Result<Phase, ExportError> {
        let (since, until) = self.times();
        if (since.is_some() || until.is_some()) && self.selection.account.is_none() {
            let parameters: [Parameter<'_>; 2] = [(&since, Type::TIMESTAMPTZ), (&until, Type::TIMESTAMPTZ)];
            let row = self.client.query_typed(WITHIN, &parameters).await?.remove(0);
            let (first, last): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            self.range.after = self.range.after.max(first.map_or(self.range.last, |first| first - 1));
            self.range.last = self.range.last.min(last.unwrap_or(self.range.last));
        }
        Ok(match (self.selection.dataset, self.selection.account) {
            (Dataset::Seals, None) => Phase::Seals { after: 0 },
            (_, Some(_)) => Phase::Account { stream: Uuid::nil(), version: 0 },
            (Dataset::Events, None) => Phase::Log { after: self.range.after },
        })
    }

    async fn log(&mut self, after: i64, out: &mut Vec<u8>) -> Result<Phase, ExportError> {
        let limit = PAGE_ROWS as i64;
        let parameters: [Parameter<'_>; 3] =
            [(&after, Type::INT8), (&self.range.last, Type::INT8), (&limit, Type::INT8)];
        let rows = self.client.query_typed(LOG_PAGE, &parameters).await?;
        let last = self.take(&rows, out)?;
        Ok(last.map_or_else(|| self.after_events(), |event| Phase::Log { after: event.position }))
    }

    async fn account(&mut self, stream: Uuid, version: i64, out: &mut Vec<u8>) -> Result<Phase, ExportError> {
        let account = self.selection.account.map(|account| account.0);
        let limit = PAGE_ROWS as i64;
        let parameters: [Parameter<'_>; 6] = [
            (&account, Type::UUID),
            (&stream, Type::UUID),
            (&version, Type::INT8),
            (&self.range.after, Type::INT8),
            (&self.range.last, Type::INT8),
            (&limit, Type::INT8),
        ];
        let rows = self.client.query_typed(ACCOUNT_PAGE, &parameters).await?;
        let last = self.take(&rows, out)?;
        let next = last.map(|event| Phase::Account { stream: event.stream_id, version: event.version });
        Ok(next.unwrap_or_else(|| self.after_events()))
    }

    /// Writes a page and returns its last event if there may be more.
    fn take<'a>(
        &mut self,
        rows: &'a [Row],
        out: &mut Vec<u8>,
    ) -> Result<Option<StoredEvent<'a>>, ExportError> {
        let (since, until) = self.times();
        let is_asked =
            |at: DateTime<Utc>| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until);
        let mut page = rows.iter().map(StoredEvent::of).collect::<Result<Vec<_>, _>>()?;
        let last = rows.last().filter(|_| rows.len() == PAGE_ROWS).map(StoredEvent::of).transpose()?;
        // Positions follow the clock closely and not strictly.
        page.retain(|event| is_asked(event.recorded_at));
        page.iter().for_each(|event| self.tally.cover(event.position));
        if self.selection.dataset == Dataset::Events && !page.is_empty() {
            page.iter().for_each(|event| self.tally.event(event.hash));
            self.encoder.events(&page, out)?;
        }
        Ok(last)
    }

    fn after_events(&self) -> Phase {
        let has_seals = self.encoder.is_mixed() || self.selection.dataset == Dataset::Seals;
        if has_seals { Phase::Seals { after: 0 } } else { Phase::Finish }
    }

    async fn seals(&mut self, after: i64, out: &mut Vec<u8>) -> Result<Phase, ExportError> {
        let Some((first, last)) = self.sealed() else { return Ok(Phase::Finish) };
        if after == 0 && !seals::exist(&self.client).await? {
            return Ok(Phase::Finish);
        }
        let rows = seals::page(&self.client, after, first, last).await?;
        let page = rows.iter().map(StoredSeal::of).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = page.last() else { return Ok(Phase::Finish) };
        self.tally.seals += page.len() as u64;
        self.encoder.seals(&page, out)?;
        Ok(Phase::Seals { after: last.number })
    }

    async fn finish(&mut self, out: &mut Vec<u8>) -> Result<Phase, ExportError> {
        self.client.batch_execute("commit").await?;
        self.encoder.finish(&self.describe(), out)?;
        Ok(Phase::Done)
    }

    fn done(&mut self) -> Option<Bytes> {
        self.phase = Phase::Done;
        self.manifest = Some(self.describe());
        None
    }

    fn describe(&self) -> Manifest {
        let continue_from = match self.selection.until {
            Some(Bound::Instant(_)) => None,
            Some(Bound::Position(_)) | None => Some(self.range.last.max(self.range.after) + 1),
        };
        self.tally.manifest(&self.selection, continue_from)
    }

    /// The positions whose seals are wanted. Of the whole log that is the range itself: nobody reads its events
    /// for the sake of its seals.
    fn sealed(&self) -> Option<(i64, i64)> {
        let is_whole_log = self.selection.account.is_none() && self.selection.dataset == Dataset::Seals;
        let range = Some((self.range.after + 1, self.range.last)).filter(|(first, last)| first <= last);
        if is_whole_log { range } else { self.tally.covered() }
    }

    fn times(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.selection.since.and_then(Bound::instant), self.selection.until.and_then(Bound::instant))
    }
}

/// A writer of one file.
fn encoder(format: Format, dataset: Dataset) -> Result<Box<dyn Encode>, ExportError> {
    Ok(match format {
        Format::Ndjson => Box::new(ndjson::Ndjson),
        Format::Csv => Box::new(csv::Csv::new(dataset)),
        Format::Parquet => Box::new(parquet::Parquet::new(dataset)?),
    })
}
