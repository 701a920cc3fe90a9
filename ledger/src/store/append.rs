//! The one write of the log.
//!
//! Phases: all rows of a batch go in by one statement, so they are there together or not at all; the
//! primary key refuses a version that another process wrote first, the unique key an effect that was written
//! before. Never `on conflict do nothing`: one skipped row would falsify the balances after it. A connection
//! lost in between leaves the outcome open; `WRITTEN` settles it, because the rows carry their event ids.

use crate::draft::Row;
use crate::failpoint;
use crate::ids::Position;
use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Statement};

/// Inserts a batch in the order given and returns the positions in that order.
///
/// The arrays are unnested in the select list, where they advance together row by row. In `from` each of them would
/// first be copied into a tuple store of its own, which took a quarter of the statement's time.
pub(crate) const APPEND: &str = r"
insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, balance_after,
    job_id, payload, state, idempotency_key, request_hash, actor, request_id, causation_id, occurred_at,
    prev_hash, hash)
select unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::uuid[]), unnest($5::text[]),
    unnest($18::smallint[]), unnest($6::numeric[]), unnest($7::numeric[]), unnest($8::uuid[]), unnest($9::json[]),
    unnest($10::json[]), unnest($11::text[]), unnest($12::bytea[]), unnest($13::text[]), unnest($14::text[]),
    unnest($15::uuid[]), unnest($16::timestamptz[]), unnest($17::bytea[]), unnest($19::bytea[])
returning position";

/// Which of these rows are in the log, told by their event ids, with their positions.
pub(crate) const WRITTEN: &str = r"
select event.position
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[]) with ordinality
    as asked(account_id, stream_id, version, event_id, place)
cross join lateral (
    select position, event_id from events
    where account_id = asked.account_id and stream_id = asked.stream_id and version = asked.version
    limit 1
) event
where event.event_id = asked.event_id
order by place";

/// Inserts the rows; the positions come back in their order.
pub(crate) async fn append(
    client: &Client,
    statement: &Statement,
    rows: &[Row],
) -> Result<Vec<Position>, Error> {
    macro_rules! column {
        ($field:ident) => {
            rows.iter().map(|row| row.$field).collect::<Vec<_>>()
        };
    }
    macro_rules! text {
        ($field:ident) => {
            rows.iter().map(|row| &*row.$field).collect::<Vec<_>>()
        };
    }
    let names = column!(name);
    let payloads: Vec<_> = rows.iter().map(|row| Json(&row.payload)).collect();
    let states: Vec<_> = rows.iter().map(|row| row.state.as_deref().map(Json)).collect();
    let keys: Vec<_> = rows.iter().map(|row| row.idempotency_key.as_deref()).collect();
    let request_hashes: Vec<_> =
        rows.iter().map(|row| row.request_hash.as_ref().map(<[u8; 32]>::as_slice)).collect();
    let prev_hashes: Vec<&[u8]> = rows.iter().map(|row| row.prev_hash.as_slice()).collect();
    let hashes: Vec<&[u8]> = rows.iter().map(|row| row.hash.as_slice()).collect();
    failpoint::pass("ledger.append.before");
    let written = client
        .query(
            statement,
            &[
                &column!(account_id),
                &column!(stream_id),
                &column!(version),
                &column!(event_id),
                &names,
                &column!(amount),
                &column!(balance_after),
                &column!(job_id),
                &payloads,
                &states,
                &keys,
                &request_hashes,
                &text!(actor),
                &text!(request_id),
                &column!(causation_id),
                &column!(occurred_at),
                &prev_hashes,
                &column!(schema_version),
                &hashes,
            ],
        )
        .await?;
    failpoint::pass("ledger.append.after");
    Ok(written.iter().map(|row| Position(row.get(0))).collect())
}

/// Text that is JSON already. Sent as it is: these exact bytes were hashed.
#[derive(Debug)]
struct Json<'a>(&'a str);

impl ToSql for Json<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::JSON
    }

    to_sql_checked!();
}

/// The positions of those rows that are in the log under these event ids, in their order.
pub(crate) async fn written(client: &Client, rows: &[Row]) -> Result<Vec<Position>, Error> {
    let accounts: Vec<_> = rows.iter().map(|row| row.account_id).collect();
    let streams: Vec<_> = rows.iter().map(|row| row.stream_id).collect();
    let versions: Vec<_> = rows.iter().map(|row| row.version).collect();
    let ids: Vec<_> = rows.iter().map(|row| row.event_id).collect();
    let found = client.query(WRITTEN, &[&accounts, &streams, &versions, &ids]).await?;
    Ok(found.iter().map(|row| Position(row.get(0))).collect())
}
