//! The SQL of `docs/audit.md` as an auditor runs it: it answers nothing on a log that is right, and finds what was
//! done to one that is not.

use crate::support;

use ledger::job::{JobCommand, Price};
use support::told::{tamper, told};

/// The statements that answer nothing on a log that is right, in the order of the page.
const CHECKS: [&str; 7] = ["chain", "balances", "columns", "lots", "holds", "job books", "keys"];

fn documented() -> Vec<&'static str> {
    let page = include_str!("../../../docs/audit.md");
    // The statements about seals have tests of their own.
    let page = page.split("## Sealed blocks").next().unwrap();
    let statements: Vec<&str> =
        page.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(statements.len(), 11, "the page gained or lost a statement: say here which are checks");
    statements[2..9].to_vec()
}

fn check(name: &str) -> &'static str {
    documented()[CHECKS.iter().position(|check| *check == name).unwrap()]
}

#[tokio::test]
async fn on_a_log_that_is_right_every_statement_answers_nothing() {
    let bench = told().await;
    let auditor = bench.database.connect(ledger::Role::Reader).await.unwrap();
    for (name, statement) in CHECKS.iter().zip(documented()) {
        let found = auditor.query(statement, &[]).await.unwrap();
        assert_eq!(found.len(), 0, "{name}: {found:?}");
    }
}

/// Jobs whose refunds wait, then are made, or pay for another run.
#[tokio::test]
async fn a_refund_that_waits_is_no_breach() {
    let bench = support::bench().await;
    let alice = support::user("alice");
    bench.grant(&alice, "3").await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(bench.queued(&alice, "1").await);
    }
    bench.grant(&alice, "1000000000000").await;
    for job in &jobs {
        bench.job(&alice, *job, JobCommand::Cancel).await.unwrap();
    }
    bench.ask(&alice, support::adjust(&alice, "-5", false)).await.unwrap();
    bench.job(&alice, jobs[0], support::refund(None)).await.unwrap();
    bench.job(&alice, jobs[1], JobCommand::Rerun).await.unwrap();
    bench.job(&alice, jobs[1], JobCommand::Cancel).await.unwrap();
    let auditor = bench.database.connect(ledger::Role::Reader).await.unwrap();
    for (name, statement) in CHECKS.iter().zip(documented()) {
        let found = auditor.query(statement, &[]).await.unwrap();
        assert_eq!(found.len(), 0, "{name}: {found:?}");
    }
    // Without the word, the price that the third still keeps is one that nobody accounts for.
    let unsaid =
        "update events set payload = (payload::jsonb - 'refund_waits')::json where type = 'job.cancelled'";
    tamper(&bench, unsaid).await;
    assert_eq!(auditor.query(check("job books"), &[]).await.unwrap().len(), 1);
}

/// Cancels that kept something, of both kinds of price, with refunds before and after them and another run.
#[tokio::test]
async fn what_late_cancels_kept_is_accounted_for() {
    let bench = support::bench().await;
    let alice = support::user("alice");
    bench.grant(&alice, "100").await;
    let metered = Price::PerSecond { rate: support::credits("2"), most: support::credits("10") };
    let mut jobs = Vec::new();
    for price in [Price::Fixed(support::credits("8")), metered] {
        let (job, command) = support::queue_under(&alice, price, "25%".parse().unwrap());
        let _ = bench.ledger.execute(command).await.unwrap();
        jobs.push(job);
        for _ in 0..2 {
            let fencing = bench.started(&alice, job).await;
            bench.job(&alice, job, support::submit(fencing)).await.unwrap();
            if price != metered {
                bench.job(&alice, job, support::refund(Some("1"))).await.unwrap();
            }
            let cancel = support::by_user(&alice, job, JobCommand::CancelByUser { max_kept: None });
            let _ = bench.ledger.execute(cancel).await.unwrap();
            bench.job(&alice, job, support::refund(Some("0.5"))).await.unwrap();
            bench.job(&alice, job, JobCommand::Rerun).await.unwrap();
        }
    }
    // Of the first job all that it costs by now, its last run and what both cancels have left.
    bench.job(&alice, jobs[0], support::refund(None)).await.unwrap();
    let auditor = bench.database.connect(ledger::Role::Reader).await.unwrap();
    for (name, statement) in CHECKS.iter().zip(documented()) {
        let found = auditor.query(statement, &[]).await.unwrap();
        assert_eq!(found.len(), 0, "{name}: {found:?}");
    }
    assert_eq!(bench.breaches().await, Vec::<String>::new());
    // What a cancel is said to have kept must be what was kept.
    let more = r#"update events set payload = replace(payload::text, '"2.5"', '"3.5"')::json
        where type = 'job.cancelled' and payload ->> 'kept' = '2.5'"#;
    tamper(&bench, more).await;
    assert_eq!(auditor.query(check("job books"), &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn each_statement_finds_what_it_is_for() {
    let payload = |of: &str, what: &str, by: &str| {
        format!(
            "update events set payload = regexp_replace(payload::text, '{what}', '{by}')::json where {of}"
        )
    };
    for (name, statement) in [
        ("chain", "update events set actor = 'user:mallory' where type = 'job.started'".to_owned()),
        ("chain", "delete from events where type = 'job.started'".to_owned()),
        (
            "balances",
            "update events set balance_after = 97 where type = 'credits.debited' and version = 2".to_owned(),
        ),
        ("columns", "update events set job_id = gen_random_uuid() where type = 'credits.held'".to_owned()),
        ("columns", "update events set job_id = gen_random_uuid() where type = 'job.queued'".to_owned()),
        ("lots", payload("type = 'credits.debited'", r#""lot":\d+"#, r#""lot":77"#)),
        ("lots", payload("type = 'credits.refunded'", r#"("to":\[\{"lot":\d+,"amount":")"#, r"\19")),
        ("lots", payload("type = 'credits.expired'", r#""lot":\d+"#, r#""lot":77"#)),
        ("lots", payload("type = 'credits.voided'", r#""lot":\d+"#, r#""lot":77"#)),
        (
            "lots",
            "update events set state = (state::jsonb - ''lots'')::json where version = 6".replace("''", "'"),
        ),
        ("lots", "delete from events where type = 'credits.expired'".to_owned()),
        ("holds", payload("type = 'credits.captured'", r#""amount":"(\d)"#, r#""amount":"9\1"#)),
        ("holds", payload("type = 'credits.released'", r#""hold":\d+"#, r#""hold":1"#)),
        ("holds", "delete from events where type = 'credits.released'".to_owned()),
        ("holds", "delete from events where type = 'credits.held' and job_id is null".to_owned()),
        (
            "job books",
            "delete from events where type = 'credits.refunded' and payload ->> 'reason' = 'goodwill'"
                .to_owned(),
        ),
        ("job books", "delete from events where type = 'job.refunded'".to_owned()),
        ("job books", "delete from events where type = 'job.cancelled'".to_owned()),
        ("job books", "delete from events where type = 'job.queued'".to_owned()),
        ("job books", "delete from events where type = 'job.succeeded'".to_owned()),
        ("job books", "delete from events where type = 'credits.captured' and job_id is not null".to_owned()),
        ("job books", payload("type = 'job.succeeded'", r#""charged":"\d"#, r#""charged":"9"#)),
        ("keys", "update events set idempotency_key = 'twice' where type = 'credits.granted'".to_owned()),
    ] {
        finds(name, &statement).await;
    }
}

/// For every credit event there is, a changed amount column is found.
#[tokio::test]
async fn the_columns_of_every_event_are_compared_with_its_payload() {
    let credit_events = support::told::ALL_EVENTS.into_iter().filter(|name| name.starts_with("credits."));
    for name in credit_events {
        finds("columns", &format!("update events set amount = amount + 1 where type = '{name}'")).await;
    }
    for name in support::told::ALL_EVENTS {
        let kind = name.split('.').next().unwrap();
        finds("columns", &format!("update events set type = '{kind}.renamed' where type = '{name}'")).await;
    }
}

async fn finds(name: &str, statement: &str) {
    let bench = told().await;
    let unique = "drop index events_idempotency_key";
    bench.owner().await.batch_execute(unique).await.unwrap();
    tamper(&bench, statement).await;
    let auditor = bench.database.connect(ledger::Role::Reader).await.unwrap();
    let found = auditor.query(check(name), &[]).await.unwrap();
    assert!(!found.is_empty(), "{statement} is not found by the statement about {name}");
}
