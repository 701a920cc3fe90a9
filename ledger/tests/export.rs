//! Exports are the log itself: every byte of every column, in every format, of one moment.

mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int16Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;
use ledger::export::{
    Bound, COLUMNS, Dataset, Export, ExportError, Format, MANIFEST_KEY, Manifest, PAGE_ROWS, ROW_GROUP_ROWS,
    SEAL_COLUMNS, Selection,
};
use ledger::job::{FailureClass, JobCommand, Price};
use ledger::{Action, Command, JobId, NewJob, Position, Role, UserId};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use support::{Bench, bench, context, credits, fail, request, user, with_key};

const FORMATS: [Format; 3] = [Format::Ndjson, Format::Csv, Format::Parquet];

/// Texts that a careless writer breaks on.
const PROMPTS: [&str; 6] = [
    "say \"hello\", twice",
    "two\nlines\r\nand a tab\t",
    "Ünïcödé 🦊 – 漢字 \u{2028}",
    "=cmd|' /C calc'!A0",
    ",,,",
    "a back\\slash and {\"json\": [1]}",
];

async fn open(bench: &Bench, selection: Selection, format: Format) -> Export {
    let client = bench.database.connect(Role::Exporter).await.unwrap();
    Export::open(client, selection, format).await.unwrap()
}

async fn rest(export: &mut Export) -> Vec<u8> {
    let mut file = Vec::new();
    while let Some(chunk) = export.next_chunk().await.unwrap() {
        assert!(!chunk.is_empty());
        file.extend_from_slice(&chunk);
    }
    file
}

async fn export(bench: &Bench, selection: Selection, format: Format) -> (Vec<u8>, Manifest) {
    let mut export = open(bench, selection, format).await;
    let file = rest(&mut export).await;
    (file, export.manifest().unwrap().clone())
}

fn of_account(name: &str) -> Selection {
    Selection { account: Some(user(name).account()), ..Selection::default() }
}

async fn buy(bench: &Bench, user: &UserId, prompt: &str, key: Option<&str>) -> JobId {
    let job_id = JobId::generate();
    let command = Command {
        account: user.account(),
        context: context(ledger::Actor::User(user.to_string())),
        idempotency: None,
        action: Action::Queue {
            jobs: vec![NewJob { job_id, request: request(prompt), price: Price::Fixed(credits("0.25")) }],
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
async fn busy() -> Bench {
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

fn hex_sha256(bytes: &[u8]) -> String {
    ledger::chain::hex(&Sha256::digest(bytes))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The table as Postgres itself writes it, by column: what every file must say.
async fn table(bench: &Bench, order: &str) -> Vec<HashMap<&'static str, Option<String>>> {
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

fn lines(file: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The events and the trailer of an NDJSON file.
fn told(file: &[u8]) -> (Vec<Value>, Value) {
    let mut lines = lines(file);
    let trailer = lines.pop().unwrap()["export"].take();
    assert_eq!(trailer["format"], "cooly-export/1");
    (lines, trailer)
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[tokio::test]
async fn every_column_of_the_table_is_exported() {
    let client = bench().await.owner().await;
    let columns = "select column_name::text from information_schema.columns \
                   where table_name = 'events' and table_schema = 'public' order by ordinal_position";
    let rows = client.query(columns, &[]).await.unwrap();
    let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(columns, COLUMNS, "the log has other columns now: export them too");
}

#[tokio::test]
async fn ndjson_is_the_table_line_by_line() {
    let bench = busy().await;
    let (file, manifest) = export(&bench, Selection::default(), Format::Ndjson).await;
    let (events, trailer) = told(&file);
    let table = table(&bench, "events.position").await;
    assert_eq!(events.len(), table.len());
    for (event, row) in events.iter().zip(&table) {
        let names: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), COLUMNS.len());
        for column in COLUMNS {
            assert_eq!(shown(&event[column]), row[column], "{column}");
        }
    }
    let (first, last) = (&events[0]["position"], &events[events.len() - 1]["position"]);
    assert_eq!((&trailer["first_position"], &trailer["last_position"]), (first, last));
    assert_eq!(trailer["events"], events.len());
    let end = file[..file.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    assert_eq!(trailer["sha256"], hex_sha256(&file[..=end]));
    assert_eq!(manifest.sha256.unwrap(), hex_sha256(&file));
}

/// What `docs/audit.md` says is hashed, made from a line of the file and nothing else.
fn computed(event: &Value) -> String {
    let at = chrono::DateTime::parse_from_rfc3339(event["occurred_at"].as_str().unwrap()).unwrap();
    let mut text = unhex(event["prev_hash"].as_str().unwrap());
    for column in COLUMNS.iter().filter(|column| {
        !matches!(**column, "position" | "recorded_at" | "prev_hash" | "hash" | "occurred_at")
    }) {
        let field = shown(&event[*column]);
        text.extend(field.map_or("-".into(), |field| format!("{}:{field}", field.len())).bytes());
    }
    let at = at.timestamp_micros().to_string();
    text.extend(format!("{}:{at}", at.len()).bytes());
    hex_sha256(&text)
}

#[tokio::test]
async fn every_hash_chain_can_be_computed_from_the_file_alone() {
    let bench = busy().await;
    for selection in [Selection::default(), of_account("alice")] {
        let (file, _) = export(&bench, selection, Format::Ndjson).await;
        let mut heads: HashMap<String, (i64, String)> = HashMap::new();
        let (events, trailer) = told(&file);
        let mut hashes = Sha256::new();
        for event in &events {
            let head = heads.entry(event["stream_id"].to_string()).or_insert((0, "0".repeat(64)));
            assert_eq!(event["version"], head.0 + 1, "{event}");
            assert_eq!(event["prev_hash"], head.1, "{event}");
            assert_eq!(event["hash"], computed(event), "{event}");
            hashes.update(unhex(event["hash"].as_str().unwrap()));
            *head = (head.0 + 1, event["hash"].as_str().unwrap().to_owned());
        }
        assert!(heads.len() > PROMPTS.len());
        assert_eq!(trailer["hashes_sha256"], ledger::chain::hex(&hashes.finalize()));
    }
}

#[tokio::test]
async fn csv_goes_through_a_reader_and_is_the_table() {
    let bench = busy().await;
    let (file, manifest) = export(&bench, Selection::default(), Format::Csv).await;
    assert!(file.starts_with(b"position,account_id,stream_id,version,") && file.ends_with(b"\r\n"));
    let mut reader = csv::Reader::from_reader(file.as_slice());
    assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
    let table = table(&bench, "events.position").await;
    let mut records = 0;
    for (record, row) in reader.records().zip(&table) {
        let record = record.unwrap();
        for (field, column) in record.iter().zip(COLUMNS) {
            assert_eq!(Some(field).filter(|field| !field.is_empty()), row[column].as_deref(), "{column}");
        }
        records += 1;
    }
    assert_eq!((records, manifest.events), (table.len(), table.len() as u64));
    let payloads: String = table.iter().filter_map(|row| row["payload"].clone()).collect();
    for prompt in PROMPTS {
        assert!(payloads.contains(&serde_json::to_string(prompt).unwrap()), "{prompt}");
    }
}

fn batches(file: Vec<u8>) -> (Vec<RecordBatch>, Value, Vec<i64>) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
    let metadata = builder.metadata().clone();
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let manifest = pairs.iter().find(|pair| pair.key == MANIFEST_KEY).unwrap().value.as_deref().unwrap();
    let groups = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
    let batches = builder.build().unwrap().map(Result::unwrap).collect();
    (batches, serde_json::from_str(manifest).unwrap(), groups)
}

fn cell(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
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

#[tokio::test]
async fn parquet_goes_through_a_reader_and_is_the_table() {
    let bench = busy().await;
    let (file, manifest) = export(&bench, Selection::default(), Format::Parquet).await;
    assert_eq!(manifest.sha256.as_deref(), Some(hex_sha256(&file).as_str()));
    let (batches, footer, _) = batches(file);
    let table = table(&bench, "events.position").await;
    let mut rows = table.iter();
    for batch in &batches {
        for n in 0..batch.num_rows() {
            let row = rows.next().unwrap();
            for column in COLUMNS {
                let stored = match column {
                    "amount" => "amount_text",
                    "balance_after" => "balance_after_text",
                    same => same,
                };
                assert_eq!(cell(batch, stored, n), row[column], "{column}");
            }
            for column in ["amount", "balance_after"] {
                let decimals = batch.column_by_name(column).unwrap();
                assert_eq!(decimals.data_type(), &DataType::Decimal128(38, 6));
                let decimals = decimals.as_primitive::<Decimal128Type>();
                let millionths = decimals.is_valid(n).then(|| decimals.value(n));
                let expected = row[column].as_ref().map(|text| {
                    (text.parse::<rust_decimal::Decimal>().unwrap() * rust_decimal::Decimal::from(1_000_000))
                        .try_into()
                        .unwrap()
                });
                assert_eq!(millionths, expected, "{column}");
            }
        }
    }
    assert!(rows.next().is_none());
    assert_eq!(footer["events"], table.len());
    assert_eq!(footer["hashes_sha256"], manifest.hashes_sha256);
    assert!(footer.get("sha256").is_none());
}

#[tokio::test]
async fn all_formats_say_the_same_and_an_empty_log_is_a_file_too() {
    for bench in [busy().await, bench().await] {
        let mut hashes = Vec::new();
        for format in FORMATS {
            let (file, manifest) = export(&bench, Selection::default(), format).await;
            assert!(!file.is_empty());
            hashes.push((manifest.events, manifest.hashes_sha256));
        }
        assert!(hashes.iter().all(|same| *same == hashes[0]), "{hashes:?}");
    }
    let empty = bench().await;
    let (csv, _) = export(&empty, Selection::default(), Format::Csv).await;
    assert_eq!(csv, format!("{}\r\n", COLUMNS.join(",")).into_bytes());
    let (batches, footer, _) = batches(export(&empty, Selection::default(), Format::Parquet).await.0);
    assert_eq!((batches.len(), &footer["first_position"]), (0, &Value::Null));
}

#[tokio::test]
async fn one_account_is_exported_alone_stream_by_stream() {
    let bench = busy().await;
    let (file, manifest) = export(&bench, of_account("bob"), Format::Ndjson).await;
    let (events, _) = told(&file);
    let account = user("bob").account().to_string();
    assert_eq!(manifest.account_id.as_ref(), Some(&account));
    let table = table(&bench, "events.stream_id, events.version").await;
    let wanted: Vec<_> = table.iter().filter(|row| row["account_id"].as_ref() == Some(&account)).collect();
    assert_eq!(events.len(), wanted.len());
    for (event, row) in events.iter().zip(wanted) {
        assert_eq!(shown(&event["event_id"]), row["event_id"]);
    }
    let client = bench.database.connect(Role::Exporter).await.unwrap();
    let nobody = Export::open(client, of_account("nobody"), Format::Ndjson).await;
    assert!(matches!(nobody.map(drop), Err(ExportError::NoAccount)));
}

#[tokio::test]
async fn ranges_of_positions_fit_together_without_gap_or_overlap() {
    let bench = busy().await;
    let whole = told(&export(&bench, Selection::default(), Format::Ndjson).await.0).0;
    let middle = Position(whole[whole.len() / 2]["position"].as_i64().unwrap());
    let first = Selection { until: Some(Bound::Position(middle)), ..Selection::default() };
    let (first, manifest) = export(&bench, first, Format::Ndjson).await;
    assert_eq!(manifest.continue_from, Some(middle.0));
    bench.grant(&user("late"), "1").await;
    let since = manifest.continue_from.map(|from| Bound::Position(Position(from)));
    let (second, manifest) =
        export(&bench, Selection { since, ..Selection::default() }, Format::Ndjson).await;
    let joined = [told(&first).0, told(&second).0].concat();
    assert_eq!(joined[..whole.len()], whole);
    assert_eq!(joined.len(), whole.len() + 1, "and the one that came in between");
    let since = manifest.continue_from.map(|from| Bound::Position(Position(from)));
    let (third, again) = export(&bench, Selection { since, ..Selection::default() }, Format::Ndjson).await;
    assert_eq!(told(&third).0.len(), 0);
    assert_eq!(again.continue_from, manifest.continue_from);
    let beyond = Selection { since: Some(Bound::Position(Position(i64::MAX))), ..Selection::default() };
    assert_eq!(told(&export(&bench, beyond, Format::Ndjson).await.0).0.len(), 0);
}

#[tokio::test]
async fn ranges_of_time_are_exact_whatever_the_order_of_positions() {
    let bench = busy().await;
    let owner = bench.owner().await;
    // Clocks do go back: the last event looks older than the first.
    let script = "set session_replication_role = replica;
        update events set recorded_at = timestamptz '2026-03-01' + position * interval '1 hour';
        update events set recorded_at = '2026-02-01' where position = (select max(position) from events)";
    owner.batch_execute(script).await.unwrap();
    for (since, until) in [
        (None, Some("2026-03-01")),
        (Some("2026-03-01T03:00:00Z"), Some("2026-03-01T09:00:00Z")),
        (Some("2026-03-01T03:00:00Z"), None),
        (Some("2026-01-01"), None),
        (Some("2030-01-01"), None),
        (None, Some("2000-01-01")),
    ] {
        let bounds = [since, until].map(|bound| bound.map(|text| text.parse::<Bound>().unwrap()));
        for account in [None, Some(user("alice").account())] {
            let selection = Selection { account, since: bounds[0], until: bounds[1], ..Selection::default() };
            let (file, manifest) = export(&bench, selection, Format::Ndjson).await;
            let found = told(&file).0.len() as i64;
            let mut condition = format!(
                "recorded_at >= '{}' and recorded_at < '{}'",
                since.unwrap_or("-infinity"),
                until.unwrap_or("infinity")
            );
            if let Some(account) = account {
                condition += &format!(" and account_id = '{account}'");
            }
            assert_eq!(found, bench.count(&condition).await, "{condition}");
            assert_eq!(manifest.continue_from.is_none(), until.is_some());
        }
    }
}

#[tokio::test]
async fn what_is_appended_meanwhile_is_not_in_the_file() {
    let bench = busy().await;
    let before = bench.count("true").await;
    for (selection, late) in [(Selection::default(), "late for all"), (of_account("alice"), "late for alice")]
    {
        let condition =
            selection.account.map_or("true".into(), |account| format!("account_id = '{account}'"));
        let expected = bench.count(&condition).await;
        let mut export = open(&bench, selection, Format::Ndjson).await;
        buy(&bench, &user("alice"), late, None).await;
        let mut file = export.next_chunk().await.unwrap().unwrap().to_vec();
        buy(&bench, &user("alice"), late, None).await;
        file.extend(rest(&mut export).await);
        let (events, _) = told(&file);
        assert_eq!(events.len() as i64, expected);
        assert!(!String::from_utf8(file).unwrap().contains(late));
        let jobs = events.iter().filter(|event| event["type"] == "job.queued").count();
        let debits = events.iter().filter(|event| event["type"] == "credits.debited").count();
        assert_eq!(jobs, debits, "no half purchase");
    }
    assert_eq!(bench.count("true").await, before + 8);
}

#[tokio::test]
async fn an_export_waits_for_writers_that_hold_a_lower_position() {
    let bench = bench().await;
    bench.grant(&user("alice"), "1").await;
    let (mut slow, late) = (bench.owner().await, bench.owner().await);
    let copy = "insert into events (account_id, stream_id, version, event_id, type, schema_version, payload, actor, \
        request_id, occurred_at, prev_hash, hash) select account_id, gen_random_uuid(), 1, gen_random_uuid(), \
        'job.queued', 1, payload, actor, request_id, occurred_at, prev_hash, hash from events limit 1";
    let transaction = slow.transaction().await.unwrap();
    transaction.batch_execute(copy).await.unwrap();
    late.batch_execute(copy).await.unwrap();
    let client = bench.database.connect(Role::Exporter).await.unwrap();
    let opening = Export::open(client, Selection::default(), Format::Ndjson);
    let (opened, committed) = tokio::join!(opening, transaction.commit());
    committed.unwrap();
    let file = rest(&mut opened.unwrap()).await;
    assert_eq!(told(&file).0.len(), 3, "the lower position was not left out");

    let transaction = slow.transaction().await.unwrap();
    transaction.batch_execute(copy).await.unwrap();
    let client = bench.database.connect(Role::Exporter).await.unwrap();
    let refused = Export::open(client, Selection::default(), Format::Ndjson).await;
    assert!(matches!(refused.map(drop), Err(ExportError::Unsettled)));
}

/// Fills the log with rows that no ledger wrote: only their number matters.
async fn fill(bench: &Bench, rows: u32) {
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

#[tokio::test]
async fn memory_holds_one_page_or_one_row_group_however_long_the_log_is() {
    let bench = bench().await;
    let rows = ROW_GROUP_ROWS + 1_100;
    fill(&bench, rows as u32).await;
    for selection in [Selection::default(), of_account("full")] {
        let mut export = open(&bench, selection, Format::Ndjson).await;
        let (mut chunks, mut longest, mut last_progress) = (0, 0, 0);
        while let Some(chunk) = export.next_chunk().await.unwrap() {
            chunks += 1;
            longest = longest.max(chunk.iter().filter(|byte| **byte == b'\n').count());
            if let Some((done, total)) = export.progress() {
                assert!(done > last_progress && done <= total);
                last_progress = done;
            }
        }
        assert_eq!((chunks, longest), (rows.div_ceil(PAGE_ROWS) + 1, PAGE_ROWS));
        assert_eq!(export.manifest().unwrap().events, rows as u64);
    }
    let mut export = open(&bench, Selection::default(), Format::Parquet).await;
    let first = export.next_chunk().await.unwrap().unwrap();
    assert_eq!(export.events(), ROW_GROUP_ROWS as u64, "a full row group goes out at once");
    let file = [first.to_vec(), rest(&mut export).await].concat();
    let (batches, _, groups) = batches(file);
    assert_eq!(groups, [ROW_GROUP_ROWS as i64, 1_100]);
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), rows);
}

#[tokio::test]
async fn a_broken_connection_is_an_error_and_never_an_end() {
    let bench = bench().await;
    fill(&bench, 5_000).await;
    for format in FORMATS {
        let mut export = open(&bench, Selection::default(), format).await;
        if format != Format::Parquet {
            export.next_chunk().await.unwrap().unwrap();
        }
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
            where application_name = 'cooly-exporter' and datname = current_database()";
        let killed: i64 = bench.owner().await.query_one(kill, &[]).await.unwrap().get(0);
        assert_eq!(killed, 1);
        let broken = loop {
            match export.next_chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "it ended as if it were whole"),
                Err(error) => break error,
            }
        };
        assert!(matches!(broken, ExportError::Ledger(_)), "{broken}");
        assert!(matches!(export.next_chunk().await, Err(ExportError::Broken)));
        assert!(export.manifest().is_none());
    }
}

#[tokio::test]
async fn dropping_an_export_ends_its_connection() {
    let bench = busy().await;
    let mut export = open(&bench, Selection::default(), Format::Ndjson).await;
    export.next_chunk().await.unwrap().unwrap();
    let owner = bench.owner().await;
    let open = "select count(*) from pg_stat_activity \
        where application_name = 'cooly-exporter' and datname = current_database()";
    let count = async || -> i64 { owner.query_one(open, &[]).await.unwrap().get(0) };
    assert_eq!(count().await, 1);
    drop(export);
    while count().await > 0 {
        tokio::task::yield_now().await;
    }
}

/// Seals of blocks of ten positions, made by hand.
async fn seal(bench: &Bench, blocks: i64) {
    let script = format!(
        "create table if not exists seals (number bigint primary key, first_position bigint not null, \
            last_position bigint not null, events integer not null, leaves bytea not null, root bytea not null, \
            prev_hash bytea not null, hash bytea not null, public_key bytea not null, signature bytea not null, \
            sealed_at timestamptz not null default statement_timestamp());
         grant select on seals to cooly_reader;
         insert into seals (number, first_position, last_position, events, leaves, root, prev_hash, hash, \
            public_key, signature) \
         select n, n * 10 - 9, n * 10, 1, decode(repeat('0a', 40), 'hex'), sha256(n::text::bytea), \
            sha256('p'), sha256('h'), sha256('k'), decode(repeat('5e', 64), 'hex') from generate_series(1, {blocks}) n"
    );
    bench.owner().await.batch_execute(&script).await.unwrap();
}

#[tokio::test]
async fn seals_that_cover_the_range_go_with_it() {
    let bench = bench().await;
    fill(&bench, 100).await;
    let (_, manifest) = export(&bench, Selection::default(), Format::Ndjson).await;
    assert_eq!(manifest.seals, 0, "no seals yet");
    seal(&bench, 10).await;
    let some = Selection {
        since: Some(Bound::Position(Position(15))),
        until: Some(Bound::Position(Position(61))),
        ..Selection::default()
    };
    for (selection, numbers) in [
        (Selection::default(), 1..=10),
        (some, 2..=6),
        (Selection { account: Some(user("full").account()), ..some }, 2..=6),
    ] {
        let wanted: Vec<i64> = numbers.collect();
        let (file, manifest) = export(&bench, selection, Format::Ndjson).await;
        let (lines, trailer) = told(&file);
        let sealed: Vec<_> = lines.iter().filter_map(|line| line.get("seal")).collect();
        let numbers: Vec<_> = sealed.iter().map(|seal| seal["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, wanted);
        assert_eq!((&trailer["seals"], manifest.seals), (&wanted.len().into(), wanted.len() as u64));
        let names: Vec<_> = sealed[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert!(
            SEAL_COLUMNS.iter().all(|column| names.contains(column)) && names.len() == SEAL_COLUMNS.len()
        );
        assert_eq!(sealed[0]["signature"], "5e".repeat(64));

        let alone = Selection { dataset: Dataset::Seals, ..selection };
        let (file, manifest) = export(&bench, alone, Format::Csv).await;
        let mut reader = csv::Reader::from_reader(file.as_slice());
        assert_eq!(reader.headers().unwrap(), SEAL_COLUMNS.as_slice());
        let numbers: Vec<i64> = reader.records().map(|seal| seal.unwrap()[0].parse().unwrap()).collect();
        assert_eq!((numbers, manifest.events), (wanted.clone(), 0));
        let (batches, footer, _) = batches(export(&bench, alone, Format::Parquet).await.0);
        let roots: Vec<_> =
            (0..batches[0].num_rows()).map(|row| cell(&batches[0], "root", row).unwrap()).collect();
        let expected: Vec<_> = wanted.iter().map(|n| hex_sha256(n.to_string().as_bytes())).collect();
        assert_eq!((roots, &footer["dataset"]), (expected, &"seals".into()));
    }
}

#[tokio::test]
async fn a_log_that_was_tampered_with_is_exported_as_it_is() {
    let bench = busy().await;
    let script = "set session_replication_role = replica;
        update events set payload = '{ \"two\" :\n 2 }', amount = 0.00000012345 where type = 'credits.granted'";
    bench.owner().await.batch_execute(script).await.unwrap();
    for format in FORMATS {
        let (file, manifest) = export(&bench, Selection::default(), format).await;
        assert_eq!(manifest.events as i64, bench.count("true").await);
        match format {
            Format::Ndjson => {
                let (events, _) = told(&file);
                let changed = events.iter().find(|event| event["type"] == "credits.granted").unwrap();
                assert_eq!(changed["payload"], "{ \"two\" :\n 2 }");
                assert_eq!(changed["amount"], "0.00000012345");
            }
            Format::Csv => assert!(String::from_utf8(file).unwrap().contains("\"{ \"\"two\"\" :\n 2 }\"")),
            Format::Parquet => {
                let (batches, _, _) = batches(file);
                let nulls = batches[0].column_by_name("amount").unwrap().null_count();
                let texts = batches[0].column_by_name("amount_text").unwrap().null_count();
                assert_eq!(nulls, texts + 3, "what does not fit is null beside its text");
            }
        }
    }
}
