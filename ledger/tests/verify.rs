//! `verify` names every way in which a log can be wrong.

mod support;

use ledger::job::{FailureClass, JobCommand};
use support::{Bench, bench, credits, fail, user};

/// A log with every kind of story in it.
async fn told() -> Bench {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "100").await;
    let failed = bench.queued(&alice, "4").await;
    let fencing = bench.started(&alice, failed).await;
    bench.job(&alice, failed, fail(fencing, FailureClass::Permanent)).await.unwrap();
    let cancelled = bench.queued(&alice, "3").await;
    bench.job(&alice, cancelled, JobCommand::Cancel).await.unwrap();
    let running = bench.queued(&alice, "2").await;
    bench.started(&alice, running).await;
    bench.grant(&user("bob"), "5").await;
    assert_eq!(bench.balance(&alice).await, credits("98"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
    bench
}

/// Changes the log as only the owner of the database can, past its triggers and constraints.
async fn tamper(bench: &Bench, statement: &str) {
    let owner = bench.owner().await;
    let script = format!(
        "set session_replication_role = replica;
         alter table events drop constraint if exists events_balance_not_negative;
         {statement}"
    );
    owner.batch_execute(&script).await.unwrap();
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_and_named() {
    let debit = "type = 'credits.debited' and version = 2";
    for (statement, invariant) in [
        (format!("update events set amount = -3 where {debit}"), "columns"),
        (format!("update events set balance_after = 97 where {debit}"), "conservation"),
        (format!("update events set actor = 'user:mallory' where {debit}"), "chain"),
        (format!("update events set occurred_at = occurred_at + '1 microsecond' where {debit}"), "chain"),
        (format!("update events set state = '{{\"user\":\"alice\",\"balance\":\"9000\"}}' where {debit}"), "state"),
        (format!("update events set payload = '{{}}' where {debit}"), "readable"),
        (format!("update events set event_id = gen_random_uuid() where {debit}"), "chain"),
        (format!("delete from events where {debit}"), "order"),
        ("delete from events where type = 'credits.refunded' and version = 5".into(), "job books"),
        ("delete from events where type = 'job.cancelled'".into(), "job books"),
        ("update events set version = version + 10 where version = 1 and type = 'job.queued'".into(), "order"),
        (
            "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, \
             balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash) \
             select account_id, stream_id, version + 1, gen_random_uuid(), type, 1, 900, balance_after + 900, \
             '{\"type\":\"credits.granted\",\"user\":\"bob\",\"amount\":\"900\",\"reason\":\"mine\"}', \
             '{\"user\":\"bob\",\"balance\":\"905\"}', actor, request_id, occurred_at, hash, hash from events \
             where type = 'credits.granted' and amount = 5"
                .into(),
            "chain",
        ),
    ] {
        let bench = told().await;
        tamper(&bench, &statement).await;
        let breaches = bench.breaches().await;
        assert!(breaches.iter().any(|breach| breach.starts_with(invariant)), "{statement}\n{breaches:#?}");
    }
}

#[tokio::test]
async fn one_account_can_be_verified_alone() {
    let bench = told().await;
    let client = bench.owner().await;
    let proof = ledger::verify::account_breaches(&client, user("alice").account()).await.unwrap();
    assert_eq!((proof.streams, proof.version, proof.breaches.len()), (4, 6, 0));
    let head: String = client
        .query_one(
            "select encode(hash, 'hex') from events where stream_id = $1 and version = 6",
            &[&user("alice").account().0],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(proof.head_hash, head);
    tamper(&bench, "update events set actor = 'x' where type = 'job.started'").await;
    let proof = ledger::verify::account_breaches(&client, user("alice").account()).await.unwrap();
    assert!(proof.breaches.iter().all(|breach| breach.invariant == "chain"));
    assert_eq!(proof.breaches.len(), 2);
    let other = ledger::verify::account_breaches(&client, user("bob").account()).await.unwrap();
    assert_eq!(other.breaches, vec![]);
}

/// The statements of `docs/audit.md` that answer nothing on a log that is right: chain, balances, columns, job
/// books and keys.
fn documented_checks() -> Vec<&'static str> {
    let page = include_str!("../../docs/audit.md");
    // The statements about seals have tests of their own.
    let page = page.split("## Sealed blocks").next().unwrap();
    let statements: Vec<&str> =
        page.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(statements.len(), 8, "the page gained or lost a statement: say here which are checks");
    statements[1..6].to_vec()
}

#[tokio::test]
async fn an_auditor_finds_the_same_with_the_documented_sql_alone() {
    let bench = told().await;
    let auditor = bench.database.connect(ledger::Role::Reader).await.unwrap();
    for statement in documented_checks() {
        assert_eq!(auditor.query(statement, &[]).await.unwrap().len(), 0, "{statement}");
    }
    for (check, statement) in [
        (0, "update events set actor = 'user:mallory' where type = 'job.started'"),
        (1, "update events set balance_after = 97 where type = 'credits.debited' and version = 2"),
        (2, "update events set amount = -3 where type = 'credits.debited' and version = 2"),
        (3, "delete from events where type = 'credits.refunded'"),
    ] {
        let bench = told().await;
        tamper(&bench, statement).await;
        let auditor = bench.database.connect(ledger::Role::Reader).await.unwrap();
        let found = auditor.query(documented_checks()[check], &[]).await.unwrap();
        assert!(!found.is_empty(), "{statement} is not found by check {check}");
    }
}
