//! What waits of each incident, counted along `dead_letters_by_incident`: no more rows are read than a share of a fixed number,
//! however many have died.

use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::job::{FailureClass, Kind};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};

/// Hours that are told one by one.
pub const HOURS: usize = 24;

/// Dead jobs that are counted for one answer, shared among its incidents.
const MOST_COUNTED: usize = 100_000;

/// Of each incident so many are counted, whatever the others have.
const LEAST_COUNTED: usize = 100;

/// Goes from one fingerprint to the next, so that it costs what there are incidents and not what there are rows.
pub(super) const WALK: &str = r"
with recursive walk as (
    (select incident from dead_letters where incident is not null order by incident limit 1)
    union all
    select (select next.incident from dead_letters next where next.incident > walk.incident order by next.incident limit 1)
    from walk where walk.incident is not null
)
select incident from walk where incident is not null limit $1::bigint";

/// One row for the whole of each incident, and one for each hour before `$3`; 24 is whatever is older.
pub(super) const TALLY: &str = r"
select named.incident, newest.hour, grouping(newest.hour) = 1 as is_whole, count(*) as jobs,
    count(distinct newest.account_id) as people, sum(newest.charged) as charged
from unnest($1::text[]) as named (incident)
cross join lateral (
    select account_id, charged,
        least(greatest(floor(extract(epoch from $3::timestamptz - died_at) / 3600), 0), 24)::int as hour
    from dead_letters where incident = named.incident order by died_at desc, job_id desc limit $2::bigint
) newest
group by grouping sets ((named.incident), (named.incident, newest.hour))";

pub(super) const SAMPLES: &str = r"
select named.incident, newest.kind, newest.provider, newest.model, newest.class, newest.code, newest.message,
    newest.died_at as last_seen, (
        select died_at from dead_letters where incident = named.incident order by died_at, job_id limit 1
    ) as first_seen
from unnest($1::text[]) as named (incident)
cross join lateral (
    select kind, provider, model, class, code, message, died_at from dead_letters
    where incident = named.incident order by died_at desc, job_id desc limit 1
) newest";

/// How many that wait died after an instant, counted no further than to a number.
pub(super) const SINCE: &str = r"
select named.incident, (
    select count(*) from (
        select from dead_letters where incident = named.incident and died_at > named.since
        order by died_at limit named.most
    ) as later
) as jobs
from unnest($1::text[], $2::timestamptz[], $3::bigint[]) as named (incident, since, most)";

/// What an incident is about: all of its jobs have this in common, but for values in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What the jobs make.
    pub kind: Kind,
    /// The provider that was asked last, where the log tells.
    pub provider: Option<String>,
    /// The model.
    pub model: String,
    /// What kind of failure it was.
    pub class: FailureClass,
    /// The failure code.
    pub code: String,
    /// The message of the newest.
    pub message: String,
}

/// The dead jobs of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub jobs: u64,
    /// Whether there are more than were counted, which are the newest: then `people`, `charged` and `hours` are of those.
    pub is_more: bool,
    /// How many accounts they belong to.
    pub people: u64,
    /// Credits debited or held for them and not given back.
    pub charged: Decimal,
    /// When the first of them died.
    pub first_seen: DateTime<Utc>,
    /// When the last of them died.
    pub last_seen: DateTime<Utc>,
    /// How many died in each of the last hours, this one first.
    pub hours: [u64; HOURS],
}

impl Waiting {
    /// Whether it gets worse: three or more died within the hour, and more than twice as many as in an hour of the six before. What was
    /// not counted back so far is not known to.
    pub fn is_rising(&self) -> bool {
        let before: u64 = self.hours[1..=6].iter().sum();
        let reaches_back = !self.is_more || self.hours[0] + before < self.jobs;
        reaches_back && self.hours[0] >= 3 && self.hours[0] * 3 > before
    }
}

/// The fingerprints in the read model, in order, at most `most`.
pub(super) async fn walk(client: &impl GenericClient, most: i64) -> Result<Vec<String>, Error> {
    let rows = client.query_typed(WALK, &[(&most, Type::INT8)]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What waits of each of these; of one that is missing, nothing.
pub(super) async fn tallies(
    client: &impl GenericClient,
    incidents: &[&str],
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, (Subject, Waiting)>, Error> {
    if incidents.is_empty() {
        return Ok(BTreeMap::new());
    }
    let most = (MOST_COUNTED / incidents.len()).max(LEAST_COUNTED) as i64;
    let mut told = BTreeMap::new();
    for row in client.query_typed(SAMPLES, &[(&incidents, Type::TEXT_ARRAY)]).await? {
        told.insert(row.try_get("incident")?, (subject(&row)?, seen(&row)?));
    }
    // One more than is told, which tells whether there are more.
    let limit = most + 1;
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&incidents, Type::TEXT_ARRAY), (&limit, Type::INT8), (&now, Type::TIMESTAMPTZ)];
    for row in client.query_typed(TALLY, &parameters).await? {
        if let Some((_, waiting)) = told.get_mut(row.try_get::<_, &str>("incident")?) {
            add(&row, waiting, most.unsigned_abs())?;
        }
    }
    // What went between the two questions waits no more.
    told.retain(|_, (_, waiting)| waiting.jobs > 0);
    Ok(told)
}

/// How many of each died after an instant, counted no further than to a number.
pub(super) async fn since(
    client: &impl GenericClient,
    asked: &[(&str, DateTime<Utc>, i64)],
) -> Result<BTreeMap<String, u64>, Error> {
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    let incidents: Vec<&str> = asked.iter().map(|(incident, ..)| *incident).collect();
    let instants: Vec<DateTime<Utc>> = asked.iter().map(|(_, since, _)| *since).collect();
    let most: Vec<i64> = asked.iter().map(|(.., most)| *most).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&incidents, Type::TEXT_ARRAY), (&instants, Type::TIMESTAMPTZ_ARRAY), (&most, Type::INT8_ARRAY)];
    let rows = client.query_typed(SINCE, &parameters).await?;
    rows.iter().map(|row| Ok((row.try_get("incident")?, row::large_count(row, "jobs")?))).collect()
}

/// The columns that tell what an incident is about, wherever they stand.
pub(super) fn subject(row: &Row) -> Result<Subject, Error> {
    Ok(Subject {
        kind: row::named(row, "kind")?,
        provider: row.try_get("provider")?,
        model: row.try_get("model")?,
        class: row::named(row, "class")?,
        code: row.try_get("code")?,
        message: row.try_get("message")?,
    })
}

fn seen(row: &Row) -> Result<Waiting, Error> {
    Ok(Waiting {
        jobs: 0,
        is_more: false,
        people: 0,
        charged: Decimal::ZERO,
        first_seen: row.try_get("first_seen")?,
        last_seen: row.try_get("last_seen")?,
        hours: [0; HOURS],
    })
}

fn add(row: &Row, waiting: &mut Waiting, most: u64) -> Result<(), Error> {
    let jobs = row::large_count(row, "jobs")?;
    if row.try_get("is_whole")? {
        waiting.jobs = jobs.min(most);
        waiting.is_more = jobs > most;
        waiting.people = row::large_count(row, "people")?;
        waiting.charged = row.try_get("charged")?;
    } else if let Some(hour) =
        usize::try_from(row.try_get::<_, i32>("hour")?).ok().and_then(|hour| waiting.hours.get_mut(hour))
    {
        *hour = jobs;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{HOURS, Waiting};
    use chrono::DateTime;
    use rust_decimal::Decimal;

    #[test]
    fn it_rises_with_three_within_the_hour_that_are_twice_the_usual() {
        for (hours, rises) in [
            (&[0, 0][..], false),
            (&[2], false),
            (&[3], true),
            (&[3, 9], false),
            (&[4, 9], true),
            (&[4, 2, 2, 2, 2, 2, 2], false),
            (&[5, 2, 2, 2, 2, 2, 2], true),
            (&[3, 0, 0, 0, 0, 0, 0, 500], true),
        ] {
            let mut all = [0; HOURS];
            all[..hours.len()].copy_from_slice(hours);
            let waiting = Waiting {
                jobs: 1,
                is_more: false,
                people: 1,
                charged: Decimal::ONE,
                first_seen: DateTime::UNIX_EPOCH,
                last_seen: DateTime::UNIX_EPOCH,
                hours: all,
            };
            assert_eq!(waiting.is_rising(), rises, "{hours:?}");
            let jobs = all[..=6].iter().sum::<u64>();
            let cut_within = Waiting { jobs, is_more: true, ..waiting.clone() };
            assert!(!cut_within.is_rising(), "{hours:?}");
            let cut_before = Waiting { jobs: jobs + 1, ..cut_within };
            assert_eq!(cut_before.is_rising(), rises, "{hours:?}");
        }
    }
}
