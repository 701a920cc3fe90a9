//! The table of workers.

use crate::error::Error;
use crate::governing::ToldShut;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{Json, ToSql, Type};

/// Whoever was taken for gone begins anew.
const SAY_HERE: &str = r"
insert into workers as kept (identity, shut) values ($1, $3)
on conflict (identity) do update set seen_at = statement_timestamp(), gone_at = null, shut = excluded.shut,
    since = case when kept.gone_at is null then kept.since else statement_timestamp() end
returning since, (
    select count(*) from workers as others
    where others.identity <> $1 and others.gone_at is null
        and others.seen_at >= statement_timestamp() - make_interval(secs => $2)
) as others";

const SAY_GOODBYE: &str =
    "update workers set gone_at = statement_timestamp() where identity = $1 and gone_at is null";

const TAKE_FOR_GONE: &str = r"
update workers set gone_at = statement_timestamp()
where gone_at is null and seen_at < statement_timestamp() - make_interval(secs => $1)
returning identity";

const IS_HERE: &str = r"
select exists (
    select from workers
    where identity = $1 and gone_at is null
        and seen_at >= statement_timestamp() - make_interval(secs => $2)
)";

const TOLD: &str = r"
select shut, extract(epoch from statement_timestamp() - seen_at)::float8 as age_seconds from workers
where gone_at is null and seen_at >= statement_timestamp() - make_interval(secs => $1)";

const FORGET: &str = "delete from workers where gone_at < statement_timestamp() - make_interval(secs => $1)";

/// Says that this process is here, and what it leaves alone: since when without a gap, and how many others were heard of
/// within `silence`.
pub(super) async fn say_here(
    client: &impl GenericClient,
    identity: &str,
    silence: Duration,
    shut: &ToldShut,
) -> Result<(DateTime<Utc>, i64), Error> {
    let (seconds, shut) = (silence.as_secs_f64(), Json(shut));
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&identity, Type::TEXT), (&seconds, Type::FLOAT8), (&shut, Type::JSONB)];
    let rows = client.query_typed(SAY_HERE, &parameters).await?;
    Ok((rows[0].try_get(0)?, rows[0].try_get(1)?))
}

/// What each process says that was heard of within `silence`, and how long ago; nothing where it does not tell or says what
/// this release cannot read.
pub(super) async fn told(
    client: &impl GenericClient,
    silence: Duration,
) -> Result<Vec<(ToldShut, Duration)>, Error> {
    let rows = client.query_typed(TOLD, &[(&silence.as_secs_f64(), Type::FLOAT8)]).await?;
    let told = rows.iter().map(|row| {
        let shut: Option<Json<serde_json::Value>> = row.try_get(0)?;
        let shut = shut.and_then(|Json(shut)| serde_json::from_value(shut).ok()).unwrap_or_default();
        Ok((shut, Duration::try_from_secs_f64(row.try_get(1)?).unwrap_or_default()))
    });
    told.collect()
}

/// Says that this process does nothing any more.
pub(super) async fn say_goodbye(client: &impl GenericClient, identity: &str) -> Result<(), Error> {
    client.query_typed(SAY_GOODBYE, &[(&identity, Type::TEXT)]).await?;
    Ok(())
}

/// Takes for gone whoever was silent for so long, and names them.
pub(super) async fn take_for_gone(
    client: &impl GenericClient,
    silence: Duration,
) -> Result<Vec<String>, Error> {
    let rows = client.query_typed(TAKE_FOR_GONE, &[(&silence.as_secs_f64(), Type::FLOAT8)]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Whether this process was heard of within `silence`.
pub(super) async fn is_here(
    client: &impl GenericClient,
    identity: &str,
    silence: Duration,
) -> Result<bool, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&identity, Type::TEXT), (&silence.as_secs_f64(), Type::FLOAT8)];
    Ok(client.query_typed(IS_HERE, &parameters).await?[0].try_get(0)?)
}

/// Strikes off those who have been gone for so long.
pub(super) async fn forget(client: &impl GenericClient, gone: Duration) -> Result<(), Error> {
    client.query_typed(FORGET, &[(&gone.as_secs_f64(), Type::FLOAT8)]).await?;
    Ok(())
}
