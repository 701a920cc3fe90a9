//! Every format says every byte of every column, as the table has it.

use crate::export::rig::{
    FORMATS, PROMPTS, batches, busy, cell, export, hex_sha256, of_account, shown, table, told, unhex,
};
use crate::support::bench;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_schema::DataType;
use ledger::export::{COLUMNS, Format, Selection};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

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
        assert_eq!(trailer["hashes_sha256"], hex::encode(hashes.finalize()));
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
