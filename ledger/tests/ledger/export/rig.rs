//! A log with something of everything, and how a test reads what was exported of it.

use crate::support::{Bench, bench, context, credits, fail, request, user, with_key};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;
use ledger::export::{COLUMNS, Export, Format, MANIFEST_KEY, Manifest, Selection};
use ledger::job::{FailureClass, JobCommand, LateCancel, Price};
use ledger::{Action, Command, JobId, NewJob, Role, UserId};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

pub(crate) const FORMATS: [Format; 3] = [Format::Ndjson, Format::Csv, Format::Parquet];

/// Texts that a careless writer breaks on.
pub(crate) const PROMPTS: [&str; 6] = [
    "say \"hello\", twice",
    "two\nlines\r\nand a tab\t",
    "Ünïcödé 🦊 – 漢字 \u{2028}",
    "=cmd|' /C calc'!A0",
    ",,,",
    "a back\\slash and {\"json\": [1]}",
];

pub(crate) async fn open(bench: &Bench, selection: Selection, format: Format) -> Export {
    let client = bench.database.connect(Role::Exporter).await.unwrap();
    Export::open(client, selection, format).await.unwrap()
}

pub(crate) async fn rest(export: &mut Export) -> Vec<u8> {
    let mut file = Vec::new();
    while let Some(chunk) = export.next_chunk().await.unwrap() {
        assert!(!chunk.is_empty());
        file.extend_from_slice(&chunk);
    }
    file
}

pub(crate) async fn export(bench: &Bench, selection: Selection, format: Format) -> (Vec<u8>, Manifest) {
    let mut export = open(bench, selection, format).await;
    let file = rest(&mut export).await;
    (file, export.manifest().unwrap().clone())
}

pub(crate) fn of_account(name: &str) -> Selection {
    Selection { account: Some(user(name).account()), ..Selection::default() }
}

pub(crate) async fn buy(bench: &Bench, user: &UserId, prompt: &str, key: Option<&str>) -> JobId {
    let job_id = JobId::generate();
    let command = Command {
        account: user.account(),
        context: context(ledger::Actor::User(user.to_string())),
        idempotency: None,
        action: Action::Queue {
            jobs: vec![NewJob {
                job_id,
                request: request(prompt),
                price: Price::Fixed(credits("0.25")),
                late_cancel: LateCancel::REFUND,
            }],
        },
    };
    let command = match key {
        Some(key) => with_key(command, key, 7),
        None => command,
    };
    let _ = bench.ledger.execute(command).await.unwrap();
    job_id
}

/// A log with several accounts, all kinds of endings and every awkward text.
pub(crate) async fn busy() -> Bench {
    let bench = bench().await;
    let users: Vec<_> = ["alice", "bob", "zoë \"z\", ünï"].map(user).into();
    futures::future::join_all(users.iter().map(async |user| {
        bench.grant(user, "100").await;
        for (n, prompt) in PROMPTS.iter().enumerate() {
            let job = buy(&bench, user, prompt, (n % 2 == 0).then(|| format!("key-{n}")).as_deref()).await;
            match n % 3 {
                0 => drop(bench.job(user, job, JobCommand::Cancel).await.unwrap()),
                1 => {
                    let fencing = bench.started(user, job).await;
                    let _ = bench.job(user, job, fail(fencing, FailureClass::Permanent)).await.unwrap();
                }
                _ => {}
            }
        }
    }))
    .await;
    bench
}

/// Fills the log with rows that no ledger wrote: only their number matters.
pub(crate) async fn fill(bench: &Bench, rows: u32) {
    let owner = bench.owner().await;
    let script = format!(
        "insert into events (account_id, stream_id, version, event_id, type, schema_version, payload, actor, \
            request_id, occurred_at, prev_hash, hash) \
         select '{account}', '{account}', n, gen_random_uuid(), 'job.queued', 1, \
            json_build_object('n', n, 'text', repeat(md5(n::text), 4)), 'system:test', 'test', now(), \
            sha256(n::text::bytea), sha256((n + 1)::text::bytea) from generate_series(1, {rows}) n",
        account = user("full").account()
    );
    owner.batch_execute(&script).await.unwrap();
}

pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The table as Postgres itself writes it, by column: what every file must say.
pub(crate) async fn table(bench: &Bench, order: &str) -> Vec<HashMap<&'static str, Option<String>>> {
    let micros = "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'";
    let shown = COLUMNS.map(|column| match column {
        "request_hash" | "prev_hash" | "hash" => format!("encode({column}, 'hex')"),
        "occurred_at" | "recorded_at" => format!("to_char({column} at time zone 'UTC', {micros})"),
        _ => format!("{column}::text"),
    });
    let sql = format!("select {} from events order by {order}", shown.join(", "));
    let rows = bench.owner().await.query(&sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| COLUMNS.iter().enumerate().map(|(n, column)| (*column, row.get(n))).collect())
        .collect()
}

pub(crate) fn lines(file: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The events and the trailer of an NDJSON file.
pub(crate) fn told(file: &[u8]) -> (Vec<Value>, Value) {
    let mut lines = lines(file);
    let trailer = lines.pop().unwrap()["export"].take();
    assert_eq!(trailer["format"], "cooly-export/1");
    (lines, trailer)
}

pub(crate) fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

pub(crate) fn batches(file: Vec<u8>) -> (Vec<RecordBatch>, Value, Vec<i64>) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
    let metadata = builder.metadata().clone();
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let manifest = pairs.iter().find(|pair| pair.key == MANIFEST_KEY).unwrap().value.as_deref().unwrap();
    let groups = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
    let batches = builder.build().unwrap().map(Result::unwrap).collect();
    (batches, serde_json::from_str(manifest).unwrap(), groups)
}

pub(crate) fn cell(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let values = batch.column_by_name(column).unwrap();
    if values.is_null(row) {
        return None;
    }
    Some(match values.data_type() {
        DataType::Int64 => values.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Int16 => values.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC" => {
            let micros = values.as_primitive::<TimestampMicrosecondType>().value(row);
            chrono::DateTime::from_timestamp_micros(micros)
                .unwrap()
                .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
        }
        DataType::Utf8 => values.as_string::<i32>().value(row).to_owned(),
        other => panic!("{column}: {other}"),
    })
}
