//! An export is a stream: of bounded memory, never cut off unnoticed, and over when nobody reads it.

use crate::export::rig::{FORMATS, batches, busy, fill, of_account, open, rest};
use crate::support::bench;
use arrow_array::RecordBatch;
use ledger::export::{ExportError, Format, PAGE_ROWS, ROW_GROUP_ROWS, Selection};

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
