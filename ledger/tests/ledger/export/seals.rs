//! Seals go with the events that they cover.

use crate::export::rig::{batches, cell, export, fill, hex_sha256, told};
use crate::support::{Bench, bench, user};
use ledger::Position;
use ledger::export::{Bound, Dataset, Format, SEAL_COLUMNS, Selection};

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
