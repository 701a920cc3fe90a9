//! The generations of an account that are looked for, newest first.
//!
//! A status or a model leads straight to what has it, by its index. Whatever else is asked is compared row by row, and so
//! that somebody with very many generations gets an answer soon, a page looks at no more than [`MOST_LOOKED_AT`] of them:
//! it may be cut, and then says from where to go on.

use crate::error::Error;
use crate::generations::{self, Generation, select};
use crate::prompts::patterns;
use chrono::{DateTime, Utc};
use ledger::job::{Kind, Status};
use ledger::{AccountId, JobId};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Most generations that are compared for one page.
pub const MOST_LOOKED_AT: i64 = 10_000;

/// Which generations; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this status.
    pub status: Option<Status>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Made by this model.
    pub model: Option<String>,
    /// First queued at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// First queued before this instant.
    pub until: Option<DateTime<Utc>>,
    /// With this text in their prompt; of case see [`crate::prompts`].
    pub text: Option<String>,
}

/// Where the next page of a list begins: after this generation of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its `created_at`.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub job_id: JobId,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The generations, newest first.
    pub generations: Vec<Generation>,
    /// The last generation that was looked at, where there were more that nobody looked at.
    pub cut: Option<Cursor>,
}

/// What is found by index: `$2` and `$3` are never both given, since one index has one of them.
macro_rules! by_index {
    () => {
        "where account_id = $1 and ($2::text is null or status = $2) and ($3::text is null or model = $3) \
         and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5) \
         and ($6::timestamptz is null or (created_at, job_id) < ($6, $7::uuid)) \
         order by created_at desc, job_id desc "
    };
}

const LIST: &str = concat!(
    "select * from (",
    select!(by_index!(), "limit $8"),
    ") looked_at \
     where ($9::text is null or model = $9) and ($10::text is null or kind = $10) \
     and ($11::text[] is null or lower(prompt) like any ($11)) \
     order by created_at desc, job_id desc limit $12"
);

/// The last one that [`LIST`] looks at, and one more if there is one.
const CUT: &str =
    concat!("select created_at, job_id from generations ", by_index!(), "limit 2 offset $8::bigint - 1");

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[("generations: list", LIST), ("generations: cut", CUT)];

/// At most `limit` of an account's generations before a place, newest first.
pub async fn list(
    client: &impl GenericClient,
    account: AccountId,
    filter: &Filter,
    before: Option<Cursor>,
    limit: i64,
) -> Result<Found, Error> {
    let status = filter.status.map(Status::as_str);
    let (led_by, compared) =
        if status.is_some() { (None, filter.model.as_deref()) } else { (filter.model.as_deref(), None) };
    let kind = filter.kind.map(Kind::as_str);
    let patterns = filter.text.as_deref().map(patterns);
    let (created_at, job_id) = before.map(|before| (before.created_at, before.job_id.0)).unzip();
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = vec![
        (&account.0, Type::UUID),
        (&status, Type::TEXT),
        (&led_by, Type::TEXT),
        (&filter.from, Type::TIMESTAMPTZ),
        (&filter.until, Type::TIMESTAMPTZ),
        (&created_at, Type::TIMESTAMPTZ),
        (&job_id, Type::UUID),
        (&MOST_LOOKED_AT, Type::INT8),
    ];
    let by_index = parameters.clone();
    parameters.extend::<[(&(dyn ToSql + Sync), Type); 4]>([
        (&compared, Type::TEXT),
        (&kind, Type::TEXT),
        (&patterns, Type::TEXT_ARRAY),
        (&limit, Type::INT8),
    ]);
    let rows = client.query_typed(LIST, &parameters).await?;
    let generations: Vec<Generation> = rows.iter().map(generations::read).collect::<Result<_, _>>()?;
    let is_full = i64::try_from(generations.len()).is_ok_and(|found| found >= limit);
    let is_compared = compared.is_some() || kind.is_some() || patterns.is_some();
    let cut = if is_full || !is_compared { None } else { cut(client, &by_index).await? };
    Ok(Found { generations, cut })
}

async fn cut(
    client: &impl GenericClient,
    parameters: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Option<Cursor>, Error> {
    let rows = client.query_typed(CUT, parameters).await?;
    let [last, _more] = rows.as_slice() else { return Ok(None) };
    Ok(Some(Cursor { created_at: last.try_get(0)?, job_id: JobId(last.try_get::<_, Uuid>(1)?) }))
}
