//! Which events an export has: one account, a range of positions or of time, and one moment.

use crate::export::rig::{busy, buy, export, of_account, open, rest, shown, table, told};
use crate::support::{bench, user};
use ledger::export::{Bound, Export, ExportError, Format, Selection};
use ledger::{Position, Role};

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
