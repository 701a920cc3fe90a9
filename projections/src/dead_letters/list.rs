//! Some dead jobs that match, in order. However many have died, a bounded number of rows is looked at for a page: where that does
//! not fill it, the answer says where the search stopped, and goes on there.

use super::filter::{Asked, Filter, Parameter, besides, within};
use super::row::{DeadLetter, columns, read};
use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::JobId;
use rust_decimal::Decimal;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};

/// Rows that are looked at for a page.
const MOST_LOOKED_AT: i64 = 20_000;

/// The same where texts are searched.
const MOST_SEARCHED: i64 = 5_000;

/// The rows after a cursor, by an index in order: `$at` and `$id` are the parameters of the cursor.
macro_rules! newest {
    ($at:literal, $id:literal) => {
        concat!(
            " from dead_letters where ",
            within!(),
            " and (died_at, job_id) < (coalesce(",
            $at,
            "::timestamptz, 'infinity'), coalesce(",
            $id,
            "::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) order by died_at desc, job_id desc "
        )
    };
}

macro_rules! oldest {
    ($at:literal, $id:literal) => {
        concat!(
            " from dead_letters where ",
            within!(),
            " and (died_at, job_id) > (coalesce(",
            $at,
            "::timestamptz, '-infinity'), coalesce(",
            $id,
            "::uuid, '00000000-0000-0000-0000-000000000000')) order by died_at, job_id "
        )
    };
}

/// Here no other condition is served by the index.
macro_rules! most_credits {
    ($charged:literal, $at:literal, $id:literal) => {
        concat!(
            " from dead_letters where (charged, died_at, job_id) < (coalesce(",
            $charged,
            "::numeric, 'infinity'), coalesce(",
            $at,
            "::timestamptz, 'infinity'), coalesce(",
            $id,
            "::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) order by charged desc, died_at desc, job_id desc "
        )
    };
}

pub(super) const NEWEST: &str = concat!(
    "select ",
    columns!(),
    " from (select *",
    newest!("$14", "$15"),
    "limit $16::bigint) as looked_at where ",
    besides!(),
    " order by died_at desc, job_id desc limit $17::bigint"
);

pub(super) const OLDEST: &str = concat!(
    "select ",
    columns!(),
    " from (select *",
    oldest!("$14", "$15"),
    "limit $16::bigint) as looked_at where ",
    besides!(),
    " order by died_at, job_id limit $17::bigint"
);

pub(super) const MOST_CREDITS: &str = concat!(
    "select ",
    columns!(),
    " from (select *",
    most_credits!("$18", "$14", "$15"),
    "limit $16::bigint) as looked_at where ",
    within!(),
    " and ",
    besides!(),
    " order by charged desc, died_at desc, job_id desc limit $17::bigint"
);

pub(super) const END_OF_NEWEST: &str =
    concat!("select charged, died_at, job_id", newest!("$6", "$7"), "offset $8::bigint limit 1");

pub(super) const END_OF_OLDEST: &str =
    concat!("select charged, died_at, job_id", oldest!("$6", "$7"), "offset $8::bigint limit 1");

pub(super) const END_OF_MOST_CREDITS: &str =
    concat!("select charged, died_at, job_id", most_credits!("$1", "$2", "$3"), "offset $4::bigint limit 1");

/// Stops counting where nobody would count on.
pub(super) const COUNT_UP_TO: &str = concat!(
    "select count(*) as jobs from (select from (select *",
    newest!("$14", "$15"),
    "limit $16::bigint) as looked_at where ",
    besides!(),
    " limit $17::bigint) as matching"
);

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Died last.
    #[default]
    Newest,
    /// Died first.
    Oldest,
    /// Most credits debited or held for them; among the same, died last.
    MostCredits,
}

impl Order {
    /// Every value.
    pub const ALL: [Order; 3] = [Order::Newest, Order::Oldest, Order::MostCredits];

    /// As it is written in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Newest => "newest",
            Order::Oldest => "oldest",
            Order::MostCredits => "credits",
        }
    }
}

/// Where the next page of a list begins: after this dead job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its `charged`.
    pub charged: Decimal,
    /// Its `died_at`.
    pub died_at: DateTime<Utc>,
    /// Its id.
    pub job_id: JobId,
}

/// What was found of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Those that match.
    pub jobs: Vec<DeadLetter>,
    /// Where the search stopped, if that was before enough were found and before the end of the list.
    pub stopped_at: Option<Cursor>,
}

impl From<&DeadLetter> for Cursor {
    fn from(job: &DeadLetter) -> Cursor {
        Cursor { charged: job.charged.get(), died_at: job.died_at, job_id: job.job_id }
    }
}

impl Found {
    /// Where the list goes on after all of these; `None` at its end.
    pub fn next(&self) -> Option<Cursor> {
        self.stopped_at.or(self.jobs.last().map(Cursor::from))
    }
}

/// Dead jobs in order, after a cursor of the same order, at most `limit`.
pub async fn list(
    client: &impl GenericClient,
    filter: &Filter,
    order: Order,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Found, Error> {
    let asked = Asked::new(filter);
    let (looked_at, place) = (asked.looked_at(), Place::of(after));
    let mut parameters = asked.parameters();
    parameters.extend::<[Parameter<'_>; 4]>([
        (&place.died_at, Type::TIMESTAMPTZ),
        (&place.job_id, Type::UUID),
        (&looked_at, Type::INT8),
        (&limit, Type::INT8),
    ]);
    let sql = match order {
        Order::Newest => NEWEST,
        Order::Oldest => OLDEST,
        Order::MostCredits => {
            parameters.push((&place.charged, Type::NUMERIC));
            MOST_CREDITS
        }
    };
    let rows = client.query_typed(sql, &parameters).await?;
    let jobs: Vec<DeadLetter> = rows.iter().map(read).collect::<Result<_, _>>()?;
    let is_short = (jobs.len() as i64) < limit;
    let stopped_at = if is_short { end(client, &asked, order, &place).await? } else { None };
    Ok(Found { jobs, stopped_at })
}

/// The last row that was looked at, if there are as many as that.
async fn end(
    client: &impl GenericClient,
    asked: &Asked<'_>,
    order: Order,
    place: &Place,
) -> Result<Option<Cursor>, Error> {
    let offset = asked.looked_at() - 1;
    let mut parameters = match order {
        Order::Newest | Order::Oldest => asked.within(),
        Order::MostCredits => vec![(&place.charged as &(dyn ToSql + Sync), Type::NUMERIC)],
    };
    parameters.extend::<[Parameter<'_>; 3]>([
        (&place.died_at, Type::TIMESTAMPTZ),
        (&place.job_id, Type::UUID),
        (&offset, Type::INT8),
    ]);
    let sql = match order {
        Order::Newest => END_OF_NEWEST,
        Order::Oldest => END_OF_OLDEST,
        Order::MostCredits => END_OF_MOST_CREDITS,
    };
    client.query_typed(sql, &parameters).await?.first().map(cursor).transpose()
}

/// How many dead jobs match, counted no further than to `most`; and whether there may be more that were not looked at.
pub async fn count_up_to(
    client: &impl GenericClient,
    filter: &Filter,
    most: i64,
) -> Result<(u64, bool), Error> {
    let asked = Asked::new(filter);
    let (looked_at, place) = (asked.looked_at(), Place::of(None));
    let mut parameters = asked.parameters();
    parameters.extend::<[Parameter<'_>; 4]>([
        (&place.died_at, Type::TIMESTAMPTZ),
        (&place.job_id, Type::UUID),
        (&looked_at, Type::INT8),
        (&most, Type::INT8),
    ]);
    let rows = client.query_typed(COUNT_UP_TO, &parameters).await?;
    let jobs = row::large_count(&rows[0], "jobs")?;
    let is_cut = jobs < most.unsigned_abs() && end(client, &asked, Order::Newest, &place).await?.is_some();
    Ok((jobs, is_cut))
}

/// A cursor as the statements take it.
struct Place {
    charged: Option<Decimal>,
    died_at: Option<DateTime<Utc>>,
    job_id: Option<uuid::Uuid>,
}

impl Place {
    fn of(after: Option<Cursor>) -> Place {
        Place {
            charged: after.map(|after| after.charged),
            died_at: after.map(|after| after.died_at),
            job_id: after.map(|after| after.job_id.0),
        }
    }
}

impl Asked<'_> {
    fn looked_at(&self) -> i64 {
        if self.searches() { MOST_SEARCHED } else { MOST_LOOKED_AT }
    }
}

fn cursor(row: &Row) -> Result<Cursor, Error> {
    Ok(Cursor {
        charged: row.try_get("charged")?,
        died_at: row.try_get("died_at")?,
        job_id: JobId(row.try_get("job_id")?),
    })
}
