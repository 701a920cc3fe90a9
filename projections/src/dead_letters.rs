//! `dead_letters`: the jobs that used up their attempts, for the operator who retries or discards them.

use crate::batch::JobChange;
use crate::error::Error;
use crate::jobs_table;
use crate::row::{self, column_of};
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::job::{Failure, FailureClass, JobRequest, Kind, Params, Status};
use ledger::{AccountId, Credits, JobId, UserId};
use rust_decimal::Decimal;
use std::time::Duration;
use tokio_postgres::types::{Json, ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// A dead job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose it is.
    pub account_id: AccountId,
    /// Who queued it, if its first event tells.
    pub user: Option<UserId>,
    /// The job.
    pub job_id: JobId,
    /// What was asked for.
    pub request: JobRequest,
    /// What one run costs, or at most costs.
    pub cost: Credits,
    /// What is debited or held for it, and given back when it is discarded.
    pub charged: Credits,
    /// Whether that is only held: nothing is spent unless a retry succeeds.
    pub on_hold: bool,
    /// Attempts of the run that died.
    pub attempts: u32,
    /// The run that died, from 1.
    pub run: u32,
    /// Why.
    pub failure: Failure,
    /// When it was first queued.
    pub created_at: DateTime<Utc>,
    /// When its attempts were used up.
    pub died_at: DateTime<Utc>,
}

/// Which dead jobs; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this user.
    pub user: Option<UserId>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// On this model.
    pub model: Option<String>,
    /// With a failure of this class.
    pub class: Option<FailureClass>,
    /// With this failure code.
    pub code: Option<String>,
    /// Died at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Died before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Died at least this long ago.
    pub older_than: Option<Duration>,
}

/// Where the next page of a list begins: after this dead job of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its `died_at`.
    pub died_at: DateTime<Utc>,
    /// Its id.
    pub job_id: JobId,
}

/// How many dead jobs there are and what they keep from their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub jobs: u64,
    /// Credits debited or held for them and not given back.
    pub charged: Decimal,
}

/// Dead jobs that share a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The failure code.
    pub code: String,
    /// The model.
    pub model: String,
    /// How many.
    pub jobs: u64,
    /// Credits debited or held for them and not given back.
    pub charged: Decimal,
    /// When the latest died.
    pub latest: DateTime<Utc>,
}

pub(crate) const HEADS: &str = jobs_table::heads!("dead_letters");

const WRITE: &str = r"
insert into dead_letters as kept
    (job_id, account_id, user_id, kind, model, prompt, count, params, cost, charged, on_hold, run, attempts,
    class, code, message, created_at, died_at, version, last_position)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
    $8::jsonb[], $9::numeric[], $10::numeric[], $11::boolean[], $12::int[], $13::int[], $14::text[],
    $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::bigint[], $20::bigint[])
on conflict (job_id, account_id) do update set
    charged = excluded.charged, on_hold = excluded.on_hold, run = excluded.run,
    attempts = excluded.attempts, class = excluded.class, code = excluded.code, message = excluded.message,
    died_at = excluded.died_at, version = excluded.version, last_position = excluded.last_position
where kept.version < excluded.version";

const DELETE: &str = jobs_table::deletes!("dead_letters");

macro_rules! columns {
    () => {
        "job_id, account_id, user_id, kind, model, prompt, count, params, cost, charged, on_hold, run, \
         attempts, class as failure_class, code as failure_code, message as failure_message, created_at, \
         died_at"
    };
}

/// The conditions of [`Filter`], as the parameters 1 to 7. The bounds in time are always there, so that an
/// index is read whatever else is asked.
macro_rules! filtered {
    () => {
        " from dead_letters where died_at >= coalesce($1::timestamptz, '-infinity') \
         and died_at < coalesce($2::timestamptz, 'infinity') \
         and ($3::uuid is null or account_id = $3) and ($4::text is null or kind = $4) \
         and ($5::text is null or model = $5) and ($6::text is null or class = $6) \
         and ($7::text is null or code = $7) "
    };
}

pub(crate) use filtered;

const LIST: &str = concat!(
    "select ",
    columns!(),
    filtered!(),
    "and ($8::timestamptz is null or (died_at, job_id) < ($8, $9::uuid)) \
     order by died_at desc, job_id desc limit $10"
);

const COUNT: &str = concat!("select count(*) as jobs, coalesce(sum(charged), 0) as charged", filtered!());

/// Stops counting where nobody would count on.
const COUNT_UP_TO: &str =
    concat!("select count(*) as jobs from (select", filtered!(), "limit $8::bigint) as matching");

const GROUPS: &str = concat!(
    "select code, model, count(*) as jobs, sum(charged) as charged, max(died_at) as latest",
    filtered!(),
    "group by code, model order by jobs desc, code, model limit 100"
);

const GET: &str = concat!("select ", columns!(), " from dead_letters where job_id = $1 limit 1");

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("dead letters: heads", HEADS),
    ("dead letters: write", WRITE),
    ("dead letters: delete", DELETE),
    ("dead letters: list", LIST),
    ("dead letters: count", COUNT),
    ("dead letters: count up to", COUNT_UP_TO),
    ("dead letters: groups", GROUPS),
    ("dead letters: get", GET),
];

/// Dead jobs, newest first.
pub async fn list(
    client: &impl GenericClient,
    filter: &Filter,
    before: Option<Cursor>,
    limit: i64,
) -> Result<Vec<DeadLetter>, Error> {
    let asked = Asked::new(filter);
    let (died_at, job_id) = before.map(|before| (before.died_at, before.job_id.0)).unzip();
    let mut parameters = asked.parameters();
    parameters.extend::<[Parameter<'_>; 3]>([
        (&died_at, Type::TIMESTAMPTZ),
        (&job_id, Type::UUID),
        (&limit, Type::INT8),
    ]);
    let rows = client.query_typed(LIST, &parameters).await?;
    rows.iter().map(read).collect()
}

/// How many dead jobs match, counted no further than to `most`.
pub async fn count_up_to(client: &impl GenericClient, filter: &Filter, most: i64) -> Result<u64, Error> {
    let asked = Asked::new(filter);
    let mut parameters = asked.parameters();
    parameters.push((&most, Type::INT8));
    row::large_count(&client.query_typed(COUNT_UP_TO, &parameters).await?[0], "jobs")
}

/// How many dead jobs match and what they keep from their users.
pub async fn count(client: &impl GenericClient, filter: &Filter) -> Result<Tally, Error> {
    let rows = client.query_typed(COUNT, &Asked::new(filter).parameters()).await?;
    Ok(Tally { jobs: row::large_count(&rows[0], "jobs")?, charged: rows[0].try_get("charged")? })
}

/// The dead jobs that match, by failure code and model, most first; at most a hundred groups.
pub async fn groups(client: &impl GenericClient, filter: &Filter) -> Result<Vec<Group>, Error> {
    let rows = client.query_typed(GROUPS, &Asked::new(filter).parameters()).await?;
    rows.iter()
        .map(|row| {
            Ok(Group {
                code: row.try_get("code")?,
                model: row.try_get("model")?,
                jobs: row::large_count(row, "jobs")?,
                charged: row.try_get("charged")?,
                latest: row.try_get("latest")?,
            })
        })
        .collect()
}

/// A dead job by its id.
pub async fn get(client: &impl GenericClient, job: JobId) -> Result<Option<DeadLetter>, Error> {
    let rows = client.query_typed(GET, &[(&job.0, Type::UUID)]).await?;
    rows.first().map(read).transpose()
}

pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A filter as the statements take it.
pub(crate) struct Asked<'a> {
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    account: Option<Uuid>,
    kind: Option<&'static str>,
    model: Option<&'a str>,
    class: Option<&'static str>,
    code: Option<&'a str>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(filter: &'a Filter) -> Asked<'a> {
        let old = filter.older_than.map(|age| {
            // Nothing is older than an age that no date can tell.
            let age = chrono::TimeDelta::from_std(age).ok();
            age.and_then(|age| Utc::now().checked_sub_signed(age)).unwrap_or(DateTime::UNIX_EPOCH)
        });
        Asked {
            since: filter.since,
            until: [filter.until, old].into_iter().flatten().min(),
            account: filter.user.as_ref().map(|user| user.account().0),
            kind: filter.kind.map(Kind::as_str),
            model: filter.model.as_deref(),
            class: filter.class.map(FailureClass::as_str),
            code: filter.code.as_deref(),
        }
    }

    pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
        vec![
            (&self.since, Type::TIMESTAMPTZ),
            (&self.until, Type::TIMESTAMPTZ),
            (&self.account, Type::UUID),
            (&self.kind, Type::TEXT),
            (&self.model, Type::TEXT),
            (&self.class, Type::TEXT),
            (&self.code, Type::TEXT),
        ]
    }
}

pub(crate) async fn write(transaction: &Transaction<'_>, jobs: &[&JobChange]) -> Result<(), Error> {
    let (dead, others): (Vec<&JobChange>, Vec<&JobChange>) =
        jobs.iter().partition(|job| job.after.status == Status::Dead);
    let was_dead = |job: &&JobChange| job.before.as_ref().is_some_and(|before| before.status == Status::Dead);
    let revived: Vec<&JobChange> = others.into_iter().filter(was_dead).collect();
    jobs_table::delete(transaction, DELETE, &revived).await?;
    // A dead job has a failure: the event that ends it carries one.
    let dead: Vec<(&JobChange, &Failure)> =
        dead.into_iter().filter_map(|job| Some((job, job.after.failure.as_ref()?))).collect();
    upsert(transaction, &dead).await
}

async fn upsert(transaction: &Transaction<'_>, dead: &[(&JobChange, &Failure)]) -> Result<(), Error> {
    if dead.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(
            &statement,
            &[
                &column_of!(dead: Uuid, (job, _) => job.job_id.0),
                &column_of!(dead: Uuid, (job, _) => job.account_id.0),
                &column_of!(dead: Option<&str>, (job, _) => job.user.as_ref().map(UserId::as_str)),
                &column_of!(dead: &str, (job, _) => job.after.request.kind.as_str()),
                &column_of!(dead: &str, (job, _) => job.after.request.model.as_str()),
                &column_of!(dead: &str, (job, _) => job.after.request.prompt.as_str()),
                &column_of!(dead: i32, (job, _) => row::column(job.after.request.count)),
                &column_of!(dead: Json<&Params>, (job, _) => Json(&job.after.request.params)),
                &column_of!(dead: Decimal, (job, _) => job.after.cost.get()),
                &column_of!(dead: Decimal, (job, _) => job.after.charged.get()),
                &column_of!(dead: bool, (job, _) => job.after.on_hold),
                &column_of!(dead: i32, (job, _) => row::column(job.after.run)),
                &column_of!(dead: i32, (job, _) => row::column(job.after.attempts)),
                &column_of!(dead: &str, (_, failure) => failure.class.as_str()),
                &column_of!(dead: &str, (_, failure) => failure.code.as_str()),
                &column_of!(dead: &str, (_, failure) => failure.message.as_str()),
                &column_of!(dead: DateTime<Utc>, (job, _) => job.after.created_at),
                &column_of!(dead: DateTime<Utc>, (job, _) => job.after.finished_at.unwrap_or(job.updated_at)),
                &column_of!(dead: i64, (job, _) => job.version),
                &column_of!(dead: i64, (job, _) => job.last_position.0),
            ],
        )
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<DeadLetter, Error> {
    Ok(DeadLetter {
        account_id: AccountId(row.try_get("account_id")?),
        user: row::user(row, "user_id")?,
        job_id: JobId(row.try_get("job_id")?),
        request: row::request(row)?,
        cost: row::credits(row, "cost")?,
        charged: row::credits(row, "charged")?,
        on_hold: row.try_get("on_hold")?,
        attempts: row::count(row, "attempts")?,
        run: row::count(row, "run")?,
        failure: Failure {
            class: row::named(row, "failure_class")?,
            code: row.try_get("failure_code")?,
            message: row.try_get("failure_message")?,
            billed: None,
        },
        created_at: row.try_get("created_at")?,
        died_at: row.try_get("died_at")?,
    })
}
