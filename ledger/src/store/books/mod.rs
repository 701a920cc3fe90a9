//! Sums over the whole log: what all accounts state at some positions, and what moved between two of them.
//!
//! Each statement reads a page of accounts or of positions, so that none runs long and whoever asks can stop between two.

use crate::error::Error;
use crate::ids::Position;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// Accounts that one statement sums.
const PAGE_ACCOUNTS: i64 = 5_000;

/// Positions that one statement sums.
const PAGE_POSITIONS: i64 = 100_000;

/// What the accounts of a page had, free and held, before each of the positions `$2`.
pub(crate) const HOLDINGS: &str = concat!(include_str!("accounts.sql"), include_str!("holdings.sql"));

/// The lots of which that consists, before one position: by source, and by age in days at `$4`, counted from `$5`.
pub(crate) const LOTS: &str = concat!(include_str!("accounts.sql"), include_str!("lots.sql"));

/// What moved from one position on and before another: by type, source of a grant, and direction.
pub(crate) const MOVED: &str = r"
select type, case type when 'credits.granted' then coalesce(payload ->> 'source', 'other') end as source,
    amount < 0 as is_down, count(*), coalesce(sum(amount), 0),
    coalesce(sum(case type when 'credits.captured' then (payload ->> 'amount')::numeric end), 0)
from events
where position >= $1 and position < $2 and amount is not null
group by 1, 2, 3";

/// What was burned, refunded and expired in a range of positions, by day and source.
pub(crate) const RECOGNISED: &str = include_str!("recognised.sql");

/// The lowest position that was recorded in a time. `offset 0` keeps the planner from walking the log by position.
pub(crate) const FIRST_WITHIN: &str = r"
select min(position)
from (select position from events where recorded_at >= $1 and recorded_at < $2 offset 0) recorded";

/// When the first event was recorded.
pub(crate) const BEGAN: &str = "select recorded_at from events order by position limit 1";

/// When the last event before a position was recorded.
pub(crate) const RECORDED_BEFORE: &str =
    "select recorded_at from events where position < $1 order by position desc limit 1";

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// What all accounts had together before a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stated {
    pub available: Decimal,
    pub held: Decimal,
}

/// A sum of events of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    pub kind: String,
    /// Of grants alone.
    pub source: Option<String>,
    pub is_down: bool,
    pub events: i64,
    pub amount: Decimal,
    /// What captures spent.
    pub captured: Decimal,
}

/// A sum of lots.
#[derive(Debug, Clone)]
pub(crate) struct AgedLots {
    pub source: String,
    /// Which of the ages it has reached; `None` for credits that were given before there were lots.
    pub age: Option<i32>,
    pub available: Decimal,
    pub held: Decimal,
}

/// What became revenue, and what was given back of it.
#[derive(Debug, Clone)]
pub(crate) struct RecognisedDay {
    pub day: NaiveDate,
    pub source: String,
    pub burned: Decimal,
    pub refunded: Decimal,
    pub expired: Decimal,
}

/// What all accounts had before each of two positions, and how many accounts there are.
pub(crate) async fn stated(
    client: &impl GenericClient,
    before: [Position; 2],
) -> Result<([Stated; 2], u64), Error> {
    let before = before.map(|position| position.0);
    let mut found = [Stated::default(); 2];
    let mut accounts = 0;
    let mut after = Uuid::nil();
    loop {
        let parameters: [Parameter<'_>; 3] =
            [(&after, Type::UUID), (&before.as_slice(), Type::INT8_ARRAY), (&PAGE_ACCOUNTS, Type::INT8)];
        let rows = client.query_typed(HOLDINGS, &parameters).await?;
        for (stated, row) in found.iter_mut().zip(&rows) {
            stated.available += row.try_get::<_, Decimal>(1)?;
            stated.held += row.try_get::<_, Decimal>(2)?;
        }
        let Some(last) = page_end(&rows, 3, &mut accounts)? else { return Ok((found, accounts)) };
        after = last;
    }
}

/// The lots that all accounts had before a position, by source and age. `ages` are the days from which the next age
/// counts, at the instant `at`.
pub(crate) async fn lots(
    client: &impl GenericClient,
    before: Position,
    at: DateTime<Utc>,
    ages: &[i32],
) -> Result<(Vec<AgedLots>, u64), Error> {
    let before = [before.0];
    let mut found = Vec::new();
    let mut accounts = 0;
    let mut after = Uuid::nil();
    loop {
        let parameters: [Parameter<'_>; 5] = [
            (&after, Type::UUID),
            (&before.as_slice(), Type::INT8_ARRAY),
            (&PAGE_ACCOUNTS, Type::INT8),
            (&at, Type::TIMESTAMPTZ),
            (&ages, Type::INT4_ARRAY),
        ];
        let rows = client.query_typed(LOTS, &parameters).await?;
        for row in &rows {
            let Some(source) = row.try_get(0)? else { continue };
            let (age, available, held) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            found.push(AgedLots { source, age, available, held });
        }
        let Some(last) = page_end(&rows, 4, &mut accounts)? else { return Ok((found, accounts)) };
        after = last;
    }
}

/// Counts the accounts of a page, and returns its last one if there may be more.
fn page_end(rows: &[Row], column: usize, accounts: &mut u64) -> Result<Option<Uuid>, Error> {
    let Some(row) = rows.first() else { return Ok(None) };
    let count: i64 = row.try_get(column)?;
    *accounts += count.unsigned_abs();
    Ok(row.try_get::<_, Option<Uuid>>(column + 1)?.filter(|_| count >= PAGE_ACCOUNTS))
}

/// What moved from `first` on and before `past`, in parts that are still to be added up.
pub(crate) async fn moved(
    client: &impl GenericClient,
    first: Position,
    past: Position,
) -> Result<Vec<Moved>, Error> {
    let rows = in_slices(client, MOVED, first, past).await?;
    rows.iter()
        .map(|row| {
            Ok(Moved {
                kind: row.try_get(0)?,
                source: row.try_get(1)?,
                is_down: row.try_get(2)?,
                events: row.try_get(3)?,
                amount: row.try_get(4)?,
                captured: row.try_get(5)?,
            })
        })
        .collect()
}

/// What was recognised from `first` on and before `past`, in parts that are still to be added up.
pub(crate) async fn recognised(
    client: &impl GenericClient,
    first: Position,
    past: Position,
) -> Result<Vec<RecognisedDay>, Error> {
    let rows = in_slices(client, RECOGNISED, first, past).await?;
    rows.iter()
        .map(|row| {
            Ok(RecognisedDay {
                day: row.try_get(0)?,
                source: row.try_get(1)?,
                burned: row.try_get(2)?,
                refunded: row.try_get(3)?,
                expired: row.try_get(4)?,
            })
        })
        .collect()
}

async fn in_slices(
    client: &impl GenericClient,
    sql: &str,
    first: Position,
    past: Position,
) -> Result<Vec<Row>, Error> {
    let mut found = Vec::new();
    let mut first = first.0;
    while first < past.0 {
        let end = first.saturating_add(PAGE_POSITIONS).min(past.0);
        let parameters: [Parameter<'_>; 2] = [(&first, Type::INT8), (&end, Type::INT8)];
        found.extend(client.query_typed(sql, &parameters).await?);
        first = end;
    }
    Ok(found)
}

/// The lowest position that was recorded at `since` or later and before `until`.
pub(crate) async fn first_within(
    client: &impl GenericClient,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Position>, Error> {
    let parameters: [Parameter<'_>; 2] = [(&since, Type::TIMESTAMPTZ), (&until, Type::TIMESTAMPTZ)];
    let rows = client.query_typed(FIRST_WITHIN, &parameters).await?;
    let first: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
    Ok(first.map(Position))
}

/// When the log began; `None` if it is empty.
pub(crate) async fn began(client: &impl GenericClient) -> Result<Option<DateTime<Utc>>, Error> {
    let rows = client.query_typed(BEGAN, &[]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}

/// When the last event before a position was recorded; `None` if there is none.
pub(crate) async fn recorded_before(
    client: &impl GenericClient,
    position: Position,
) -> Result<Option<DateTime<Utc>>, Error> {
    let rows = client.query_typed(RECORDED_BEFORE, &[(&position.0, Type::INT8)]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}
