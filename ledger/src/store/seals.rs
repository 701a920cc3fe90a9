//! The SQL of seals: adding the next one, and reading them beside the events that they cover.

use super::row::hash;
use crate::chain::{GENESIS, Hash};
use crate::error::Error;
use crate::ids::{AccountId, EventId, Position, StreamId};
use crate::seal::block::{Leaves, Seal};
use crate::seal::key::PublicKey;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

macro_rules! seal_columns {
    () => {
        "number, first_position, last_position, events, root, prev_hash, hash, public_key, signature, sealed_at"
    };
}

/// The hashed columns as the texts that are hashed, in the order of the chain.
macro_rules! hashed_columns {
    () => {
        "array[account_id::text, stream_id::text, version::text, event_id::text, type, schema_version::text, \
         amount::text, balance_after::text, job_id::text, payload::text, state::text, idempotency_key, \
         encode(request_hash, 'hex'), actor, request_id, causation_id::text, \
         case when isfinite(occurred_at) then (extract(epoch from occurred_at) * 1000000)::bigint::text \
              else occurred_at::text end]"
    };
}

/// The newest seal, and the at most $2 events after it up to the mark $1: one row.
pub(crate) const NEXT: &str = r"
with newest as (
    select number, last_position, hash from seals order by number desc limit 1
), start as (
    select coalesce((select last_position from newest), 0) as after
), block as (
    select event.* from start cross join lateral (
        select position, hash, recorded_at from events
        where position > start.after and position <= $1
        order by position limit $2
    ) event
)
select (select number from newest), (select hash from newest), (select after from start),
    count(*), min(position), max(position),
    string_agg(int8send(position) || hash, ''::bytea order by position),
    extract(epoch from statement_timestamp() - min(recorded_at))::float8
from block";

/// Adds a seal.
pub(crate) const ADD: &str = r"
insert into seals (number, first_position, last_position, events, leaves, root, prev_hash, hash, public_key,
    signature)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
returning sealed_at";

pub(crate) const NEWEST: &str =
    concat!("select ", seal_columns!(), " from seals order by number desc limit 1");

pub(crate) const PAGE: &str =
    concat!("select ", seal_columns!(), " from seals where number > $1 order by number limit $2");

pub(crate) const ONE: &str = concat!("select ", seal_columns!(), ", leaves from seals where number = $1");

pub(crate) const WITH_LEAVES: &str =
    concat!("select ", seal_columns!(), ", leaves from seals where number > $1 order by number limit $2");

/// The seal whose block an event at position $1 belongs to.
pub(crate) const COVERING: &str = concat!(
    "select ",
    seal_columns!(),
    ", leaves from seals where last_position >= $1 order by last_position limit 1"
);

pub(crate) const KEYS: &str = "select public_key, min(number), max(number), count(*) from seals \
     group by public_key order by min(number)";

/// Events of a range of positions, with everything that is hashed.
pub(crate) const BLOCK: &str = concat!(
    "select position, account_id, stream_id, version, prev_hash, hash, ",
    hashed_columns!(),
    " from events where position > $1 and position <= $2 order by position limit $3"
);

pub(crate) const EVENT: &str = concat!(
    "select position, account_id, stream_id, version, prev_hash, hash, ",
    hashed_columns!(),
    " from events where position = $1"
);

/// No index knows event ids, but an id knows its time, and the small index on the time of recording narrows
/// the search to an hour around it.
pub(crate) const EVENT_BY_ID: &str = r"
select position from events
where event_id = $1 and recorded_at between $2::timestamptz - interval '1 hour' and $2 + interval '1 hour'";

pub(crate) const OF_ACCOUNT: &str = "select position, hash, stream_id, version from events \
     where account_id = $1 order by position";

/// A time of infinity, which only somebody who tampers writes, must not keep the rest from being verified.
pub(crate) const UNSEALED: &str = r"
select count(*), min(recorded_at) filter (where isfinite(recorded_at)),
    extract(epoch from statement_timestamp() - min(recorded_at) filter (where isfinite(recorded_at)))::float8
from events where position > $1";

/// Events that carry one of these hashes or follow one. Reads the whole log: only ever after damage was found.
pub(crate) const LOST: &str = "select position, account_id, stream_id, version, hash, prev_hash from events \
     where hash = any($1) or prev_hash = any($1)";

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// What there is to seal.
pub(crate) struct Next {
    pub number: i64,
    pub prev_hash: Hash,
    pub after: Position,
    pub first: Position,
    pub last: Position,
    pub leaves: Leaves,
    /// How long ago the oldest of the events was recorded, by the database's clock.
    pub age_seconds: f64,
}

/// Reads what follows the newest seal, up to the mark.
pub(crate) async fn next(client: &impl GenericClient, mark: Position, most: u32) -> Result<Next, Error> {
    let most = i64::from(most);
    let parameters: [Parameter<'_>; 2] = [(&mark.0, Type::INT8), (&most, Type::INT8)];
    let row = &client.query_typed(NEXT, &parameters).await?[0];
    let newest: Option<i64> = row.try_get(0)?;
    let prev_hash: Option<&[u8]> = row.try_get(1)?;
    let after = Position(row.try_get(2)?);
    let count: i64 = row.try_get(3)?;
    let bytes: Option<Vec<u8>> = row.try_get(6)?;
    let leaves = Leaves::new(bytes.unwrap_or_default())
        .filter(|leaves| leaves.len() as i64 == count)
        .ok_or_else(|| unreadable(format!("events after position {after}"), "a hash is not 32 bytes long"))?;
    Ok(Next {
        number: newest.unwrap_or(0) + 1,
        prev_hash: prev_hash.map_or(Ok(GENESIS), hash)?,
        after,
        first: Position(row.try_get::<_, Option<i64>>(4)?.unwrap_or(after.0)),
        last: Position(row.try_get::<_, Option<i64>>(5)?.unwrap_or(after.0)),
        leaves,
        age_seconds: row.try_get::<_, Option<f64>>(7)?.unwrap_or(0.0),
    })
}

/// Adds a seal and returns the database's clock, or `None` if another sealer was first.
pub(crate) async fn add(
    client: &impl GenericClient,
    seal: &Seal,
    leaves: &Leaves,
) -> Result<Option<DateTime<Utc>>, Error> {
    let events = count_column(seal.events)?;
    let (root, prev_hash, hash) = (&seal.root[..], &seal.prev_hash[..], &seal.hash[..]);
    let (public_key, signature, leaves) = (&seal.public_key.0[..], &seal.signature[..], leaves.as_bytes());
    let parameters: [Parameter<'_>; 10] = [
        (&seal.number, Type::INT8),
        (&seal.first_position.0, Type::INT8),
        (&seal.last_position.0, Type::INT8),
        (&events, Type::INT4),
        (&leaves, Type::BYTEA),
        (&root, Type::BYTEA),
        (&prev_hash, Type::BYTEA),
        (&hash, Type::BYTEA),
        (&public_key, Type::BYTEA),
        (&signature, Type::BYTEA),
    ];
    match client.query_typed(ADD, &parameters).await {
        Ok(rows) => Ok(Some(rows[0].try_get(0)?)),
        Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The newest seal, if there is one.
pub async fn newest(client: &impl GenericClient) -> Result<Option<Seal>, Error> {
    client.query_typed(NEWEST, &[]).await?.first().map(read).transpose()
}

/// The newest seal's number, or 0: how many there are if none is missing.
pub(crate) async fn newest_number(client: &impl GenericClient) -> Result<u64, Error> {
    let rows = client.query_typed(NEWEST, &[]).await?;
    let number = rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0))?;
    Ok(number.unsigned_abs())
}

/// At most `limit` seals after a number, in order.
pub async fn page(client: &impl GenericClient, after: i64, limit: i64) -> Result<Vec<Seal>, Error> {
    let parameters: [Parameter<'_>; 2] = [(&after, Type::INT8), (&limit, Type::INT8)];
    client.query_typed(PAGE, &parameters).await?.iter().map(read).collect()
}

/// A seal with its leaves.
pub async fn seal(client: &impl GenericClient, number: i64) -> Result<Option<(Seal, Leaves)>, Error> {
    let rows = client.query_typed(ONE, &[(&number, Type::INT8)]).await?;
    rows.first().map(read_with_leaves).transpose()
}

/// At most `limit` seals after a number with their leaves, in order.
pub async fn with_leaves(
    client: &impl GenericClient,
    after: i64,
    limit: i64,
) -> Result<Vec<(Seal, Leaves)>, Error> {
    raw(client, after, limit).await?.iter().map(read_with_leaves).collect()
}

/// The same as rows, for those who expect some that cannot be read: number first.
pub(crate) async fn raw(client: &impl GenericClient, after: i64, limit: i64) -> Result<Vec<Row>, Error> {
    let parameters: [Parameter<'_>; 2] = [(&after, Type::INT8), (&limit, Type::INT8)];
    Ok(client.query_typed(WITH_LEAVES, &parameters).await?)
}

/// The seal of the block to which a position belongs, with its leaves; `None` if it is not sealed yet.
pub(crate) async fn covering(
    client: &impl GenericClient,
    position: Position,
) -> Result<Option<(Seal, Leaves)>, Error> {
    let rows = client.query_typed(COVERING, &[(&position.0, Type::INT8)]).await?;
    rows.first().map(read_with_leaves).transpose()
}

/// A key that signed seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub public_key: PublicKey,
    /// The first seal that it signed.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// How many.
    pub seals: i64,
}

/// Every key that ever signed a seal, oldest first.
pub async fn keys(client: &impl GenericClient) -> Result<Vec<KeyUse>, Error> {
    let rows = client.query_typed(KEYS, &[]).await?;
    rows.iter()
        .map(|row| {
            let public_key = PublicKey(hash(row.try_get(0)?)?);
            Ok(KeyUse { public_key, first: row.try_get(1)?, last: row.try_get(2)?, seals: row.try_get(3)? })
        })
        .collect()
}

/// An event with its hashed columns as texts.
pub(crate) struct Texts {
    pub position: Position,
    pub account: AccountId,
    pub stream: StreamId,
    pub version: i64,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub columns: Vec<Option<String>>,
}

/// At most `limit` events with `after < position <= until`, in order.
pub(crate) async fn block(
    client: &impl GenericClient,
    after: Position,
    until: Position,
    limit: i64,
) -> Result<Vec<Texts>, Error> {
    let parameters: [Parameter<'_>; 3] =
        [(&after.0, Type::INT8), (&until.0, Type::INT8), (&limit, Type::INT8)];
    client.query_typed(BLOCK, &parameters).await?.iter().map(texts).collect()
}

/// The event at a position.
pub(crate) async fn event(client: &impl GenericClient, position: Position) -> Result<Option<Texts>, Error> {
    client.query_typed(EVENT, &[(&position.0, Type::INT8)]).await?.first().map(texts).transpose()
}

/// The position of an event, searched for around a time.
pub(crate) async fn position_of(
    client: &impl GenericClient,
    id: EventId,
    around: DateTime<Utc>,
) -> Result<Option<Position>, Error> {
    let parameters: [Parameter<'_>; 2] = [(&id.0, Type::UUID), (&around, Type::TIMESTAMPTZ)];
    let rows = client.query_typed(EVENT_BY_ID, &parameters).await?;
    rows.first().map(|row| Ok(Position(row.try_get(0)?))).transpose()
}

/// An event's position and hash, and its place in its stream.
pub(crate) struct Placed {
    pub position: Position,
    pub hash: Vec<u8>,
    pub stream: StreamId,
    pub version: i64,
}

/// Every event of an account, in order of position.
pub(crate) async fn of_account(
    client: &impl GenericClient,
    account: AccountId,
) -> Result<Vec<Placed>, Error> {
    let rows = client.query_typed(OF_ACCOUNT, &[(&account.0, Type::UUID)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Placed {
                position: Position(row.try_get(0)?),
                hash: row.try_get(1)?,
                stream: StreamId(row.try_get(2)?),
                version: row.try_get(3)?,
            })
        })
        .collect()
}

/// Events that no seal covers.
pub(crate) struct Unsealed {
    pub events: u64,
    /// When the oldest of them was recorded.
    pub oldest: Option<DateTime<Utc>>,
    /// How long ago that was, by the database's clock.
    pub age: Duration,
}

/// The events after a position.
pub(crate) async fn unsealed(client: &impl GenericClient, after: Position) -> Result<Unsealed, Error> {
    let row = &client.query_typed(UNSEALED, &[(&after.0, Type::INT8)]).await?[0];
    let age_seconds: Option<f64> = row.try_get(2)?;
    Ok(Unsealed {
        events: row.try_get::<_, i64>(0)?.unsigned_abs(),
        oldest: row.try_get(1)?,
        age: Duration::try_from_secs_f64(age_seconds.unwrap_or(0.0)).unwrap_or_default(),
    })
}

/// Events that carry one of these hashes, or follow one: position, account, stream, version, hash, prev_hash.
pub(crate) async fn lost(client: &impl GenericClient, hashes: &[&[u8]]) -> Result<Vec<Row>, Error> {
    Ok(client.query_typed(LOST, &[(&hashes, Type::BYTEA_ARRAY)]).await?)
}

/// Reads a seal.
pub(crate) fn read(row: &Row) -> Result<Seal, Error> {
    let number: i64 = row.try_get(0)?;
    let signature: &[u8] = row.try_get(8)?;
    let of_seal = |problem: &str| unreadable(format!("seal {number}"), problem);
    Ok(Seal {
        number,
        first_position: Position(row.try_get(1)?),
        last_position: Position(row.try_get(2)?),
        events: u32::try_from(row.try_get::<_, i32>(3)?).map_err(|_| of_seal("it has a negative count"))?,
        root: hash(row.try_get(4)?)?,
        prev_hash: hash(row.try_get(5)?)?,
        hash: hash(row.try_get(6)?)?,
        public_key: PublicKey(hash(row.try_get(7)?)?),
        signature: signature.try_into().map_err(|_| of_seal("its signature is not 64 bytes long"))?,
        sealed_at: row.try_get(9)?,
    })
}

/// Reads a seal with its leaves.
pub(crate) fn read_with_leaves(row: &Row) -> Result<(Seal, Leaves), Error> {
    let seal = read(row)?;
    let leaves = Leaves::new(row.try_get(10)?)
        .ok_or_else(|| unreadable(format!("seal {}", seal.number), "its leaves are cut off"))?;
    Ok((seal, leaves))
}

fn texts(row: &Row) -> Result<Texts, Error> {
    Ok(Texts {
        position: Position(row.try_get(0)?),
        account: AccountId(row.try_get::<_, Uuid>(1)?),
        stream: StreamId(row.try_get::<_, Uuid>(2)?),
        version: row.try_get(3)?,
        prev_hash: row.try_get(4)?,
        hash: row.try_get(5)?,
        columns: row.try_get(6)?,
    })
}

fn count_column(events: u32) -> Result<i32, Error> {
    i32::try_from(events).map_err(|_| unreadable("a block".into(), "it has too many events"))
}

fn unreadable(event: String, problem: &str) -> Error {
    Error::Unreadable { event, problem: problem.to_owned() }
}
