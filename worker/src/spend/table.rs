//! The table of what is spent at providers. Days are those of UTC, by the database's clock.

use crate::error::Error;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::time::Duration;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};

macro_rules! today {
    () => {
        "(statement_timestamp() at time zone 'utc')::date"
    };
}

/// One statement decides and counts, so that processes cannot pass the cap together.
const BUY: &str = concat!(
    "insert into provider_spend as kept (provider, day, usd) select $1, ",
    today!(),
    ", $2 where $2 <= $3 \
     on conflict (provider, day) do update set usd = kept.usd + excluded.usd where kept.usd + excluded.usd <= $3 \
     returning day, usd, warned_cap is not distinct from $3 as is_warned"
);

const GIVE_BACK: &str =
    "update provider_spend set usd = greatest(usd - $3, 0) where provider = $1 and day = $2";

const WARN: &str = "update provider_spend set warned_cap = $3 \
    where provider = $1 and day = $2 and warned_cap is distinct from $3 returning true";

const REACHED: &str = concat!(
    "insert into provider_spend as kept (provider, day, reached_cap) select $1, ",
    today!(),
    ", $2 on conflict (provider, day) do update set reached_cap = excluded.reached_cap \
     where kept.reached_cap is distinct from excluded.reached_cap returning true"
);

const LEFT_OF_TODAY: &str = "select extract(epoch from \
    date_trunc('day', statement_timestamp(), 'utc') + interval '1 day' - statement_timestamp())::float8";

const TODAY: &str = concat!(
    "select wanted.provider, coalesce(spent.usd, 0) from unnest($1::text[]) as wanted (provider) \
     left join provider_spend as spent on spent.provider = wanted.provider and spent.day = ",
    today!()
);

/// What was counted.
pub(super) struct Counted {
    pub day: NaiveDate,
    /// What is spent on that day with it.
    pub usd: Decimal,
    /// Whether somebody was told already that most of this cap is spent.
    pub is_warned: bool,
}

/// Counts so much, unless the day's sum would pass the cap.
pub(super) async fn buy(
    client: &impl GenericClient,
    provider: &str,
    usd: Decimal,
    cap: Decimal,
) -> Result<Option<Counted>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&provider, Type::TEXT), (&usd, Type::NUMERIC), (&cap, Type::NUMERIC)];
    let rows = client.query_typed(BUY, &parameters).await?;
    let counted = |row: &tokio_postgres::Row| {
        Ok(Counted { day: row.try_get(0)?, usd: row.try_get(1)?, is_warned: row.try_get(2)? })
    };
    rows.first().map(counted).transpose()
}

/// Takes so much off a day.
pub(super) async fn give_back(
    client: &impl GenericClient,
    provider: &str,
    day: NaiveDate,
    usd: Decimal,
) -> Result<(), Error> {
    client
        .query_typed(GIVE_BACK, &[(&provider, Type::TEXT), (&day, Type::DATE), (&usd, Type::NUMERIC)])
        .await?;
    Ok(())
}

/// Notes that somebody is told that most of this cap is spent; whether it was not noted before.
pub(super) async fn warn(
    client: &impl GenericClient,
    provider: &str,
    day: NaiveDate,
    cap: Decimal,
) -> Result<bool, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&provider, Type::TEXT), (&day, Type::DATE), (&cap, Type::NUMERIC)];
    Ok(!client.query_typed(WARN, &parameters).await?.is_empty())
}

/// Notes that somebody is told that this cap is reached today; whether it was not noted before.
pub(super) async fn reached(
    client: &impl GenericClient,
    provider: &str,
    cap: Decimal,
) -> Result<bool, Error> {
    let rows = client.query_typed(REACHED, &[(&provider, Type::TEXT), (&cap, Type::NUMERIC)]).await?;
    Ok(!rows.is_empty())
}

/// How long the day goes on.
pub(super) async fn left_of_today(client: &impl GenericClient) -> Result<Duration, Error> {
    let rows = client.query_typed(LEFT_OF_TODAY, &[]).await?;
    Ok(Duration::try_from_secs_f64(rows[0].try_get(0)?).unwrap_or_default())
}

/// What is spent today at each of these.
pub(crate) async fn today(
    client: &impl GenericClient,
    providers: &[&str],
) -> Result<Vec<(String, Decimal)>, Error> {
    let rows = client.query_typed(TODAY, &[(&providers, Type::TEXT_ARRAY)]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
